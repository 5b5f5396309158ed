//! The splitter of `cl100k` and its kin:
//! `'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s`.

use super::block::{Block, bit, rows};
use super::class::{BLANK, LETTER, NEWLINE, NUMBER, SIGN};
use super::scan::Scan;
use super::splitter::Splitter;

/// With at most `NUMBERS` numbers in a piece; with `\s++$` if `WHOLE_END`.
pub(super) struct Cl100k<const NUMBERS: usize, const WHOLE_END: bool>;

impl<const NUMBERS: usize, const WHOLE_END: bool> Splitter for Cl100k<NUMBERS, WHOLE_END> {
    #[inline(always)]
    fn end(scan: Scan<'_>, at: usize) -> usize {
        let (class, length) = scan.class(at);
        let second = at + length;
        if class & LETTER != 0 {
            return scan.run(second, LETTER);
        }
        if class == NUMBER {
            return scan.numbers(second, NUMBERS);
        }
        if class & (SIGN | BLANK) != 0 {
            let (next, next_length) = scan.class(second);
            if next & LETTER != 0 {
                if scan.bytes[at] == b'\'' {
                    let end = scan.contraction(at);
                    if end > at {
                        return end;
                    }
                }
                return scan.run(second + next_length, LETTER);
            }
            if class & SIGN != 0 || (scan.is_space(at, class) && next & SIGN != 0) {
                let end = scan.run(second, SIGN);
                return scan.run(end, NEWLINE);
            }
        }
        scan.white::<true, WHOLE_END>(at)
    }

    #[inline(always)]
    fn starts(block: &Block<'_>) -> u64 {
        let signs = block.signs & !((block.signs | block.spaces) << 1);
        let white = block.white();
        let taken = rows(block.newlines, block.newlines & block.signs << 1);
        let cut = white & !taken;
        let mut starts = signs | cut & !(cut << 1) | block.white_cuts();
        // A sign or white space before a letter goes with it.
        let prefixes = signs & block.letters >> 1;
        starts |= block.letters & !((block.letters | block.blanks | prefixes) << 1);
        starts |= numbers::<NUMBERS>(block.numbers);
        if prefixes != 0 {
            let mut contractions = prefixes & block.positions(b'\'');
            while contractions != 0 {
                let at = contractions.trailing_zeros() as usize;
                let end = Scan::new(block.bytes).contraction(at);
                if end > at {
                    starts |= bit(end);
                }
                contractions &= contractions - 1;
            }
        }
        starts
    }
}

/// The first of every so many numbers in a row.
#[inline(always)]
pub(super) fn numbers<const MOST: usize>(set: u64) -> u64 {
    let mut starts = set & !(set << 1);
    let mut next = starts;
    // Where as many numbers stand before, and one there.
    let mut full = set;
    for distance in 1..=MOST {
        full &= set << distance;
    }
    while full != 0 && next != 0 {
        next = next << MOST & full;
        starts |= next;
    }
    starts
}
