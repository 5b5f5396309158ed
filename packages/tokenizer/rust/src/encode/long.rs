//! Merges of a long piece: a linked list, and a tree over the ranks in which each node has the lowest of those under it.
//!
//! The leaves of one block are merged from left to right in one visit, so that repeats cost little for each byte.

// Places of a piece that has at most 4 GiB.
#![allow(clippy::cast_possible_truncation)]

use super::Stop;
use super::ranks::{NONE, Pair, Ranks};
use crate::error::{Error, ErrorKind, Result};
use crate::vocabulary::TokenId;

/// So many nodes are under one.
const WIDTH: usize = 16;

/// Between two looks at whether it is to stop, so many blocks are visited.
const PATIENCE: u32 = 4096;

/// Room for the work, kept from piece to piece.
#[derive(Debug, Default)]
pub(super) struct Long {
    /// The place of the next, and of the one before. Places are those of first bytes.
    next: Vec<u32>,
    before: Vec<u32>,
    /// The first are the ranks of each with its right neighbour; above them the lowest of each block, up to one block.
    levels: Vec<Vec<u32>>,
}

impl Long {
    /// As `short::merge`, for pieces of any length.
    pub(super) fn merge<R: Ranks>(
        &mut self,
        ranks: &R,
        piece: &[u8],
        limit: u32,
        ids: &mut Vec<TokenId>,
        stop: Stop<'_>,
    ) -> Result<()> {
        let len = piece.len();
        let Ok(end) = u32::try_from(len) else {
            return Err(Error::new(
                ErrorKind::Setting,
                format!("one piece of the text has {len} bytes, of 4 GiB at most"),
            )
            .help("use a pattern that cuts the text into smaller pieces"));
        };
        self.next.clear();
        self.next.extend(1..=end);
        self.before.clear();
        self.before.extend(0..end);
        self.before
            .iter_mut()
            .for_each(|at| *at = at.wrapping_sub(1));
        self.plant(ranks, piece);
        let mut patience = PATIENCE;
        while let Some((lowest, block)) = self.lowest(limit) {
            self.visit(ranks, piece, ids, lowest, block);
            patience -= 1;
            if patience == 0 {
                patience = PATIENCE;
                if stop() {
                    return Err(super::interrupted());
                }
            }
        }
        let mut at = 0;
        let mut kept = 0;
        while at < len {
            ids[kept] = ids[at];
            kept += 1;
            at = self.next[at] as usize;
        }
        ids.truncate(kept);
        Ok(())
    }

    /// Looks up the first ranks and builds the tree over them.
    fn plant<R: Ranks>(&mut self, ranks: &R, piece: &[u8]) {
        let len = piece.len();
        let mut level = 0;
        let mut width = len.next_multiple_of(WIDTH);
        if self.levels.is_empty() {
            self.levels.push(Vec::new());
        }
        let leaves = &mut self.levels[0];
        leaves.clear();
        let pairs = piece.windows(2);
        leaves.extend(pairs.map(|pair| ranks.of_bytes(pair[0], pair[1])));
        leaves.resize(width, NONE);
        while width > WIDTH {
            let (lower, upper) = self.levels.split_at_mut(level + 1);
            let mut mins = upper.first_mut().map(std::mem::take).unwrap_or_default();
            mins.clear();
            mins.extend(lower[level].chunks_exact(WIDTH).map(min));
            width = mins.len().next_multiple_of(WIDTH);
            mins.resize(width, NONE);
            level += 1;
            if level < self.levels.len() {
                self.levels[level] = mins;
            } else {
                self.levels.push(mins);
            }
        }
        self.levels.truncate(level + 1);
    }

    /// The lowest rank, and the first block of leaves that has it.
    fn lowest(&self, limit: u32) -> Option<(u32, usize)> {
        let (top, lower) = self.levels.split_last()?;
        let lowest = min(top);
        if lowest >= limit {
            return None;
        }
        let mut block = 0;
        for level in std::iter::once(top)
            .chain(lower.iter().rev())
            .take(self.levels.len() - 1)
        {
            let nodes = &level[block * WIDTH..(block + 1) * WIDTH];
            block = block * WIDTH + nodes.iter().position(|rank| *rank == lowest)?;
        }
        Some((lowest, block))
    }

    /// Merges those of one block that have the rank, from left to right, as long as there is no lower one.
    fn visit<R: Ranks>(
        &mut self,
        ranks: &R,
        piece: &[u8],
        ids: &mut [TokenId],
        lowest: u32,
        block: usize,
    ) {
        let places = block * WIDTH..((block + 1) * WIDTH).min(piece.len());
        let id = ranks.id(lowest);
        for at in places {
            if self.levels[0][at] != lowest {
                continue;
            }
            let right = self.next[at] as usize;
            let after = self.next[right] as usize;
            ids[at] = id;
            self.next[at] = after as u32;
            self.set(right, NONE, block);
            let mut lower = NONE;
            if after < piece.len() {
                self.before[after] = at as u32;
                let pair = Pair {
                    start: at,
                    end: self.next[after] as usize,
                    left: id,
                    right: ids[after],
                };
                let rank = ranks.rank(piece, pair);
                self.levels[0][at] = rank;
                lower = lower.min(rank);
            } else {
                self.levels[0][at] = NONE;
            }
            let before = self.before[at] as usize;
            if at > 0 {
                let pair = Pair {
                    start: before,
                    end: after,
                    left: ids[before],
                    right: id,
                };
                let rank = ranks.rank(piece, pair);
                self.set(before, rank, block);
                lower = lower.min(rank);
            }
            if lower < lowest {
                break;
            }
        }
        self.rise(block);
    }

    /// Sets the rank of a place; what is above it too, unless it is in the block that is being visited.
    #[inline]
    fn set(&mut self, at: usize, rank: u32, visited: usize) {
        self.levels[0][at] = rank;
        if at / WIDTH != visited {
            self.rise(at / WIDTH);
        }
    }

    /// Sets what is above a block.
    fn rise(&mut self, mut block: usize) {
        for level in 1..self.levels.len() {
            let (lower, upper) = self.levels.split_at_mut(level);
            let lowest = min(&lower[level - 1][block * WIDTH..(block + 1) * WIDTH]);
            let above = &mut upper[0][block];
            if *above == lowest {
                return;
            }
            *above = lowest;
            block /= WIDTH;
        }
    }
}

#[inline]
fn min(ranks: &[u32]) -> u32 {
    ranks.iter().copied().fold(NONE, u32::min)
}
