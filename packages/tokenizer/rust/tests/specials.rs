//! Special tokens: which are found, and where they are refused.

use ironbpe::{
    AllowedSpecial, DisallowedSpecial, EncodeOptions, ErrorKind, Merges, Pattern, Specials,
    TokenId, Tokenizer, Vocabulary,
};
use proptest::prelude::*;

const NAMES: [&str; 6] = ["<a>", "<a>b", "a>b<", "<a><a>", "é", "b"];

fn tokenizer() -> Tokenizer {
    let vocabulary = Vocabulary::of_bytes();
    let merges = Merges::from_ranks(&vocabulary);
    let specials = Specials::new(NAMES.into_iter().zip(300..)).expect("each once");
    Tokenizer::from_parts(Pattern::gpt2(), vocabulary, merges, specials).expect("made so")
}

/// The leftmost, and of those at one place the longest.
fn plain(text: &str, allowed: &[&str]) -> Vec<TokenId> {
    let mut ids = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        let found = NAMES
            .iter()
            .zip(300..)
            .filter(|(name, _)| allowed.contains(name) && rest.starts_with(name.as_bytes()))
            .max_by_key(|(name, _)| name.len());
        if let Some((name, id)) = found {
            ids.push(id);
            rest = &rest[name.len()..];
        } else {
            ids.push(TokenId::from(*first));
            rest = behind;
        }
    }
    ids
}

proptest! {
    #[test]
    fn the_leftmost_and_longest_that_are_allowed_become_tokens(
        text in "[<a>bé]{0,24}",
        allowed in prop::sample::subsequence(NAMES.to_vec(), 0..=NAMES.len()),
    ) {
        let tokenizer = tokenizer();
        let set = AllowedSpecial::Set(&allowed);
        let ids = tokenizer.encode(&text, &set, &DisallowedSpecial::None).expect("allowed");
        prop_assert_eq!(&ids, &plain(&text, &allowed));
        prop_assert_eq!(tokenizer.decode(&ids).expect("text"), &*text);

        let options = EncodeOptions::ordinary().allowed(set);
        let encoding = tokenizer.encode_with_offsets(&text, &options).expect("allowed");
        prop_assert_eq!(&encoding.ids, &ids);
        for (id, range) in ids.iter().zip(&encoding.offsets) {
            prop_assert_eq!(tokenizer.id_to_token(*id), Some(&text.as_bytes()[range.clone()]));
        }
        let places: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
        for (bytes, chars) in encoding.offsets.iter().zip(encoding.char_offsets(&text)) {
            let start = places.iter().filter(|at| **at <= bytes.start).count() - 1;
            let end = places.iter().filter(|at| **at < bytes.end).count();
            prop_assert_eq!(chars, start..end);
        }
        prop_assert_eq!(tokenizer.count_tokens(&text, &options).expect("allowed"), ids.len());
    }

    #[test]
    fn what_is_not_allowed_is_refused(
        text in "[<a>bé]{0,24}",
        allowed in prop::sample::subsequence(NAMES.to_vec(), 0..=NAMES.len()),
    ) {
        let tokenizer = tokenizer();
        let set = AllowedSpecial::Set(&allowed);
        let there = NAMES
            .iter()
            .filter(|name| !allowed.contains(name))
            .filter_map(|name| Some((text.find(name)?, name)))
            .min_by_key(|(at, name)| (*at, std::cmp::Reverse(name.len())));
        match (tokenizer.encode(&text, &set, &DisallowedSpecial::All), there) {
            (Ok(ids), None) => prop_assert_eq!(ids, plain(&text, &allowed)),
            (Err(error), Some((at, name))) => {
                prop_assert_eq!(error.kind(), ErrorKind::DisallowedSpecial);
                let expected = format!("the special token {name:?} stands at byte {at} ");
                prop_assert!(error.to_string().starts_with(&expected), "{}", error);
            }
            (found, expected) => prop_assert!(false, "{found:?}, not {expected:?}"),
        }
    }
}

#[test]
fn by_default_all_are_disallowed() {
    let tokenizer = tokenizer();
    let error = tokenizer
        .count_tokens("x <a>", &EncodeOptions::default())
        .expect_err("disallowed");
    assert_eq!(error.kind(), ErrorKind::DisallowedSpecial);
    let ids = tokenizer.encode_ordinary("<a>").expect("text");
    assert_eq!(ids, b"<a>".map(TokenId::from));
}

#[test]
fn texts_may_be_disallowed_that_are_no_special_tokens() {
    let disallowed = DisallowedSpecial::Set(&["", "zz", "z"]);
    let error = tokenizer()
        .encode("xzzé", &AllowedSpecial::All, &disallowed)
        .expect_err("disallowed");
    assert!(
        error.to_string().contains("\"zz\" stands at byte 1 "),
        "{error}"
    );
    let ids = tokenizer()
        .encode("é", &AllowedSpecial::All, &disallowed)
        .expect("allowed");
    assert_eq!(ids, [304]);
}

#[test]
fn special_tokens_come_each_once() {
    for wrong in [
        vec![("", 1)],
        vec![("a", 1), ("b", 1)],
        vec![("a", 1), ("a", 2)],
    ] {
        let error = Specials::new(wrong).expect_err("wrong");
        assert_eq!(error.kind(), ErrorKind::Setting);
    }
    let vocabulary = Vocabulary::of_bytes();
    let merges = Merges::from_ranks(&vocabulary);
    let specials = Specials::new([("<a>", 97)]).expect("one");
    let error = Tokenizer::from_parts(Pattern::gpt2(), vocabulary, merges, specials)
        .expect_err("the id of a byte");
    assert_eq!(error.kind(), ErrorKind::Format);
}

#[test]
fn tokens_are_found_by_their_ids_and_ids_by_tokens() {
    let tokenizer = tokenizer();
    assert_eq!((tokenizer.len(), tokenizer.vocab_size()), (262, 306));
    assert_eq!(tokenizer.token_to_id("<a>"), Some(300));
    assert_eq!(tokenizer.token_to_id("a"), Some(97));
    // The byte is a token as well as a special one.
    assert_eq!(tokenizer.token_to_id("b"), Some(98));
    assert_eq!(tokenizer.token_to_id(b"\xff"), Some(255));
    assert_eq!(tokenizer.token_to_id("aa"), None);
    assert_eq!(tokenizer.id_to_token(301), Some(&b"<a>b"[..]));
    assert_eq!(tokenizer.id_to_token(299), None);
}
