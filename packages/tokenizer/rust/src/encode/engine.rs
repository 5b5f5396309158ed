//! Pieces to ids: a piece that is a token is found in the vocabulary, others in the cache or by merging.
//!
//! Pieces are collected, so that the memory that several of them need is fetched at once.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU8, Ordering};

use super::cache::Cache;
use super::long::Long;
use super::ranks::{AnyRanks, Ranks, Tables};
use super::{Stop, interrupted};
use crate::error::Result;
use crate::merges::Merges;
use crate::pattern::Pattern;
use crate::table::{Key, TokenTable};
use crate::vocabulary::{TokenId, Vocabulary};

/// So many pieces are collected.
const AT_ONCE: usize = 32;

/// After so many bytes it is asked whether to stop.
const PATIENCE: usize = 1 << 16;

/// So many workplaces are kept.
const KEPT: usize = 64;

/// What is computed of a vocabulary and its merges when something is encoded first.
pub(crate) struct Engine {
    tables: Tables,
    /// Whether a token is what its bytes are merged to, by id, as far as that was asked; none where it does not matter.
    themselves: Vec<AtomicU8>,
    #[allow(clippy::vec_box)] // They are moved while a lock is held.
    idle: Mutex<Vec<Box<Work>>>,
}

const UNKNOWN: u8 = 0;
const ITSELF: u8 = 1;
const OTHERS: u8 = 2;

/// What one thread works with.
#[derive(Default)]
struct Work {
    cache: Cache,
    long: Long,
    ids: Vec<TokenId>,
    touched: u64,
}

/// Where ids go.
pub(super) trait Sink {
    fn reserve(&mut self, more: usize);
    fn one(&mut self, id: TokenId);
    fn many(&mut self, ids: &[TokenId]);
}

impl Sink for Vec<TokenId> {
    #[inline]
    fn reserve(&mut self, more: usize) {
        Vec::reserve(self, more);
    }

    #[inline]
    fn one(&mut self, id: TokenId) {
        self.push(id);
    }

    #[inline]
    fn many(&mut self, ids: &[TokenId]) {
        self.extend_from_slice(ids);
    }
}

/// Counts them.
impl Sink for usize {
    #[inline]
    fn reserve(&mut self, _: usize) {}

    #[inline]
    fn one(&mut self, _: TokenId) {
        *self += 1;
    }

    #[inline]
    fn many(&mut self, ids: &[TokenId]) {
        *self += ids.len();
    }
}

impl Engine {
    pub(crate) fn new(vocabulary: &Vocabulary, merges: &Merges) -> Self {
        let mut themselves = Vec::new();
        if !merges.whole_pieces() {
            themselves.resize_with(vocabulary.end(), || AtomicU8::new(UNKNOWN));
        }
        Self {
            tables: Tables::new(vocabulary, merges),
            themselves,
            idle: Mutex::default(),
        }
    }

    /// The ids of a text in which nothing is special.
    pub(super) fn encode<S: Sink>(
        &self,
        parts: (&Pattern, &Vocabulary, &Merges),
        text: &[u8],
        sink: &mut S,
        stop: Stop<'_>,
    ) -> Result<()> {
        if text.is_empty() {
            return Ok(());
        }
        let (pattern, vocabulary, merges) = parts;
        let idle = self.idle.lock().ok().and_then(|mut idle| idle.pop());
        let mut work = idle.unwrap_or_default();
        let result = match AnyRanks::new(vocabulary, merges, &self.tables) {
            AnyRanks::Listed(ranks) => {
                Run::new(self, &ranks, vocabulary, text, &mut work, sink, stop).all(pattern)
            }
            AnyRanks::ByRank(ranks) => {
                Run::new(self, &ranks, vocabulary, text, &mut work, sink, stop).all(pattern)
            }
        };
        if let Ok(mut idle) = self.idle.lock()
            && idle.len() < KEPT
        {
            idle.push(work);
        }
        result
    }
}

/// One text.
struct Run<'a, R, S> {
    engine: &'a Engine,
    ranks: &'a R,
    vocabulary: &'a Vocabulary,
    table: &'a TokenTable,
    text: &'a [u8],
    work: &'a mut Work,
    sink: &'a mut S,
    stop: Stop<'a>,
    /// Where the pieces end that were collected, and where the first begins.
    ends: [usize; AT_ONCE],
    start: usize,
    keys: [Key; AT_ONCE],
    places: [usize; AT_ONCE],
    collected: usize,
    patience: usize,
}

