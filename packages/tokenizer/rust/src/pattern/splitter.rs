//! Patterns that are cut by hand-written code, and the loop over a text.

use super::block::{Block, SIZE};
use super::cl100k::Cl100k;
use super::gpt2::Gpt2;
use super::o200k::O200k;
use super::scan::Scan;

/// One pattern in code.
pub(super) trait Splitter {
    /// Where the piece ends that starts at `at`, which is not the end of the text.
    fn end(scan: Scan<'_>, at: usize) -> usize;

    /// Where pieces start in a block, if one starts at its first byte: right for all positions that are
    /// [sure](Block::sure).
    fn starts(block: &Block<'_>) -> u64;
}

/// Which one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Known {
    Gpt2,
    Cl100k,
    /// Without `\s++$`, with at most so many numbers: 3, as tiktoken had it first, and others took it.
    Cl100kOfThree,
    Cl100kOfTwo,
    Cl100kOfOne,
    O200k,
}

/// Evaluates an expression with the splitter as the type `$S`.
macro_rules! with {
    ($known:expr, $S:ident => $value:expr) => {
        match $known {
            Known::Gpt2 => {
                type $S = Gpt2;
                $value
            }
            Known::Cl100k => {
                type $S = Cl100k<3, true>;
                $value
            }
            Known::Cl100kOfThree => {
                type $S = Cl100k<3, false>;
                $value
            }
            Known::Cl100kOfTwo => {
                type $S = Cl100k<2, false>;
                $value
            }
            Known::Cl100kOfOne => {
                type $S = Cl100k<1, false>;
                $value
            }
            Known::O200k => {
                type $S = O200k;
                $value
            }
        }
    };
}

impl Known {
    /// Where the piece ends that starts at `at`, before the end of the text.
    pub(super) fn end(self, text: &str, at: usize) -> usize {
        let scan = Scan::new(text.as_bytes());
        with!(self, S => S::end(scan, at))
    }

    /// Gives every piece of valid UTF-8.
    pub(super) fn for_each<'t, E>(
        self,
        valid: &'t [u8],
        take: &mut impl FnMut(&'t [u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        with!(self, S => for_each::<S, E>(valid, take))
    }
}

/// How many bytes of ASCII make a block worth its while.
const WORTH: usize = 32;

fn for_each<'t, S: Splitter, E>(
    bytes: &'t [u8],
    take: &mut impl FnMut(&'t [u8]) -> Result<(), E>,
) -> Result<(), E> {
    let scan = Scan::new(bytes);
    let mut at = 0;
    while at < bytes.len() {
        if let Some(ahead) = bytes[at..].first_chunk::<SIZE>()
            && ahead[..WORTH].is_ascii()
        {
            let block = Block::new(ahead);
            // The first position is where this piece starts.
            let mut starts = S::starts(&block) & block.sure() & !1;
            let begin = at;
            while starts != 0 {
                let next = begin + starts.trailing_zeros() as usize;
                take(&bytes[at..next])?;
                at = next;
                starts &= starts - 1;
            }
            if at > begin {
                continue;
            }
        }
        let end = S::end(scan, at);
        take(&bytes[at..end])?;
        at = end;
    }
    Ok(())
}
