//! Decoding gives back what was encoded, at once and token by token.

use ironbpe::{ErrorKind, Merges, Pattern, Specials, TokenId, Tokenizer, Vocabulary};
use proptest::prelude::*;

/// Tokens that are halves of characters, and one that is longer than others.
fn tokenizer() -> Tokenizer {
    let single = (0..=u8::MAX).map(|byte| vec![byte]);
    let longer: [&[u8]; 8] = [
        b"\xe6\x97",
        b"\xa5\xe6",
        b"\xa5 ",
        b"\xf0\x9f",
        b"\x98\x80",
        "é".as_bytes(),
        b"hello",
        &[b'='; 40],
    ];
    let tokens = single.chain(longer.map(<[u8]>::to_vec));
    let vocabulary = Vocabulary::from_tokens(tokens.zip(0..)).expect("each once");
    let merges = Merges::from_ranks(&vocabulary);
    let specials = Specials::new([("<|end|>", 264), ("<|日|>", 270)]).expect("each once");
    Tokenizer::from_parts(Pattern::cl100k(), vocabulary, merges, specials).expect("made so")
}

fn ids() -> impl Strategy<Value = Vec<TokenId>> {
    let known = prop_oneof![0..256_u32, 128..264_u32, Just(264), Just(270)];
    prop::collection::vec(known, 0..60)
}

proptest! {
    #[test]
    fn a_stream_gives_what_all_at_once_gives(ids in ids()) {
        let tokenizer = tokenizer();
        let mut decoder = tokenizer.decoder();
        let mut text = String::new();
        for id in &ids {
            text.push_str(decoder.push(*id).expect("known"));
        }
        text.push_str(decoder.finish());
        prop_assert_eq!(&text, &tokenizer.decode_lossy(&ids).expect("known"));
        let bytes = tokenizer.decode_bytes(&ids).expect("known");
        prop_assert_eq!(text, String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn bytes_are_those_of_the_tokens_in_their_order(ids in ids()) {
        let tokenizer = tokenizer();
        let bytes: Vec<u8> = ids
            .iter()
            .flat_map(|id| tokenizer.id_to_token(*id).expect("known").to_vec())
            .collect();
        prop_assert_eq!(tokenizer.decode_bytes(&ids).expect("known"), &*bytes);
        match (tokenizer.decode(&ids), String::from_utf8(bytes)) {
            (Ok(text), Ok(expected)) => prop_assert_eq!(text, expected),
            (Err(error), Err(_)) => prop_assert_eq!(error.kind(), ErrorKind::Utf8),
            (found, expected) => prop_assert!(false, "{found:?}, not {expected:?}"),
        }
    }
}

#[test]
fn many_tokens_of_all_lengths() {
    let tokenizer = tokenizer();
    let ids: Vec<TokenId> = (0..10_000)
        .map(|at| [263, 97, 262, 264, 33][at % 5])
        .collect();
    let expected = format!("{}ahello<|end|>!", "=".repeat(40)).repeat(2000);
    assert_eq!(tokenizer.decode(&ids).expect("text"), expected);
    assert_eq!(tokenizer.decode(&[]).expect("nothing"), "");
}

#[test]
fn an_id_that_no_token_has_is_named_with_its_place() {
    let tokenizer = tokenizer();
    for id in [265, 269, 271, u32::MAX] {
        let mut ids = vec![97; 5000];
        ids.push(id);
        let error = tokenizer.decode(&ids).expect_err("unknown");
        assert_eq!(error.kind(), ErrorKind::UnknownId);
        let expected = format!("no token has the id {id}, which stands at place 5000");
        assert_eq!(error.to_string(), expected);
        let mut decoder = tokenizer.decoder();
        assert_eq!(decoder.push(0xc3).expect("known"), "");
        let error = decoder.push(id).expect_err("unknown");
        assert_eq!(error.kind(), ErrorKind::UnknownId);
        // It goes on as if that had not come.
        assert_eq!(decoder.push(0xa9).expect("known"), "é");
    }
}

#[test]
fn half_a_character_is_refused_where_text_is_asked_for() {
    let tokenizer = tokenizer();
    let error = tokenizer.decode(&[97, 256]).expect_err("half");
    assert_eq!(error.kind(), ErrorKind::Utf8);
    assert!(error.to_string().contains("byte 1"), "{error}");
    assert_eq!(
        tokenizer.decode_lossy(&[97, 256]).expect("lossy"),
        "a\u{fffd}"
    );
}

#[test]
fn batches_keep_their_order() {
    let tokenizer = tokenizer();
    let rows: Vec<Vec<TokenId>> = (0..300).map(|at| vec![97 + at % 26; 1000]).collect();
    let expected: Vec<String> = rows
        .iter()
        .map(|row| tokenizer.decode(row).expect("text"))
        .collect();
    for threads in [0, 1, 3] {
        assert_eq!(
            tokenizer.decode_batch(&rows, threads).expect("text"),
            expected
        );
    }
    let mut wrong = rows;
    wrong[250] = vec![256];
    wrong[120] = vec![999];
    let error = tokenizer.decode_batch(&wrong, 2).expect_err("unknown");
    assert_eq!(error.kind(), ErrorKind::UnknownId);
    assert!(error.to_string().starts_with("item 120: "), "{error}");
}
