//! Training, against a plain recount after each merge.

#![allow(clippy::unwrap_used, reason = "a test that fails says where")]

use std::collections::BTreeMap;
use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use ironbpe::{ErrorKind, Pattern, Stage, TokenId, Tokenizer, Trainer};
use proptest::prelude::*;

/// The merges, by counting all pairs anew each time.
fn reference(texts: &[&str], pattern: &Pattern, most: usize, least: u64) -> Vec<(u32, u32)> {
    let mut words: BTreeMap<Vec<u32>, u64> = BTreeMap::new();
    for text in texts {
        for piece in pattern.split(text) {
            let bytes = piece.unwrap().bytes().map(u32::from).collect();
            *words.entry(bytes).or_default() += 1;
        }
    }
    let mut words: Vec<(Vec<u32>, u64)> = words.into_iter().collect();
    let mut merges = Vec::new();
    while 256 + merges.len() < most {
        let mut counts: BTreeMap<(u32, u32), u64> = BTreeMap::new();
        for (word, count) in &words {
            for pair in word.windows(2) {
                *counts.entry((pair[0], pair[1])).or_default() += count;
            }
        }
        // The last of the greatest by this order: the lower pair is the greater.
        let best = counts
            .into_iter()
            .max_by_key(|(pair, count)| (*count, std::cmp::Reverse(*pair)));
        let Some((pair, count)) = best else { break };
        if count < least {
            break;
        }
        let id = 256 + u32::try_from(merges.len()).unwrap();
        merges.push(pair);
        for (word, _) in &mut words {
            let mut at = 0;
            while at + 1 < word.len() {
                if (word[at], word[at + 1]) == pair {
                    word.splice(at..at + 2, [id]);
                }
                at += 1;
            }
        }
    }
    merges
}

fn merges(tokenizer: &Tokenizer) -> Vec<(TokenId, TokenId)> {
    tokenizer.merges().pairs().to_vec()
}

fn threads(count: usize) -> NonZero<usize> {
    NonZero::new(count).unwrap()
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ab]{0,60}",
        "[abc ]{0,120}",
        "(a{1,9} ?){0,12}",
        "([a-f]{1,6}[ \n.']){0,30}",
        "\\PC{0,40}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn merges_are_those_of_a_plain_recount(
        texts in prop::collection::vec(text(), 1..5),
        more in 0..60_usize,
        least in 1..4_u64,
        name in 0..3_usize,
    ) {
        let pattern = [Pattern::gpt2(), Pattern::cl100k(), Pattern::o200k()][name].clone();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let expected = reference(&texts, &pattern, 256 + more, least);
        let mut training = Trainer::new(256 + more)
            .pattern(pattern)
            .min_frequency(least)
            .start()?;
        for text in &texts {
            training.feed(text)?;
        }
        let tokenizer = training.finish()?;
        prop_assert_eq!(merges(&tokenizer), expected);
        for text in texts {
            let ids = tokenizer.encode_ordinary(text)?;
            prop_assert_eq!(tokenizer.decode(&ids)?, text);
        }
    }
}

/// Real text: the sources of this crate, many times over, so that it is long enough to be shared out.
fn sources() -> String {
    let mut text = String::new();
    for folder in ["src", "src/train", "src/pattern", "src/encode"] {
        let mut files: Vec<_> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.is_file())
            .collect();
        files.sort();
        for file in files {
            text += &std::fs::read_to_string(file).unwrap();
        }
    }
    text.repeat(20)
}

#[test]
fn threads_files_and_parts_change_nothing() {
    let text = sources();
    assert!(text.len() > 2 << 20);
    let one = Trainer::new(2000).threads(threads(1)).train(&text).unwrap();
    assert_eq!(one.len(), 2000);
    let three = Trainer::new(2000).threads(threads(3)).train(&text).unwrap();
    assert_eq!(merges(&one), merges(&three));
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("text");
    std::fs::write(&path, &text).unwrap();
    let file = Trainer::new(2000).train_files([&path]).unwrap();
    assert_eq!(merges(&one), merges(&file));
    let custom = Pattern::new(&format!("(?:{})", Pattern::cl100k().as_str())).unwrap();
    let custom = Trainer::new(2000).pattern(custom).train(&text).unwrap();
    assert_eq!(merges(&one), merges(&custom));
}

