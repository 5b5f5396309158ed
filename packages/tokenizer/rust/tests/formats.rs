//! Tokenizers go to files and come back as they were; what is no such file is an error.

use std::fs;

use ironbpe::{ErrorKind, Merges, Pattern, Specials, Tokenizer, Trainer, Vocabulary};
use proptest::prelude::*;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

const TEXT: &str = "the cat sat on the mat, and the other cat sat on that. Ça va, 数 数! ";

fn trained() -> Tokenizer {
    Trainer::new(300)
        .special_tokens(["<|end|>", "<|ende|>"])
        .train(TEXT.repeat(5))
        .expect("a text to train on")
}

fn ranked() -> Tokenizer {
    let vocabulary = trained().vocabulary().clone();
    let merges = Merges::from_ranks(&vocabulary);
    let pattern = Pattern::new(r"\w+|\W").expect("an expression");
    Tokenizer::from_parts(pattern, vocabulary, merges, Specials::default()).expect("its ranks")
}

fn no_panic(load: impl FnOnce() -> ironbpe::Result<Tokenizer>) {
    if let Ok(tokenizer) = load() {
        // What loads works.
        let ids = tokenizer.encode_ordinary(TEXT).unwrap_or_default();
        tokenizer.decode_bytes(&ids).expect("its own ids");
    }
}

#[test]
fn the_own_format_holds_everything() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("one.ironbpe");
    let whole = trained().merges().clone().with_whole_pieces(true);
    let whole = Tokenizer::from_parts(
        Pattern::gpt2(),
        trained().vocabulary().clone(),
        whole,
        Specials::new([("a b", 7000)]).expect("one"),
    );
    for tokenizer in [Tokenizer::new(), trained(), ranked(), whole.expect("parts")] {
        tokenizer.save(&path).expect("room on the disk");
        let loaded = Tokenizer::load(&path).expect("what was saved");
        assert_eq!(loaded, tokenizer);
        assert_eq!(
            loaded.encode_ordinary(TEXT).expect("no limits"),
            tokenizer.encode_ordinary(TEXT).expect("no limits"),
        );
    }
    let left = fs::read_dir(folder.path()).expect("the folder").count();
    assert_eq!(left, 1, "nothing else is left there");
}

#[test]
fn a_save_that_fails_leaves_the_old_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let missing = folder.path().join("missing").join("one.ironbpe");
    let error = trained().save(&missing).expect_err("no such folder");
    assert_eq!(error.kind(), ErrorKind::Io);
    assert_eq!(error.path(), Some(&*missing));
    let error = trained().save(folder.path()).expect_err("a folder");
    assert_eq!(error.kind(), ErrorKind::Io);
    let error = Tokenizer::load(&missing).expect_err("no such file");
    assert_eq!(error.kind(), ErrorKind::Io);
}

#[cfg(unix)]
#[test]
fn a_save_keeps_links_and_permissions() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let folder = tempfile::tempdir().expect("a folder");
    let (path, link) = (folder.path().join("one"), folder.path().join("link"));
    trained().save(&path).expect("room on the disk");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).expect("an own file");
    symlink(&path, &link).expect("a link");
    ranked().save(&link).expect("room on the disk");
    assert!(fs::symlink_metadata(&link).expect("the link").is_symlink());
    let mode = fs::metadata(&path).expect("the file").permissions().mode();
    assert_eq!(mode & 0o777, 0o640);
    assert_eq!(Tokenizer::load(&path).expect("what was saved"), ranked());
}

#[test]
fn what_is_cut_off_or_damaged_is_refused() {
    let bytes = trained().to_bytes();
    for end in 0..bytes.len() {
        let error = Tokenizer::from_bytes(&bytes[..end]).expect_err("cut off");
        assert_eq!(error.kind(), ErrorKind::Format);
        let mut damaged = bytes.clone();
        damaged[end] ^= 0x20;
        let error = Tokenizer::from_bytes(&damaged).expect_err("damaged");
        assert_eq!(error.kind(), ErrorKind::Format);
    }
    let mut newer = bytes;
    newer[8] = 2;
    let error = Tokenizer::from_bytes(&newer).expect_err("a version to come");
    assert!(error.to_string().contains("version 2"), "{error}");
}

