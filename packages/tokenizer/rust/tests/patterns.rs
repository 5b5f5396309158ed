//! Text is cut as the regular expressions cut it, whatever stands in it.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use ironbpe::{Error, ErrorKind, Pattern};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// The expressions that are not cut by the regular expression engine.
fn expressions() -> Vec<String> {
    let llama3 = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
    let nanochat = r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,2}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+";
    vec![
        Pattern::gpt2().as_str().to_owned(),
        Pattern::cl100k().as_str().to_owned(),
        Pattern::o200k().as_str().to_owned(),
        r"'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s"
            .to_owned(),
        r"'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+".to_owned(),
        llama3.to_owned(),
        llama3.replace("{1,3}", ""),
        nanochat.to_owned(),
        nanochat.replace("{1,2}", "{1,3}"),
    ]
}

/// Each pattern, and the same one by the engine: another text, so it is not known.
fn pairs() -> &'static [(Pattern, Pattern)] {
    static PAIRS: LazyLock<Vec<(Pattern, Pattern)>> = LazyLock::new(|| {
        let pair = |text: String| {
            let engine = Pattern::new(&format!("(?:{text})")).unwrap();
            (Pattern::new(&text).unwrap(), engine)
        };
        expressions().into_iter().map(pair).collect()
    });
    &PAIRS
}

fn pieces<'t>(pattern: &Pattern, text: &'t str) -> Vec<&'t str> {
    pattern.split(text).collect::<Result<_, _>>().unwrap()
}

fn pieces_of_bytes<'t>(pattern: &Pattern, bytes: &'t [u8]) -> Vec<&'t [u8]> {
    let mut pieces = Vec::new();
    pattern
        .for_each_piece(bytes, |piece| {
            pieces.push(piece);
            Ok::<_, Error>(())
        })
        .unwrap();
    pieces
}

fn compare_all(text: &str) {
    for pair in pairs() {
        compare(pair, text);
    }
}

/// Compares both ways to cut with the engine.
fn compare((pattern, engine): &(Pattern, Pattern), text: &str) {
    let expected = pieces(engine, text);
    let found = pieces(pattern, text);
    if found != expected {
        let at = found
            .iter()
            .zip(&expected)
            .take_while(|(a, b)| a == b)
            .count();
        let found = &found[at..found.len().min(at + 3)];
        let expected = &expected[at..expected.len().min(at + 3)];
        let before: usize = pieces(engine, text)[..at]
            .iter()
            .map(|piece| piece.len())
            .sum();
        panic!("{pattern:?} at {before}: {found:?}, not {expected:?}");
    }
    let found = pieces_of_bytes(pattern, text.as_bytes());
    for (at, (found, expected)) in found.iter().zip(&expected).enumerate() {
        let found = str::from_utf8(found).unwrap();
        assert_eq!(found, *expected, "{pattern:?}, piece {at} of {text:?}");
    }
    assert_eq!(found.len(), expected.len());
}

const ASCII: [&str; 12] = [
    "a", "S", "l", "e", "'", " ", "\t", "\n", "\r", "7", "!", "/",
];

const MIXED: [&str; 14] = [
    "a", "S", "'", " ", "\n", "7", "!", "\u{a0}", "\u{301}", "\u{2b0}", "語", "\u{1c5}", "ſ", "/",
];

/// Classes at their borders: white space, marks, letters of every kind, numbers, emoji.
const TRICKY: [&str; 64] = [
    " ",
    " ",
    "  ",
    "\t",
    "\n",
    "\r",
    "\r\n",
    "\n\n",
    "\u{b}",
    "\u{c}",
    "\u{85}",
    "\u{a0}",
    "\u{2028}",
    "\u{3000}",
    "\u{200b}",
    "\u{feff}",
    "\0",
    "'",
    "'s",
    "'S",
    "'t",
    "'ll",
    "'lL",
    "'Ve",
    "'rE",
    "'d",
    "'M",
    "'ſ",
    "'x",
    "''",
    "\u{2019}s",
    "a",
    "is",
    "B",
    "AB",
    "CamelCase",
    "the",
    "ſ",
    "\u{212a}",
    "é",
    "É",
    "e\u{301}",
    "\u{301}",
    "\u{94d}",
    "ǅ",
    "ʰ",
    "ª",
    "ב",
    "語",
    "한",
    "ไทย",
    "\u{1f600}",
    "0",
    "123",
    "4567",
    "٣",
    "Ⅷ",
    "½",
    "!",
    "/",
    "//",
    "...",
    "_",
    "\u{1f468}\u{200d}\u{1f469}",
];

#[test]
fn every_short_text_is_cut_the_same() {
    for alphabet in [&ASCII[..], &MIXED[..]] {
        let mut texts = vec![String::new()];
        for _ in 0..3 {
            let longer = |text: &String| {
                let text = text.clone();
                alphabet.iter().map(move |next| text.clone() + next)
            };
            texts = texts.iter().flat_map(longer).collect();
            for text in &texts {
                compare_all(text);
            }
        }
    }
}

