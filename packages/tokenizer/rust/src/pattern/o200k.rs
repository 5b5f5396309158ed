//! The splitter of `o200k`: as `cl100k`'s, but a word may end where small letters do, contractions go with the word before
//! them, and slashes with the newlines behind signs.

use super::block::{Block, bit, rows};
use super::cl100k::numbers;
use super::class::{BLANK, CASELESS, LETTER, LOWER, MARK, NUMBER, OTHER, SIGN, UPPER};
use super::scan::Scan;
use super::splitter::Splitter;

pub(super) struct O200k;

impl Splitter for O200k {
    #[inline(always)]
    fn end(scan: Scan<'_>, at: usize) -> usize {
        let (class, length) = scan.class(at);
        let second = at + length;
        let word = if class & LETTER != 0 {
            word(scan, at, true)
        } else if class == MARK {
            // Before what can't be a word with a small letter, a mark is a word by itself.
            word(scan, second, false).or(Some(second))
        } else if class & (OTHER | BLANK) != 0 {
            word(scan, second, true)
        } else {
            None
        };
        if let Some(end) = word {
            return match scan.bytes.get(end) {
                Some(b'\'') => scan.contraction(end),
                _ => end,
            };
        }
        if class == NUMBER {
            return scan.numbers(second, 3);
        }
        if class == OTHER || (scan.is_space(at, class) && scan.class(second).0 & SIGN != 0) {
            return newlines_and_slashes(scan, scan.run(second, SIGN));
        }
        scan.white::<true, false>(at)
    }

    #[inline(always)]
    fn starts(block: &Block<'_>) -> u64 {
        let taken = taken(block);
        let own_signs = block.signs & !taken;
        let signs = own_signs & !((own_signs | block.spaces) << 1);
        let cut = block.white() & !taken;
        let mut starts = signs | cut & !(cut << 1) | block.white_cuts();
        let prefixes = signs & block.letters >> 1;
        let lower = block.letters & !block.upper;
        starts |= block.letters & !((block.letters | block.blanks | prefixes) << 1);
        starts |= block.upper & lower << 1;
        starts |= numbers::<3>(block.numbers);
        let mut contractions = block.signs & block.letters << 1 & block.letters >> 1;
        if contractions != 0 {
            contractions &= block.positions(b'\'');
            let mut before = 0;
            while contractions != 0 {
                let at = contractions.trailing_zeros() as usize;
                let end = Scan::new(block.bytes).contraction(at);
                // A word has one.
                if end > at && at != before {
                    starts &= !(0b111 << at);
                    starts |= bit(end);
                    before = end;
                }
                contractions &= contractions - 1;
            }
        }
        starts
    }
}

/// Where a word ends, its contraction not counted: `U*L+`, or else `U+` if `upper`, where `U` is upper, title or no case or
/// a mark, and `L` is lower or no case or a mark.
#[inline(always)]
fn word(scan: Scan<'_>, start: usize, upper: bool) -> Option<usize> {
    let mut at = start;
    let mut caseless = start;
    loop {
        let (class, length) = scan.class(at);
        if class & (UPPER | CASELESS | MARK) == 0 {
            if class == LOWER {
                return Some(scan.run(at + length, LOWER | CASELESS | MARK));
            }
            break;
        }
        at += length;
        if class != UPPER {
            caseless = at;
        }
    }
    if caseless > start {
        // Upper case behind it is of the next word.
        Some(caseless)
    } else {
        (upper && at > start).then_some(at)
    }
}

/// Where `[\r\n/]*` ends.
#[inline(always)]
fn newlines_and_slashes(scan: Scan<'_>, mut at: usize) -> usize {
    while let Some(b'\r' | b'\n' | b'/') = scan.bytes.get(at) {
        at += 1;
    }
    at
}

/// The newlines, and slashes behind them, that go with the signs before them.
#[inline(always)]
fn taken(block: &Block<'_>) -> u64 {
    let first = block.newlines & block.signs << 1;
    if first == 0 {
        return 0;
    }
    let slashes = block.positions(b'/');
    let set = block.newlines | slashes;
    let mut taken = rows(set, first & !(slashes << 1));
    // Newlines behind slashes, unless those were taken.
    let mut rest = first & !taken;
    while rest != 0 {
        let row = rows(set, rest & rest.wrapping_neg());
        taken |= row;
        rest &= !row;
    }
    taken
}
