//! The merging: the most frequent pair becomes a token, again and again.
//!
//! A pair that is made has all its places at once, for one of its tokens is new; from then on it only loses some. So its
//! places are a flat list, its first count is an upper bound, and no count is ever kept up to date: a pair that comes
//! first is counted again, and goes back where it has become rarer.

use std::cmp::Reverse;

use super::cells::Cells;
use super::queue::Queue;
use super::table::Look;
use crate::error::Result;
use crate::merges::Merges;
use crate::vocabulary::{TokenId, Vocabulary};

/// After about so much work it is looked whether to stop.
const WORK: usize = 1 << 18;

/// A pair and the cells where it was when it was made, ascending.
struct Pair {
    start: u32,
    len: u32,
    /// In which list.
    list: u32,
}

/// Merges pairs until there are `most` tokens, or none is left that occurs `least` times. `report` hears how many
/// tokens there are, and can end it.
pub(super) fn merge(
    cells: &mut Cells,
    most: usize,
    least: u64,
    mut report: impl FnMut(usize) -> Result<()>,
) -> Result<(Vocabulary, Merges)> {
    let mut vocabulary = Vocabulary::of_bytes();
    let mut merges = Merges::none();
    let mut pairs = Pairs::of_bytes(cells, least.max(1), &mut || report(vocabulary.end()))?;
    let mut work = 0;
    while vocabulary.end() < most
        && let Some((count, Reverse(pair), number)) = pairs.queue.pop()
    {
        let (now, looked) = pairs.recount(number, pair, cells);
        work += looked;
        if now == count {
            let bytes = [pair.0, pair.1].map(|id| vocabulary.bytes(id).unwrap_or_default());
            let bytes = bytes.concat();
            let next = TokenId::try_from(vocabulary.end()).unwrap_or(TokenId::MAX);
            let known = vocabulary.append(next, &bytes);
            if known.is_none() {
                cells.add_token(u32::try_from(bytes.len()).unwrap_or(u32::MAX));
            }
            let token = known.unwrap_or(next);
            merges.append(pair, token);
            pairs.merge(number, pair, token, known.is_some(), cells);
        } else if now >= pairs.least {
            pairs.queue.push(now, pair, number);
        } else {
            pairs.forget(number);
        }
        if work >= WORK {
            work = 0;
            report(vocabulary.end())?;
        }
    }
    report(vocabulary.end())?;
    Ok((vocabulary, merges))
}

/// All pairs there are.
struct Pairs {
    queue: Queue,
    all: Vec<Pair>,
    names: Vec<(TokenId, TokenId)>,
    /// The places of the pairs that one token brought.
    lists: Vec<Vec<u32>>,
    /// Rarer ones are of no use.
    least: u64,
    scratch: Scratch,
}

/// What is used at each merge again.
#[derive(Default)]
struct Scratch {
    merged: Vec<u32>,
    left: Neighbours,
    right: Neighbours,
}

impl Pairs {
    /// The pairs of single bytes.
    fn of_bytes(cells: &Cells, least: u64, look: Look<'_>) -> Result<Self> {
        let mut each = |take: &mut dyn FnMut(usize, u32)| {
            let end = u32::try_from(cells.len()).unwrap_or(u32::MAX);
            let mut before = None;
            for at in 0..end {
                let token = cells.token(at);
                if let (Some(left), Some(right)) = (before, token) {
                    take((left << 8 | right) as usize, at - 1);
                }
                before = token;
                if (at as usize).is_multiple_of(WORK) {
                    look()?;
                }
            }
            Ok(())
        };
        let mut lens = vec![0_u32; 1 << 16];
        let mut counts = vec![0_u64; 1 << 16];
        each(&mut |pair, at| {
            lens[pair] += 1;
            counts[pair] += cells.weight(at);
        })?;
        let mut ends: Vec<u32> = Vec::with_capacity(1 << 16);
        let mut total = 0;
        for len in &lens {
            ends.push(total);
            total += len;
        }
        let mut places = vec![0; total as usize];
        each(&mut |pair, at| {
            places[ends[pair] as usize] = at;
            ends[pair] += 1;
        })?;
        let mut pairs = Self {
            queue: Queue::default(),
            all: Vec::new(),
            names: Vec::new(),
            lists: vec![places],
            least,
            scratch: Scratch::default(),
        };
        let mut entries = Vec::new();
        for (pair, (len, count)) in (0_u32..).zip(lens.into_iter().zip(counts)) {
            if count < least {
                continue;
            }
            let name = (pair >> 8, pair & 0xff);
            let number = pairs.add(name, ends[pair as usize] - len, len, 0);
            entries.push((count, Reverse(name), number));
        }
        pairs.queue = Queue::with_all(entries);
        Ok(pairs)
    }

    fn add(&mut self, name: (TokenId, TokenId), start: u32, len: u32, list: u32) -> u32 {
        let number = u32::try_from(self.all.len()).unwrap_or(u32::MAX);
        self.all.push(Pair { start, len, list });
        self.names.push(name);
        number
    }

    fn forget(&mut self, number: u32) {
        self.all[number as usize].len = 0;
    }

