//! The distinct pieces of a corpus, laid out for merging: a cell for each byte, one after the other.
//!
//! A token that spans several cells has its id in the first, and its length in the last, marked. Cells between are marked
//! too. So both neighbours of a token are found without any other table, and a cell tells whether a token starts there.
//! Pieces that occur equally often lie together, and begin a block of their own: a cell's weight is that of its block.

use crate::vocabulary::TokenId;

/// Set in cells where no token starts.
const MARK: u32 = 1 << 31;
/// Between pieces.
const BORDER: u32 = u32::MAX;
/// 64 cells have one weight.
const BLOCK: usize = 6;

/// All pieces, as far as they are merged.
pub(super) struct Cells {
    of_bytes: Vec<u32>,
    /// By block.
    weights: Vec<u64>,
    /// Of each token, by its id, in bytes.
    lengths: Vec<u32>,
}

impl Cells {
    /// Room for pieces of so many bytes in all.
    pub(super) fn with_capacity(bytes: usize, pieces: usize) -> Self {
        let mut cells = Vec::with_capacity(bytes + pieces + pieces / 16 + 2);
        cells.push(BORDER);
        Self {
            of_bytes: cells,
            weights: Vec::new(),
            lengths: vec![1; 256],
        }
    }

    /// Adds a piece. Those of one weight come one after the other.
    pub(super) fn push(&mut self, piece: &[u8], weight: u64) {
        let blocks = self.of_bytes.len().div_ceil(1 << BLOCK);
        if self.weights.last() != Some(&weight) {
            self.of_bytes.resize(blocks << BLOCK, BORDER);
            self.weights.resize(blocks, 0);
        }
        self.of_bytes
            .extend(piece.iter().map(|byte| u32::from(*byte)));
        self.of_bytes.push(BORDER);
        let blocks = self.of_bytes.len().div_ceil(1 << BLOCK);
        self.weights.resize(blocks, weight);
    }

    /// How many cells there are.
    pub(super) fn len(&self) -> usize {
        self.of_bytes.len()
    }

    /// Makes a token known whose id is the next.
    pub(super) fn add_token(&mut self, length: u32) {
        self.lengths.push(length);
    }

    /// How often the piece occurs that the cell is of.
    #[inline]
    pub(super) fn weight(&self, at: u32) -> u64 {
        self.weights[at as usize >> BLOCK]
    }

    /// The token that starts at the cell, if one does.
    #[inline]
    pub(super) fn token(&self, at: u32) -> Option<TokenId> {
        let cell = self.of_bytes[at as usize];
        (cell & MARK == 0).then_some(cell)
    }

    /// The token after the one at `at`, and where it starts.
    #[inline]
    pub(super) fn after(&self, at: u32, token: TokenId) -> Option<(u32, TokenId)> {
        let next = at + self.lengths[token as usize];
        Some((next, self.token(next)?))
    }

    /// The token before the one at `at`, and where it starts.
    #[inline]
    pub(super) fn before(&self, at: u32) -> Option<(u32, TokenId)> {
        let cell = self.of_bytes[at as usize - 1];
        if cell == BORDER {
            return None;
        }
        let start = if cell & MARK == 0 {
            at - 1
        } else {
            at - (cell & !MARK)
        };
        Some((start, self.of_bytes[start as usize]))
    }

    /// Where the pair's second token starts, if the pair is at `at`.
    #[inline]
    pub(super) fn pair(&self, at: u32, (left, right): (TokenId, TokenId)) -> Option<u32> {
        if self.of_bytes[at as usize] != left {
            return None;
        }
        let next = at + self.lengths[left as usize];
        (self.of_bytes[next as usize] == right).then_some(next)
    }

    /// Puts a token in the place of two that begin at `at` and `next`.
    #[inline]
    pub(super) fn merge(&mut self, at: u32, next: u32, token: TokenId) {
        let length = self.lengths[token as usize];
        self.of_bytes[at as usize] = token;
        self.of_bytes[next as usize] = MARK;
        self.of_bytes[(at + length - 1) as usize] = MARK | length;
    }
}

#[cfg(test)]
mod tests {
    use super::Cells;

    #[test]
    fn tokens_know_their_neighbours() {
        let mut cells = Cells::with_capacity(16, 2);
        cells.push(b"abcd", 3);
        cells.push(b"e", 3);
        cells.push(b"f", 9);
        let start = 64;
        assert_eq!((cells.weight(start), cells.weight(start + 6)), (3, 3));
        assert_eq!(cells.before(start), None);
        cells.add_token(2);
        cells.add_token(3);
        cells.merge(start + 1, start + 2, 256);
        assert_eq!(cells.after(start, 97), Some((start + 1, 256)));
        assert_eq!(cells.token(start + 2), None);
        cells.merge(start + 1, start + 3, 257);
        assert_eq!(cells.before(start + 1), Some((start, 97)));
        assert_eq!(cells.after(start + 1, 257), None);
        assert_eq!(cells.pair(start, (97, 257)), Some(start + 1));
        assert_eq!(cells.pair(start, (97, 98)), None);
        assert_eq!((cells.token(128), cells.weight(128)), (Some(102), 9));
    }
}
