//! GPT-2's spelling of bytes: each is a character that can be seen, so that tokens are text without spaces.

use std::sync::LazyLock;

/// The character of each byte.
static CHARS: LazyLock<[char; 256]> = LazyLock::new(|| {
    let mut next = 256;
    let mut chars = ['\0'; 256];
    for byte in 0..=u8::MAX {
        chars[usize::from(byte)] = if matches!(byte, b'!'..=b'~' | 0xa1..=0xac | 0xae..) {
            char::from(byte)
        } else {
            next += 1;
            char::from_u32(next - 1).unwrap_or_default()
        };
    }
    chars
});

/// The bytes of those characters from 256 on.
static MOVED: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let bytes = (0..=u8::MAX).filter(|byte| u32::from(CHARS[usize::from(*byte)]) >= 256);
    bytes.collect()
});

/// Bytes in characters.
pub(super) fn spell(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| CHARS[usize::from(*byte)]).collect()
}

/// The bytes that characters stand for; the first that stands for none.
pub(super) fn read(text: &str) -> Result<Vec<u8>, char> {
    let byte = |char: char| {
        let code = u32::from(char);
        match u8::try_from(code) {
            Ok(byte) => (CHARS[usize::from(byte)] == char).then_some(byte),
            Err(_) => MOVED.get(code as usize - 256).copied(),
        }
        .ok_or(char)
    };
    text.chars().map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::{read, spell};

    #[test]
    fn every_byte_has_a_character() {
        let bytes: Vec<u8> = (0..=u8::MAX).collect();
        let text = spell(&bytes);
        assert_eq!(read(&text), Ok(bytes));
        assert_eq!(spell(b" the\n"), "ĠtheĊ");
        assert_eq!(read("a b"), Err(' '));
        assert_eq!(read("数"), Err('数'));
    }
}
