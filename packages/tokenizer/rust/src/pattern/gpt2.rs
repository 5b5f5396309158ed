//! GPT-2's splitter:
//! `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`.

use super::block::{Block, bit};
use super::class::{LETTER, NUMBER, SIGN};
use super::scan::Scan;
use super::splitter::Splitter;

pub(super) struct Gpt2;

impl Splitter for Gpt2 {
    #[inline(always)]
    fn end(scan: Scan<'_>, at: usize) -> usize {
        let (mut class, mut length) = scan.class(at);
        let mut from = at;
        if scan.is_space(at, class) {
            let next = scan.class(at + 1);
            if next.0 & (LETTER | NUMBER | SIGN) != 0 {
                from = at + 1;
                (class, length) = next;
            }
        }
        if class & LETTER != 0 {
            scan.run(from + length, LETTER)
        } else if class == NUMBER {
            scan.run(from + length, NUMBER)
        } else if class & SIGN != 0 {
            if from == at && scan.bytes[at] == b'\'' {
                let end = scan.small_contraction(at);
                if end > at {
                    return end;
                }
            }
            scan.run(from + length, SIGN)
        } else {
            scan.white::<false, false>(at)
        }
    }

    #[inline(always)]
    fn starts(block: &Block<'_>) -> u64 {
        let first = |set: u64| set & !((set | block.spaces) << 1);
        let signs = first(block.signs);
        let white = block.white();
        let mut starts = first(block.letters) | first(block.numbers) | signs;
        starts |= white & !(white << 1 & white >> 1);
        let mut contractions = signs & block.letters >> 1 & block.positions(b'\'');
        while contractions != 0 {
            let at = contractions.trailing_zeros() as usize;
            let end = Scan::new(block.bytes).small_contraction(at);
            if end > at {
                starts &= !(1 << (at + 1));
                starts |= bit(end);
            }
            contractions &= contractions - 1;
        }
        starts
    }
}