    /// How often the pair occurs now, and how many places were looked at for it. Places where it is no more are forgotten.
    fn recount(&mut self, number: u32, name: (TokenId, TokenId), cells: &Cells) -> (u64, usize) {
        let pair = &mut self.all[number as usize];
        let start = pair.start as usize;
        let places = &mut self.lists[pair.list as usize][start..start + pair.len as usize];
        let mut kept = 0;
        let mut count = 0;
        for look in 0..places.len() {
            let at = places[look];
            if cells.pair(at, name).is_some() {
                count += cells.weight(at);
                places[kept] = at;
                kept += 1;
            }
        }
        let looked = places.len();
        pair.len = u32::try_from(kept).unwrap_or(u32::MAX);
        (count, looked)
    }

    /// Puts the token in the pair's places, and adds the pairs that it is part of now.
    fn merge(
        &mut self,
        number: u32,
        name: (TokenId, TokenId),
        token: TokenId,
        is_known: bool,
        cells: &mut Cells,
    ) {
        let mut scratch = std::mem::take(&mut self.scratch);
        let pair = &mut self.all[number as usize];
        let start = pair.start as usize;
        let places = &self.lists[pair.list as usize][start..start + pair.len as usize];
        pair.len = 0;
        scratch.merged.clear();
        for at in places {
            // Of overlapping ones the first is merged, and the next is no pair any more.
            if let Some(next) = cells.pair(*at, name) {
                cells.merge(*at, next, token);
                scratch.merged.push(*at);
            }
        }
        if is_known {
            self.renew(token, cells);
            self.scratch = scratch;
            return;
        }
        // When all are merged, so that neighbours are what they stay.
        for at in &scratch.merged {
            let weight = cells.weight(*at);
            if let Some((before, left)) = cells.before(*at)
                && left != token
            {
                scratch.left.count(left, before, weight);
            }
            if let Some((_, right)) = cells.after(*at, token) {
                scratch.right.count(right, *at, weight);
            }
        }
        let list = u32::try_from(self.lists.len()).unwrap_or(u32::MAX);
        let least = self.least;
        let mut places = Vec::new();
        let mut made = |name, (start, len), count| {
            let number = self.add(name, start, len, list);
            self.queue.push(count, name, number);
        };
        scratch.left.drain(least, &mut places, |id, range, count| {
            made((id, token), range, count);
        });
        scratch.right.drain(least, &mut places, |id, range, count| {
            made((token, id), range, count);
        });
        places.shrink_to_fit();
        self.lists.push(places);
        self.scratch = scratch;
    }

    /// A token that two pairs make has pairs that were there already, and gained places: all of its pairs are made anew.
    /// Hardly ever needed.
    #[cold]
    fn renew(&mut self, token: TokenId, cells: &Cells) {
        for (pair, (left, right)) in self.all.iter_mut().zip(&self.names) {
            if *left == token || *right == token {
                // Its entry in the queue finds nothing, and goes.
                pair.len = 0;
            }
        }
        let end = u32::try_from(cells.len()).unwrap_or(u32::MAX);
        let mut found = Vec::new();
        for at in 0..end {
            if let Some(left) = cells.token(at)
                && let Some((_, right)) = cells.after(at, left)
                && (left == token || right == token)
            {
                found.push(((left, right), at));
            }
        }
        found.sort_unstable();
        let list = u32::try_from(self.lists.len()).unwrap_or(u32::MAX);
        let mut start = 0;
        for group in found.chunk_by(|one, other| one.0 == other.0) {
            let len = u32::try_from(group.len()).unwrap_or(u32::MAX);
            let count = group.iter().map(|(_, at)| cells.weight(*at)).sum();
            let name = group[0].0;
            let number = self.add(name, start, len, list);
            self.queue.push(count, name, number);
            start += len;
        }
        self.lists
            .push(found.into_iter().map(|(_, at)| at).collect());
    }
}

/// The tokens on one side of a new one: where, and how often.
#[derive(Default)]
struct Neighbours {
    /// In the order in which they are met.
    met: Vec<(TokenId, u32)>,
    /// By token: places, then where its places end; how often.
    of: Vec<(u32, u64)>,
    /// Each once.
    distinct: Vec<TokenId>,
}

impl Neighbours {
    #[inline]
    fn count(&mut self, token: TokenId, at: u32, weight: u64) {
        if self.of.len() <= token as usize {
            self.of.resize(token as usize + 1, (0, 0));
        }
        let (places, count) = &mut self.of[token as usize];
        if *places == 0 {
            self.distinct.push(token);
        }
        *places += 1;
        *count += weight;
        self.met.push((token, at));
    }

    /// Gives each neighbour, with its range of the places, and how often it is one; and is empty.
    fn drain(
        &mut self,
        least: u64,
        places: &mut Vec<u32>,
        mut take: impl FnMut(TokenId, (u32, u32), u64),
    ) {
        let mut end = places.len();
        for token in &self.distinct {
            let (len, count) = &mut self.of[*token as usize];
            if *count < least {
                // No place for it.
                *len = u32::MAX;
                continue;
            }
            let start = u32::try_from(end).unwrap_or(u32::MAX);
            end += *len as usize;
            take(*token, (start, *len), *count);
            *len = start;
        }
        places.resize(end, 0);
        for (token, at) in self.met.drain(..) {
            let (place, _) = &mut self.of[token as usize];
            if *place != u32::MAX {
                places[*place as usize] = at;
                *place += 1;
            }
        }
        for token in self.distinct.drain(..) {
            self.of[token as usize] = (0, 0);
        }
    }
}