#[test]
fn ranks_go_to_tiktoken_and_come_back() {
    let ranks = trained().to_tiktoken().expect("trained merges are by rank");
    let specials = trained().specials().clone();
    let loaded = Tokenizer::from_tiktoken(&ranks, Pattern::cl100k(), specials).expect("ranks");
    assert_eq!(loaded.vocabulary(), trained().vocabulary());
    let text = TEXT.replace('c', "th");
    assert_eq!(
        loaded.encode_ordinary(&text).expect("no limits"),
        trained().encode_ordinary(&text).expect("no limits"),
    );
    assert_eq!(loaded.to_tiktoken().expect("by rank"), ranks);
    let windows = ranks.replace('\n', "\r\n");
    let specials = trained().specials().clone();
    assert_eq!(
        Tokenizer::from_tiktoken(windows, Pattern::cl100k(), specials).expect("ranks"),
        loaded,
    );
}

#[test]
fn what_tiktoken_would_merge_otherwise_is_refused() {
    let bytes = (0..=u8::MAX).map(|byte| vec![byte]);
    let tokens = bytes.chain([b"ab".to_vec(), b"bc".to_vec(), b"abc".to_vec()]);
    let vocabulary = Vocabulary::from_tokens(tokens.zip(0..)).expect("each once");
    for pairs in [
        vec![(98, 99), (97, 98), (97, 257)],
        vec![(97, 98), (98, 99), (97, 257)],
        vec![(97, 98), (98, 99)],
        vec![(97, 98), (98, 99), (256, 99), (97, 257)],
    ] {
        let merges = Merges::from_pairs(&vocabulary, pairs).expect("pairs of it");
        let (pattern, specials) = (Pattern::cl100k(), Specials::default());
        let tokenizer = Tokenizer::from_parts(pattern, vocabulary.clone(), merges, specials);
        let error = tokenizer.expect("its merges").to_tiktoken();
        let kind = error.expect_err("other merges").kind();
        assert_eq!(kind, ErrorKind::Inexpressible);
    }
}

#[test]
fn a_bad_line_of_ranks_is_named() {
    let good = Tokenizer::new().to_tiktoken().expect("bytes");
    for (line, what) in [
        ("aGU=", "a token and a rank"),
        ("aGU= 256 7", "a token and a rank"),
        ("aGU 256", "no Base64"),
        ("aGU= -1", "no number"),
        ("aGU= 99999999999", "no number"),
    ] {
        let ranks = format!("{good}{line}\n");
        let error = Tokenizer::from_tiktoken(ranks, Pattern::gpt2(), Specials::default());
        let error = error.expect_err(line);
        assert_eq!(error.kind(), ErrorKind::Format);
        let message = error.to_string();
        assert!(
            message.contains("line 257") && message.contains(what),
            "{message}"
        );
    }
    for ranks in [
        "",
        "aGU= 4294967295\n",
        "AA== 0\nAA== 1\n",
        "AA== 0\nAQ== 0\n",
        " 0\n",
    ] {
        let error = Tokenizer::from_tiktoken(ranks, Pattern::gpt2(), Specials::default());
        assert_eq!(error.expect_err(ranks).kind(), ErrorKind::Format);
    }
}

#[test]
fn tokenizers_go_to_hugging_face_and_come_back() {
    let text = TEXT.replace('c', "th");
    for tokenizer in [Tokenizer::new(), trained(), ranked()] {
        let json = tokenizer.to_huggingface().expect("byte-level BPE");
        let loaded = Tokenizer::from_huggingface(&json).expect("what was written");
        assert_eq!(loaded.pattern(), tokenizer.pattern());
        assert_eq!(loaded.vocabulary(), tokenizer.vocabulary());
        assert_eq!(loaded.specials(), tokenizer.specials());
        assert_eq!(loaded.merges().pairs(), tokenizer.merges().pairs());
        assert_eq!(
            loaded.encode_ordinary(&text).expect("no limits"),
            tokenizer.encode_ordinary(&text).expect("no limits"),
        );
        assert_eq!(loaded.to_huggingface().expect("byte-level BPE"), json);
    }
}

#[test]
fn merges_may_be_pairs_and_splits_may_remove_the_rest() {
    let mut json: Value =
        serde_json::from_str(&trained().to_huggingface().expect("BPE")).expect("JSON");
    for merge in json["model"]["merges"].as_array_mut().expect("a list") {
        let pair: Vec<&str> = merge.as_str().expect("a text").split(' ').collect();
        *merge = json!(pair);
    }
    let split = &mut json["pre_tokenizer"]["pretokenizers"][0];
    split["behavior"] = json!("Removed");
    split["invert"] = json!(true);
    let loaded = Tokenizer::from_huggingface(json.to_string()).expect("the same");
    assert_eq!(loaded, trained());
    json["pre_tokenizer"]["pretokenizers"][0]["pattern"]["Regex"] = json!(r"\w+|\s+");
    let error = Tokenizer::from_huggingface(json.to_string()).expect_err("signs are removed");
    assert_eq!(error.kind(), ErrorKind::Inexpressible);
}

