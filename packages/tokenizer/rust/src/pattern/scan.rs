//! Reads characters of a text by their classes: what the splitters share.

use super::class::{BLANK, FIRST, NEWLINE, NUMBER, TABLE, Table, WHITE};

/// Valid UTF-8. Other bytes give other classes, but nothing else happens.
#[derive(Clone, Copy)]
pub(super) struct Scan<'t> {
    pub(super) bytes: &'t [u8],
    table: &'static Table,
}

impl<'t> Scan<'t> {
    pub(super) fn new(bytes: &'t [u8]) -> Self {
        Self {
            bytes,
            table: &TABLE,
        }
    }

    /// The class of the character at `at` and its length; zeros at the end of the text.
    #[inline(always)]
    pub(super) fn class(self, at: usize) -> (u8, usize) {
        let Some(&byte) = self.bytes.get(at) else {
            return (0, 0);
        };
        match FIRST[usize::from(byte)] {
            0 => self.long_class(byte, at),
            class => (class, if byte < 0x80 { 1 } else { 3 }),
        }
    }

    /// That of one which is not ASCII.
    #[inline]
    fn long_class(self, byte: u8, at: usize) -> (u8, usize) {
        let low = |distance: usize| {
            let byte = self.bytes.get(at + distance).copied().unwrap_or(0);
            u32::from(byte & 0x3f)
        };
        let high = u32::from(byte);
        let (code, length) = match byte {
            0xf0.. => ((high & 7) << 18 | low(1) << 12 | low(2) << 6 | low(3), 4),
            0xe0.. => ((high & 0xf) << 12 | low(1) << 6 | low(2), 3),
            _ => ((high & 0x1f) << 6 | low(1), 2),
        };
        (self.table.get(code), length)
    }

    /// Where the characters of these classes end that begin at `at`.
    #[inline(always)]
    pub(super) fn run(self, mut at: usize, classes: u8) -> usize {
        loop {
            let (class, length) = self.class(at);
            if class & classes == 0 {
                return at;
            }
            at += length;
        }
    }

    /// Where numbers end: `\p{N}{1,most}`, of which the first ends at `at`.
    #[inline(always)]
    pub(super) fn numbers(self, mut at: usize, most: usize) -> usize {
        for _ in 1..most {
            let (class, length) = self.class(at);
            if class != NUMBER {
                break;
            }
            at += length;
        }
        at
    }

    /// Where white space that begins at `at` is cut: behind its last newline if `NEWLINES`, else before its last character,
    /// which goes with what follows, unless it is the only one or at the end of the text. At the end of the text newlines
    /// don't matter if `WHOLE_END`.
    #[inline(always)]
    pub(super) fn white<const NEWLINES: bool, const WHOLE_END: bool>(self, at: usize) -> usize {
        let (mut end, mut last, mut newline) = (at, at, at);
        loop {
            let (class, length) = self.class(end);
            if class & WHITE == 0 {
                break;
            }
            last = end;
            end += length;
            if class == NEWLINE {
                newline = end;
            }
        }
        let at_end = end == self.bytes.len();
        if at_end && WHOLE_END {
            end
        } else if NEWLINES && newline > at {
            newline
        } else if at_end || last == at {
            end
        } else {
            last
        }
    }

    /// Where `'(?i:[sdmt]|ll|ve|re)` ends whose apostrophe is at `at`; `at` if it is none.
    #[inline(always)]
    pub(super) fn contraction(self, at: usize) -> usize {
        let letter = |distance| match self.bytes.get(at + distance) {
            Some(&byte) => byte | 0x20,
            None => 0,
        };
        at + match letter(1) {
            b's' | b'd' | b'm' | b't' => 2,
            b'l' if letter(2) == b'l' => 3,
            b'v' | b'r' if letter(2) == b'e' => 3,
            // The long s is one when case is ignored.
            0xe5 if self.bytes[at + 1..].starts_with("\u{17f}".as_bytes()) => 3,
            _ => 0,
        }
    }

    /// The same with small letters alone.
    #[inline(always)]
    pub(super) fn small_contraction(self, at: usize) -> usize {
        at + match self.bytes.get(at + 1..) {
            Some([b's' | b'd' | b'm' | b't', ..]) => 2,
            Some([b'l', b'l', ..] | [b'v' | b'r', b'e', ..]) => 3,
            _ => 0,
        }
    }

    /// Whether a space stands at `at`, of a class of which it is one.
    #[inline(always)]
    pub(super) fn is_space(self, at: usize, class: u8) -> bool {
        class == BLANK && self.bytes[at] == b' '
    }
}