#[test]
fn special_tokens_have_the_last_ids() {
    let trainer = Trainer::new(260).special_tokens(["<|end|>", "<|pad|>"]);
    let tokenizer = trainer.train("aaaa bbbb aaaa bbbb").unwrap();
    assert_eq!(tokenizer.len(), 260);
    assert_eq!(tokenizer.merges().len(), 2);
    assert_eq!(tokenizer.specials().id("<|end|>"), Some(258));
    assert_eq!(tokenizer.specials().id("<|pad|>"), Some(259));
}

#[test]
fn a_text_with_too_few_pairs_gives_fewer_tokens() {
    let tokenizer = Trainer::new(1000)
        .special_tokens(["<s>"])
        .train("ab")
        .unwrap();
    assert_eq!((tokenizer.len(), tokenizer.merges().len()), (258, 1));
    assert_eq!(tokenizer.specials().id("<s>"), Some(257));
    assert!(Trainer::new(1000).train("").unwrap().merges().is_empty());
    let rare = Trainer::new(1000)
        .min_frequency(2)
        .train("ab cd ab")
        .unwrap();
    assert_eq!(rare.merges().pairs(), [(97, 98)]);
}

#[test]
fn settings_that_make_no_sense_are_refused() {
    let refused = |trainer: Trainer| trainer.train("text").unwrap_err();
    for (trainer, part) in [
        (Trainer::new(0), "a vocabulary of 0"),
        (
            Trainer::new(257).special_tokens(["a", "b"]),
            "2 special tokens",
        ),
        (
            Trainer::new(1000).special_tokens(["a", "a"]),
            "\"a\" has the ids",
        ),
        (Trainer::new(1000).special_tokens([""]), "empty"),
        (Trainer::new(1 << 33), "32 bits"),
    ] {
        let error = refused(trainer);
        assert_eq!(error.kind(), ErrorKind::Setting);
        assert!(error.to_string().contains(part), "{error}");
    }
    let error = Trainer::new(300).train_files(["no/such/file"]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io);
    assert!(error.to_string().starts_with("no/such/file: "), "{error}");
}

#[test]
fn repeats_take_no_quadratic_time() {
    for unit in ["a", " ", "\n", "ab", "'"] {
        let text = unit.repeat((1 << 20) / unit.len());
        let tokenizer = Trainer::new(400).train(&text).unwrap();
        assert_eq!(
            tokenizer
                .decode(&tokenizer.encode_ordinary(&text).unwrap())
                .unwrap(),
            text
        );
    }
}

#[test]
fn bytes_that_are_no_text_are_trained_on() {
    let tokenizer = Trainer::new(258)
        .train(b"\xff\xfe\xff\xfe \xff\xfe")
        .unwrap();
    assert_eq!(tokenizer.id_to_token(256), Some(&b"\xff\xfe"[..]));
}

#[test]
fn progress_is_told_and_it_stops_when_asked() {
    let text = sources();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&seen);
    let trainer = Trainer::new(3000).progress(move |progress| told.lock().unwrap().push(progress));
    trainer.train(&text).unwrap();
    let seen = seen.lock().unwrap();
    assert_eq!(seen[0].stage, Stage::Counting);
    assert_eq!(seen[0].total, Some(text.len() as u64));
    assert!(seen.is_sorted_by_key(|progress| (progress.stage == Stage::Merging, progress.done)));

    for after in [0, 1, 2] {
        let asked = AtomicUsize::new(0);
        let trainer =
            Trainer::new(50_000).stop_when(move || asked.fetch_add(1, Ordering::Relaxed) >= after);
        let error = trainer.train(text.repeat(4)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Interrupted);
    }
}
