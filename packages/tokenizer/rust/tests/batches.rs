//! Many texts at once, rows of one length, and work that is stopped.

use std::cell::Cell;
use std::time::{Duration, Instant};

use ironbpe::{
    Batch, EncodeOptions, ErrorKind, Merges, PadTo, Padding, Pattern, Side, Specials, Tokenizer,
    Truncation, Vocabulary,
};

fn tokenizer() -> Tokenizer {
    let single = (0..=u8::MAX).map(|byte| vec![byte]);
    let longer = [
        "th", "the", " the", "in", "ing", "aa", "aaaa", "ab", "abab", "  ",
    ];
    let tokens = single.chain(longer.map(|token| token.as_bytes().to_vec()));
    let vocabulary = Vocabulary::from_tokens(tokens.zip(0..)).expect("each once");
    let merges = Merges::from_ranks(&vocabulary);
    let specials = Specials::new([("<|end|>", 300)]).expect("one");
    Tokenizer::from_parts(Pattern::cl100k(), vocabulary, merges, specials).expect("made so")
}

#[test]
fn a_batch_keeps_its_order_with_any_number_of_threads() {
    let tokenizer = tokenizer();
    let texts: Vec<String> = (0..700)
        .map(|at| format!("the {at} thing{} ", "s in".repeat(at * 7 % 400)))
        .collect();
    let expected: Vec<_> = texts
        .iter()
        .map(|text| tokenizer.encode_ordinary(text).expect("text"))
        .collect();
    for threads in [0, 1, 2, 5] {
        let ids = tokenizer.encode_batch(&texts, &EncodeOptions::default(), threads);
        assert_eq!(ids.expect("texts"), expected);
    }
    let none: [&str; 0] = [];
    let ids = tokenizer.encode_batch(&none, &EncodeOptions::default(), 4);
    assert!(ids.expect("nothing").is_empty());
}

#[test]
fn the_first_text_that_is_wrong_is_named() {
    let tokenizer = tokenizer();
    let mut texts = vec!["the thing ".repeat(1000); 100];
    texts[70].push_str("<|end|>");
    texts[30].push_str("<|end|>");
    for threads in [1, 2, 4] {
        let error = tokenizer
            .encode_batch(&texts, &EncodeOptions::default(), threads)
            .expect_err("disallowed");
        assert_eq!(error.kind(), ErrorKind::DisallowedSpecial);
        assert!(error.to_string().starts_with("item 30: "), "{error}");
    }
}

#[test]
fn long_work_is_stopped_when_it_is_asked_to() {
    let tokenizer = tokenizer();
    // Many pieces, one long piece, and several of each.
    let many = "the thing ".repeat(1_000_000);
    let long = "abcdefgh".repeat(500_000);
    for texts in [
        vec![many.clone()],
        vec![long.clone()],
        vec![many, long.clone(), long],
    ] {
        for threads in [1, 2] {
            let asked = Cell::new(0);
            let interrupt = || {
                asked.set(asked.get() + 1);
                asked.get() > 2
            };
            let options = EncodeOptions::ordinary().interrupt(&interrupt);
            let start = Instant::now();
            let error = tokenizer
                .encode_batch(&texts, &options, threads)
                .expect_err("stopped");
            assert_eq!(error.kind(), ErrorKind::Interrupted);
            assert!(start.elapsed() < Duration::from_secs(20));
        }
    }
    // It works after that.
    assert_eq!(tokenizer.encode_ordinary("the").expect("text"), [257]);
}

#[test]
fn repeats_take_no_more_for_each_byte_than_other_text() {
    let tokenizer = tokenizer();
    for (part, whole) in [
        ("a", 250_000),
        ("ab", 250_000),
        (" ", 500_000),
        ("\0", 1_000_000),
    ] {
        let text = part.repeat(1_000_000 / part.len());
        let start = Instant::now();
        let ids = tokenizer.encode_ordinary(&text).expect("text");
        assert!(start.elapsed() < Duration::from_secs(20));
        assert_eq!(ids.len(), whole);
        assert_eq!(tokenizer.decode(&ids).expect("text"), text);
    }
}

#[test]
fn rows_are_padded_and_truncated() {
    let rows = [vec![1, 2, 3, 4, 5], vec![], vec![6, 7]];
    let mut padding = Padding::new(9);
    padding.side = Side::Left;
    padding.multiple_of = 4;
    let truncation = Truncation {
        max: 3,
        side: Side::Left,
    };
    let batch = Batch::new(&rows, &padding, Some(&truncation)).expect("rows");
    assert_eq!((batch.rows, batch.columns), (3, 4));
    assert_eq!(batch.ids, [9, 3, 4, 5, 9, 9, 9, 9, 9, 9, 6, 7]);
    assert_eq!(batch.mask(), [0, 1, 1, 1, 0, 0, 0, 0, 0, 0, 1, 1]);
    assert_eq!(batch.lengths, [3, 0, 2]);

    padding.to = PadTo::Length(4);
    let error = Batch::new(&rows, &padding, None).expect_err("too long");
    assert_eq!(error.kind(), ErrorKind::Setting);
    assert!(error.to_string().contains("row 0 has 5 ids"), "{error}");
    for (to, multiple_of) in [(PadTo::Longest, 0), (PadTo::Length(usize::MAX), 1)] {
        let padding = Padding {
            to,
            multiple_of,
            ..padding
        };
        let error = Batch::new(&rows, &padding, None).expect_err("too much");
        assert_eq!(error.kind(), ErrorKind::Setting);
    }
    let none: [Vec<u32>; 0] = [];
    let batch = Batch::new(&none, &Padding::new(0), None).expect("no rows");
    assert_eq!((batch.rows, batch.columns, batch.ids.len()), (0, 0, 0));
}