/// A text in which each row of `order` letters of the alphabet comes once: de Bruijn's.
fn every_row(alphabet: &[&str], order: usize) -> String {
    fn extend(word: &mut [usize], at: usize, period: usize, letters: usize, text: &mut Vec<usize>) {
        let order = word.len() - 1;
        if at > order {
            if order.is_multiple_of(period) {
                text.extend(&word[1..=period]);
            }
            return;
        }
        word[at] = word[at - period];
        extend(word, at + 1, period, letters, text);
        for letter in word[at - period] + 1..letters {
            word[at] = letter;
            extend(word, at + 1, at, letters, text);
        }
    }
    let mut text = Vec::new();
    extend(&mut vec![0; order + 1], 1, 1, alphabet.len(), &mut text);
    text.iter().map(|&letter| alphabet[letter]).collect()
}

#[test]
fn every_row_of_classes_is_cut_the_same() {
    let ascii = every_row(&ASCII, 4);
    let mixed = every_row(&MIXED, 4);
    assert!(ascii.len() >= 12 * 12 * 12 * 12);
    for pair in pairs() {
        compare(pair, &ascii);
        compare(pair, &mixed);
    }
}

proptest! {
    #[test]
    fn tricky_text_is_cut_the_same(parts in vec(select(&TRICKY[..]), 0..120)) {
        let text = parts.concat();
        compare_all(&text);
    }

    #[test]
    fn ascii_is_cut_the_same(parts in vec(select(&ASCII[..]), 0..300)) {
        let text = parts.concat();
        compare_all(&text);
    }

    #[test]
    fn text_in_long_rows_is_cut_the_same(parts in vec((select(&TRICKY[..]), 1_usize..80), 0..8)) {
        let text: String = parts.iter().map(|(part, times)| part.repeat(*times)).collect();
        compare_all(&text);
    }

    #[test]
    fn any_text_is_cut_the_same(text in ".{0,200}") {
        compare_all(&text);
    }

    #[test]
    fn the_pieces_of_any_bytes_are_the_bytes(parts in vec(prop_oneof![
        select(&TRICKY[..]).prop_map(|text| text.as_bytes().to_vec()),
        vec(any::<u8>(), 0..4),
    ], 0..60)) {
        let bytes = parts.concat();
        for (pattern, engine) in pairs() {
            let found = pieces_of_bytes(pattern, &bytes);
            prop_assert_eq!(found.concat(), &*bytes);
            prop_assert!(found.iter().all(|piece| !piece.is_empty()));
            prop_assert_eq!(found, pieces_of_bytes(engine, &bytes));
        }
    }
}

#[test]
fn a_stretch_of_invalid_bytes_is_one_piece() {
    for (pattern, engine) in pairs() {
        let bytes = b"ab \xff\xe8\xaa\xffcd \xe8\xaa";
        let expected: [&[u8]; 5] = [b"ab", b" ", b"\xff\xe8\xaa\xff", b"cd", b" "];
        for pattern in [pattern, engine] {
            let found = pieces_of_bytes(pattern, bytes);
            assert_eq!(found[..5], expected, "{pattern:?}");
            assert_eq!(found[5..], [b"\xe8\xaa"]);
        }
    }
}

#[test]
fn repeats_take_no_longer_than_other_text() {
    let bits = [
        " ",
        "\n",
        "\r\n",
        " \n",
        "a",
        "A",
        "aA",
        "\u{301}",
        "A\u{301}",
        "ª",
        "ªA",
        "'",
        "'s",
        "7",
        "!",
        "/\n",
        "!\n/",
        "語",
        "\u{a0}",
        "\u{1f600}",
    ];
    let start = Instant::now();
    for (pattern, _) in pairs() {
        for bit in bits {
            let text = bit.repeat((1 << 20) / bit.len());
            let mut length = 0;
            let take = |piece: &[u8]| {
                length += piece.len();
                Ok::<_, Error>(())
            };
            pattern.for_each_piece(text.as_bytes(), take).unwrap();
            assert_eq!(length, text.len());
            let split: usize = pattern.split(&text).map(|piece| piece.unwrap().len()).sum();
            assert_eq!(split, text.len());
        }
    }
    // Anything that looks again at what it saw would take hours.
    assert!(start.elapsed() < Duration::from_mins(2));
}

#[test]
fn what_an_expression_leaves_out_is_a_piece() {
    let pattern = Pattern::new(r"\d+|x*").unwrap();
    assert_eq!(pieces(&pattern, "ab12cxxd"), ["ab", "12", "c", "xx", "d"]);
    assert_eq!(
        pieces_of_bytes(&pattern, b"ab12\xffc"),
        [&b"ab"[..], b"12", b"\xff", b"c"]
    );
}

#[test]
fn an_expression_that_does_not_compile_is_an_error_with_its_place() {
    let error = Pattern::new(r"ab|(c").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Pattern);
    let message = error.to_string();
    assert!(
        message.contains(r#""ab|(c""#) && message.contains("position"),
        "{message}"
    );
}

#[test]
fn patterns_have_names_and_keep_their_texts() {
    for (pattern, name) in [
        (Pattern::gpt2(), "gpt2"),
        (Pattern::cl100k(), "cl100k"),
        (Pattern::o200k(), "o200k"),
    ] {
        assert_eq!(pattern.name(), Some(name));
        assert_eq!(Pattern::new(pattern.as_str()).unwrap(), pattern);
        assert_eq!(format!("{pattern:?}"), format!("Pattern({name})"));
    }
    for text in &expressions()[3..] {
        let pattern = Pattern::new(text).unwrap();
        assert_eq!(pattern.as_str(), text);
        assert_eq!(pattern.name(), None);
    }
}
