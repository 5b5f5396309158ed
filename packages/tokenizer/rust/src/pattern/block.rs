//! Sixty-four bytes of ASCII at once, as sets of positions: bit `i` stands for byte `i`.
//!
//! A block begins where a piece begins, so what came before does not matter. What comes behind may: the starts of pieces
//! are right up to [`Block::sure`].

use wide::u8x16;

/// How many bytes a block has.
pub(super) const SIZE: usize = 64;

/// Which bytes of a block are what.
pub(super) struct Block<'t> {
    pub(super) bytes: &'t [u8; SIZE],
    /// How many bytes there are before the first that is not ASCII. The sets are empty from there on.
    pub(super) length: u32,
    pub(super) letters: u64,
    /// `A` to `Z`.
    pub(super) upper: u64,
    pub(super) numbers: u64,
    /// White space but for carriage return and line feed.
    pub(super) blanks: u64,
    pub(super) spaces: u64,
    /// Carriage return and line feed.
    pub(super) newlines: u64,
    /// Neither letters nor numbers nor white space.
    pub(super) signs: u64,
}

impl<'t> Block<'t> {
    #[inline(always)]
    pub(super) fn new(bytes: &'t [u8; SIZE]) -> Self {
        let mut beyond = 0;
        let mut letters = 0;
        let mut small = 0;
        let mut numbers = 0;
        let mut white = 0;
        let mut spaces = 0;
        let mut newlines = 0;
        for (number, part) in bytes.as_chunks::<16>().0.iter().enumerate() {
            let part = u8x16::new(*part);
            let shift = 16 * number;
            // Whether a byte is one of `count` from `first` on.
            let within = |part: u8x16, first: u8, count: u8| {
                let distance = part - u8x16::splat(first);
                bits(distance.min(u8x16::splat(count - 1)).simd_eq(distance)) << shift
            };
            let is = |byte: u8| part.simd_eq(u8x16::splat(byte));
            beyond |= bits(part) << shift;
            letters |= within(part | u8x16::splat(0x20), b'a', 26);
            small |= within(part, b'a', 26);
            numbers |= within(part, b'0', 10);
            white |= within(part, b'\t', 5);
            spaces |= bits(is(b' ')) << shift;
            newlines |= bits(is(b'\n') | is(b'\r')) << shift;
        }
        let length = beyond.trailing_zeros();
        let valid = below(length);
        let blanks = (spaces | white & !newlines) & valid;
        Self {
            bytes,
            length,
            letters: letters & valid,
            upper: letters & !small & valid,
            numbers: numbers & valid,
            blanks,
            spaces: spaces & valid,
            newlines: newlines & valid,
            signs: !(letters | numbers | white | spaces) & valid,
        }
    }

    /// White space.
    #[inline(always)]
    pub(super) fn white(&self) -> u64 {
        self.blanks | self.newlines
    }

    /// The positions of a byte.
    #[inline(always)]
    pub(super) fn positions(&self, byte: u8) -> u64 {
        let mut found = 0;
        for (number, part) in self.bytes.as_chunks::<16>().0.iter().enumerate() {
            found |= bits(u8x16::new(*part).simd_eq(u8x16::splat(byte))) << (16 * number);
        }
        found & below(self.length)
    }

    /// The positions up to which what follows the block can't matter: a contraction reaches three bytes, and white space
    /// is cut by what follows it.
    #[inline(always)]
    pub(super) fn sure(&self) -> u64 {
        let outside = u64::BITS - self.length;
        let white = (self.white().unbounded_shl(outside)).leading_ones();
        below((self.length + 1).saturating_sub(white.max(3)))
    }

    /// The last of `blanks` in white space, if anything else follows; and the first ones behind newlines if no newline
    /// follows.
    #[inline(always)]
    pub(super) fn white_cuts(&self) -> u64 {
        let last = self.blanks & !(self.white() >> 1);
        let mut behind = self.blanks & self.newlines << 1;
        if behind != 0 {
            // The addition carries from the first of a run to what follows it.
            let ends = self.blanks.wrapping_add(behind) & !self.blanks;
            let mut wrong = ends & self.newlines;
            while wrong != 0 {
                let before = behind & ((wrong & wrong.wrapping_neg()) - 1);
                behind &= !(1 << before.checked_ilog2().unwrap_or(0));
                wrong &= wrong - 1;
            }
        }
        last | behind
    }
}

/// Those in a row of `set` from each of `starts` on, of which no two are in one row.
#[inline(always)]
pub(super) fn rows(set: u64, starts: u64) -> u64 {
    set & !set.wrapping_add(starts)
}

/// A position; none if it is outside.
#[inline(always)]
pub(super) fn bit(position: usize) -> u64 {
    if position < SIZE { 1 << position } else { 0 }
}

/// The positions below one.
#[inline(always)]
fn below(position: u32) -> u64 {
    1u64.unbounded_shl(position).wrapping_sub(1)
}

/// The highest bit of each byte.
#[inline(always)]
fn bits(part: u8x16) -> u64 {
    u64::from(part.to_bitmask())
}
