//! The classes of characters that the patterns tell apart.
//!
//! They are taken from `regex-syntax`, whose tables the regular expressions go by as well: the two can't differ.

use std::sync::LazyLock;

use regex_syntax::Parser;
use regex_syntax::hir::{Class, HirKind};

/// `\p{Lu}\p{Lt}`: upper and title case.
pub(super) const UPPER: u8 = 1;
/// `\p{Ll}`.
pub(super) const LOWER: u8 = 1 << 1;
/// `\p{Lm}\p{Lo}`: letters without case.
pub(super) const CASELESS: u8 = 1 << 2;
/// `\p{M}`.
pub(super) const MARK: u8 = 1 << 3;
/// `\p{N}`.
pub(super) const NUMBER: u8 = 1 << 4;
/// `\s` but for those of [`NEWLINE`].
pub(super) const BLANK: u8 = 1 << 5;
/// `[\r\n]`.
pub(super) const NEWLINE: u8 = 1 << 6;
/// All others.
pub(super) const OTHER: u8 = 1 << 7;

/// `\p{L}`.
pub(super) const LETTER: u8 = UPPER | LOWER | CASELESS;
/// `\s`.
pub(super) const WHITE: u8 = BLANK | NEWLINE;
/// `[^\s\p{L}\p{N}]`.
pub(super) const SIGN: u8 = MARK | OTHER;

/// The class of a character by its first byte, where that says it: of ASCII, and of those in which all characters of three
/// bytes are ideographs or Hangul. Zero for others.
pub(super) static FIRST: [u8; 256] = first();

/// How many characters share a block.
const BLOCK: usize = 256;

/// The class of every character, in blocks of which equal ones are kept once.
pub(super) struct Table {
    /// Which block, by the code point without its lowest eight bits.
    index: Box<[u8]>,
    blocks: Vec<[u8; BLOCK]>,
}

/// Made when a text is first cut.
pub(super) static TABLE: LazyLock<Table> = LazyLock::new(Table::build);

impl Table {
    /// The class of a code point; 0 beyond the last.
    #[inline]
    pub(super) fn get(&self, code: u32) -> u8 {
        let code = code as usize;
        match self.index.get(code / BLOCK) {
            Some(&block) => self.blocks[usize::from(block)][code % BLOCK],
            None => 0,
        }
    }

    fn build() -> Self {
        let mut all = vec![OTHER; 0x11_0000];
        let classes = [
            (r"[\p{Lu}\p{Lt}]", UPPER),
            (r"\p{Ll}", LOWER),
            (r"[\p{Lm}\p{Lo}]", CASELESS),
            (r"\p{M}", MARK),
            (r"\p{N}", NUMBER),
            (r"\s", BLANK),
            (r"[\r\n]", NEWLINE),
        ];
        for (regex, class) in classes {
            for (first, last) in ranges(regex) {
                all[first as usize..=last as usize].fill(class);
            }
        }
        let mut blocks = Vec::<[u8; BLOCK]>::new();
        let mut index = Vec::with_capacity(all.len() / BLOCK);
        for block in all.as_chunks().0 {
            // Neighbours are often equal: the last ones first.
            let known = blocks.iter().rposition(|known| known == block);
            let at = known.unwrap_or_else(|| {
                blocks.push(*block);
                blocks.len() - 1
            });
            index.push(u8::try_from(at).expect("Unicode has about 135 different blocks"));
        }
        Self {
            index: index.into(),
            blocks,
        }
    }
}

/// The code points of a class, as ranges that hold their ends.
fn ranges(regex: &str) -> Vec<(u32, u32)> {
    let hir = Parser::new().parse(regex).expect("a constant");
    match hir.kind() {
        HirKind::Class(Class::Unicode(class)) => class
            .iter()
            .map(|range| (u32::from(range.start()), u32::from(range.end())))
            .collect(),
        other => unreachable!("a class, not {other:?}"),
    }
}

const fn first() -> [u8; 256] {
    let mut table = [0; 256];
    let mut byte = 0_u8;
    loop {
        table[byte as usize] = match byte {
            b'A'..=b'Z' => UPPER,
            b'a'..=b'z' => LOWER,
            b'0'..=b'9' => NUMBER,
            b'\r' | b'\n' => NEWLINE,
            b' ' | b'\t' | 0x0b | 0x0c => BLANK,
            // U+5000 to U+9FFF, U+B000 to U+CFFF.
            0xe5..=0xe9 | 0xeb | 0xec => CASELESS,
            0x80.. => 0,
            _ => OTHER,
        };
        if byte == u8::MAX {
            return table;
        }
        byte += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_that_of_the_regular_expressions() {
        let classes = [
            (r"[\p{Lu}\p{Lt}]", UPPER),
            (r"\p{Ll}", LOWER),
            (r"[\p{Lm}\p{Lo}]", CASELESS),
            (r"\p{M}", MARK),
            (r"\p{N}", NUMBER),
            (r"[\s&&[^\r\n]]", BLANK),
            (r"[\r\n]", NEWLINE),
            (r"[^\s\p{L}\p{N}\p{M}]", OTHER),
        ];
        let all: String = ('\0'..=char::MAX).collect();
        for (regex, class) in classes {
            let regex = fancy_regex::Regex::new(regex).unwrap();
            let expected = regex.find_iter(&all).map(|found| found.unwrap().as_str());
            let found = all
                .char_indices()
                .filter(|(_, character)| TABLE.get(u32::from(*character)) & class != 0)
                .map(|(at, character)| &all[at..at + character.len_utf8()]);
            assert!(found.eq(expected), "{regex}");
        }
    }

    #[test]
    fn what_the_first_byte_says_is_so() {
        for character in '\0'..=char::MAX {
            let mut bytes = [0; 4];
            character.encode_utf8(&mut bytes);
            let class = FIRST[usize::from(bytes[0])];
            if class != 0 {
                assert_eq!(class, TABLE.get(u32::from(character)), "{character:?}");
            } else {
                assert!(!character.is_ascii());
            }
        }
    }
}