#[test]
fn what_would_change_the_ids_is_named() {
    let json: Value =
        serde_json::from_str(&trained().to_huggingface().expect("BPE")).expect("JSON");
    let level = "/pre_tokenizer/pretokenizers/1";
    for (path, value, name) in [
        ("/truncation", json!({"max_length": 5}), "`truncation`"),
        ("/padding", json!({"strategy": "BatchLongest"}), "`padding`"),
        ("/normalizer", json!({"type": "NFC"}), "NFC"),
        ("/pre_tokenizer", json!({"type": "Metaspace"}), "Metaspace"),
        ("/pre_tokenizer", json!(null), "`pre_tokenizer`"),
        (
            &format!("{level}/add_prefix_space"),
            json!(true),
            "add_prefix_space",
        ),
        (&format!("{level}/use_regex"), json!(true), "use_regex"),
        (
            "/pre_tokenizer/pretokenizers/0/behavior",
            json!("MergedWithNext"),
            "MergedWithNext",
        ),
        (
            "/pre_tokenizer/pretokenizers/0/pattern",
            json!({"String": " "}),
            "Regex",
        ),
        (
            "/pre_tokenizer/pretokenizers/0/pattern/Regex",
            json!("a{2}+|b"),
            "}+",
        ),
        (
            "/pre_tokenizer/pretokenizers/0/pattern/Regex",
            json!("[$]|a$"),
            "`$`",
        ),
        (
            "/post_processor",
            json!({"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "a"}}, {"Sequence": {"id": "A"}}]}),
            "TemplateProcessing",
        ),
        ("/decoder", json!({"type": "WordPiece"}), "WordPiece"),
        ("/model/type", json!("Unigram"), "Unigram"),
        ("/model/dropout", json!(0.1), "dropout"),
        ("/model/byte_fallback", json!(true), "byte_fallback"),
        (
            "/model/continuing_subword_prefix",
            json!("##"),
            "continuing_subword_prefix",
        ),
        (
            "/model/end_of_word_suffix",
            json!("</w>"),
            "end_of_word_suffix",
        ),
        (
            "/added_tokens/0/lstrip",
            json!(true),
            "added_tokens[0].lstrip",
        ),
    ] {
        let mut changed = json.clone();
        *changed.pointer_mut(path).expect(path) = value;
        let error = Tokenizer::from_huggingface(changed.to_string()).expect_err(path);
        assert_eq!(error.kind(), ErrorKind::Inexpressible, "{path}: {error}");
        assert!(error.to_string().contains(name), "{path}: {error}");
    }
    for (path, value, name) in [
        ("/model/merges/0", json!("a b c"), "model.merges[0]"),
        ("/model/merges/1", json!("Ġ none"), "model.merges[1]"),
        ("/model/vocab/a", json!("a"), "line"),
        ("/added_tokens/0/id", json!(5), "5"),
    ] {
        let mut changed = json.clone();
        *changed.pointer_mut(path).expect(path) = value;
        let error = Tokenizer::from_huggingface(changed.to_string()).expect_err(path);
        assert_eq!(error.kind(), ErrorKind::Format, "{path}: {error}");
        assert!(error.to_string().contains(name), "{path}: {error}");
    }
}

#[test]
fn a_special_token_spelled_as_another_is_refused() {
    let (vocabulary, merges) = (trained().vocabulary().clone(), trained().merges().clone());
    let specials = Specials::new([("Ġ", 9000)]).expect("one");
    let tokenizer = Tokenizer::from_parts(Pattern::gpt2(), vocabulary, merges, specials);
    let error = tokenizer
        .expect("parts")
        .to_huggingface()
        .expect_err("`Ġ` is a space");
    assert_eq!(error.kind(), ErrorKind::Inexpressible);
}

#[test]
fn tokenizers_go_to_gpt2_and_come_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let (vocab, merges) = (
        folder.path().join("vocab.json"),
        folder.path().join("merges.txt"),
    );
    let tokenizer = trained();
    tokenizer
        .to_gpt2_files(&vocab, &merges)
        .expect("listed merges");
    let load = |specials| Tokenizer::from_gpt2_files(&vocab, &merges, Pattern::cl100k(), specials);
    assert_eq!(load(tokenizer.specials().clone()).expect("both"), tokenizer);
    let text = fs::read_to_string(&merges).expect("the merges");
    assert!(text.starts_with("#version: 0.2\n"), "{text}");

    fs::write(&merges, text + "a b c\n").expect("room on the disk");
    let error = load(Specials::default()).expect_err("three tokens");
    let lines = tokenizer.merges().len() + 2;
    assert_eq!(error.path(), Some(&*merges));
    assert!(
        error.to_string().contains(&format!("line {lines} ")),
        "{error}"
    );
    fs::write(&vocab, "{\"a\": -1}").expect("room on the disk");
    let error = load(Specials::default()).expect_err("a negative id");
    assert_eq!(error.path(), Some(&*vocab));
}

#[test]
fn gpt2_has_no_whole_pieces() {
    let bytes = (0..=u8::MAX).map(|byte| vec![byte]);
    let vocabulary = Vocabulary::from_tokens(bytes.chain([b"abc".to_vec()]).zip(0..));
    let vocabulary = vocabulary.expect("each once");
    let merges = Merges::from_ranks(&vocabulary);
    let (pattern, specials) = (Pattern::gpt2(), Specials::default());
    let tokenizer = Tokenizer::from_parts(pattern, vocabulary, merges, specials).expect("ranks");
    let error = tokenizer.to_gpt2().expect_err("`abc` is made by no merge");
    assert_eq!(error.kind(), ErrorKind::Inexpressible);
    let json = tokenizer.to_huggingface().expect("`ignore_merges`");
    let loaded = Tokenizer::from_huggingface(json).expect("what was written");
    assert_eq!(
        loaded.encode_ordinary("abc dabc").expect("no limits"),
        [256, 32, 100, 97, 98, 99]
    );
}

/// Some bytes of valid data replaced, taken out or doubled.
fn mutated(bytes: &[u8], changes: &[(u16, u8, u8)]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for (place, what, byte) in changes {
        let at = usize::from(*place) % bytes.len().max(1);
        match what % 4 {
            0 if at < bytes.len() => bytes[at] = *byte,
            1 if at < bytes.len() => drop(bytes.remove(at)),
            2 => bytes.insert(at, *byte),
            _ => bytes.truncate(bytes.len() - usize::from(*byte) % (bytes.len() / 8 + 1)),
        }
    }
    bytes
}

fn changes() -> impl Strategy<Value = Vec<(u16, u8, u8)>> {
    prop::collection::vec(any::<(u16, u8, u8)>(), 1..4)
}

proptest! {
    #[test]
    fn mutated_own_data_do_no_harm(changes in changes()) {
        let bytes = trained().to_bytes();
        let mut bytes = mutated(&bytes[..bytes.len() - 32], &changes);
        bytes.extend_from_slice(&Sha256::digest(&bytes));
        no_panic(|| Tokenizer::from_bytes(&bytes));
    }

    #[test]
    fn mutated_ranks_do_no_harm(changes in changes()) {
        let ranks = trained().to_tiktoken().expect("trained merges are by rank");
        let ranks = mutated(ranks.as_bytes(), &changes);
        no_panic(|| Tokenizer::from_tiktoken(ranks, Pattern::gpt2(), Specials::default()));
    }

    #[test]
    fn mutated_json_does_no_harm(changes in changes()) {
        let json = trained().to_huggingface().expect("byte-level BPE");
        let json = mutated(json.as_bytes(), &changes);
        no_panic(|| Tokenizer::from_huggingface(json));
    }

    #[test]
    fn mutated_gpt2_files_do_no_harm(changes in changes(), in_merges in any::<bool>()) {
        let (vocab, merges) = trained().to_gpt2().expect("listed merges");
        let (mut vocab, mut merges) = (vocab.into_bytes(), merges.into_bytes());
        let which = if in_merges { &mut merges } else { &mut vocab };
        *which = mutated(which, &changes);
        no_panic(|| Tokenizer::from_gpt2(vocab, merges, Pattern::gpt2(), Specials::default()));
    }

    #[test]
    fn random_bytes_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(Tokenizer::from_bytes(&bytes).is_err());
        let ranks = Tokenizer::from_tiktoken(&bytes, Pattern::gpt2(), Specials::default());
        prop_assert!(ranks.is_err());
        prop_assert!(Tokenizer::from_huggingface(&bytes).is_err());
    }
}