impl<'a, R: Ranks, S: Sink> Run<'a, R, S> {
    fn new(
        engine: &'a Engine,
        ranks: &'a R,
        vocabulary: &'a Vocabulary,
        text: &'a [u8],
        work: &'a mut Work,
        sink: &'a mut S,
        stop: Stop<'a>,
    ) -> Self {
        Self {
            engine,
            ranks,
            vocabulary,
            table: vocabulary.table(),
            text,
            work,
            sink,
            stop,
            ends: [0; AT_ONCE],
            start: 0,
            keys: [Key::default(); AT_ONCE],
            places: [0; AT_ONCE],
            collected: 0,
            patience: PATIENCE,
        }
    }

    fn all(mut self, pattern: &Pattern) -> Result<()> {
        let mut at = 0;
        pattern.for_each_piece(self.text, |piece| {
            let key = if piece.len() <= Key::WHOLE {
                Key::within(self.text, at, piece.len())
            } else {
                Key::new(piece)
            };
            at += piece.len();
            self.keys[self.collected] = key;
            self.places[self.collected] = self.table.place_of(key.hash());
            self.ends[self.collected] = at;
            self.collected += 1;
            if self.collected == AT_ONCE {
                return self.flush();
            }
            Ok(())
        })?;
        self.flush()
    }

    /// Gives the ids of what was collected.
    fn flush(&mut self) -> Result<()> {
        let collected = std::mem::take(&mut self.collected);
        self.sink.reserve(collected);
        if collected == AT_ONCE {
            // None of these loads waits for another.
            let touched = self.places.iter().map(|place| self.table.touch(*place));
            self.work.touched ^= touched.fold(0, |all, one| all ^ one);
        }
        let begin = self.start;
        let mut start = begin;
        let mut found = [None; AT_ONCE];
        let mut touched = 0;
        let keys = self.keys;
        let ends = self.ends;
        let all = keys.iter().zip(&ends).take(collected);
        for ((found, (key, end)), place) in found.iter_mut().zip(all.clone()).zip(&self.places) {
            let piece = &self.text[start..*end];
            start = *end;
            let same = |id| self.vocabulary.bytes(id) == Some(piece);
            *found = self.table.get_from(*place, *key, same);
            if found.is_none() {
                touched ^= self.work.cache.touch(*key, key.hash());
            }
        }
        self.work.touched ^= touched;
        for (found, (key, end)) in found.iter().zip(all) {
            let piece = &self.text[self.start..*end];
            self.start = *end;
            match *found {
                Some(id) if self.is_itself(id, piece)? => self.sink.one(id),
                _ => self.others(*key, piece)?,
            }
        }
        self.be_patient(self.start - begin)
    }

    #[inline]
    fn is_itself(&mut self, id: TokenId, piece: &[u8]) -> Result<bool> {
        let Some(known) = self.engine.themselves.get(id as usize) else {
            return Ok(true);
        };
        match known.load(Ordering::Relaxed) {
            UNKNOWN => {
                self.merge(piece)?;
                let itself = self.work.ids == [id];
                let known_now = if itself { ITSELF } else { OTHERS };
                known.store(known_now, Ordering::Relaxed);
                Ok(itself)
            }
            known => Ok(known == ITSELF),
        }
    }

    /// A piece that is not one token.
    fn others(&mut self, key: Key, piece: &[u8]) -> Result<()> {
        let sink = &mut *self.sink;
        let hash = key.hash();
        let take = |id| sink.one(id);
        if piece.len() <= Cache::LONGEST && self.work.cache.get(key, hash, piece, take) {
            return Ok(());
        }
        self.merge(piece)?;
        self.sink.many(&self.work.ids);
        if piece.len() <= Cache::LONGEST {
            self.work.cache.put(key, hash, piece, &self.work.ids);
        }
        Ok(())
    }

    /// Puts what a piece is merged to into `work.ids`.
    fn merge(&mut self, piece: &[u8]) -> Result<()> {
        let Work { ids, long, .. } = &mut *self.work;
        ids.clear();
        ids.extend(
            piece
                .iter()
                .map(|byte| self.engine.tables.bytes[usize::from(*byte)]),
        );
        super::merge(self.ranks, piece, super::ranks::NONE, ids, long, self.stop)
    }

    #[inline]
    fn be_patient(&mut self, done: usize) -> Result<()> {
        if done < self.patience {
            self.patience -= done;
            return Ok(());
        }
        self.patience = PATIENCE;
        if (self.stop)() {
            Err(interrupted())
        } else {
            Ok(())
        }
    }
}
