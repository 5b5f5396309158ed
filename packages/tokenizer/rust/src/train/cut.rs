//! Where a text may be cut in two so that both halves fall into the pieces that the whole does.
//!
//! All patterns that are built in look at nothing before a piece, and no piece of theirs goes over these places:
//!
//! - after an ASCII letter, before a space: letters are taken as far as there are some, and nothing takes a space after
//!   them;
//! - after a line feed that comes after what is no white space, before what is neither that nor `/`: white space is taken
//!   up to its last line feed, marks and signs take those that follow them, and `o200k` the slashes too.

/// The first such place from `from` on; the end, where there is none.
pub(super) fn place(bytes: &[u8], from: usize) -> usize {
    let mut at = from.max(2);
    while at < bytes.len() {
        let found = match bytes[at] {
            b' ' => bytes[at - 1].is_ascii_alphabetic(),
            next if bytes[at - 1] == b'\n' => bytes[at - 2].is_ascii_graphic() && is_no_space(next),
            _ => false,
        };
        if found {
            return at;
        }
        at += 1;
    }
    bytes.len()
}

/// Whether no white space begins with it, nor is it one, nor a slash.
fn is_no_space(byte: u8) -> bool {
    match byte {
        // Behind the slash: U+0085 and U+00A0; U+1680; U+2000 and further; U+3000.
        b'/' | 0xc2 | 0xe1 | 0xe2 | 0xe3 => false,
        0x80.. => true,
        _ => byte.is_ascii_graphic(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::place;
    use crate::error::Error;
    use crate::pattern::Pattern;

    fn pieces<'t>(pattern: &Pattern, text: &'t [u8], into: &mut Vec<&'t [u8]>) {
        pattern
            .for_each_piece::<Error>(text, |piece| {
                into.push(piece);
                Ok(())
            })
            .unwrap();
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]
        #[test]
        fn both_halves_are_as_in_the_whole(
            parts in prop::collection::vec(
                prop::sample::select(vec![
                    "a", "b", "S", " ", " ", "\n", "\n", "\r", "\t", "/", "'", "'s", ".", "!", "1", "23", "\u{a0}", "\u{85}",
                    "\u{3000}", "\u{2028}", "\u{301}", "字", "é", "ſ", "Ж", "🙂", "ʰ", "ǅ",
                ]),
                0..24,
            ),
            from in 0..24_usize,
        ) {
            let text = parts.concat();
            let text = text.as_bytes();
            let (left, right) = text.split_at(place(text, from));
            for pattern in [Pattern::gpt2(), Pattern::cl100k(), Pattern::o200k()] {
                let (mut whole, mut halves) = (Vec::new(), Vec::new());
                pieces(&pattern, text, &mut whole);
                pieces(&pattern, left, &mut halves);
                pieces(&pattern, right, &mut halves);
                prop_assert_eq!(&whole, &halves, "{:?} cut at {}", pattern, left.len());
            }
        }
    }
}
