//! Writing it.

use serde::Serialize;
use serde_json::{Value, json};

use super::super::listed::{self, Vocab};
use super::super::oniguruma;
use crate::error::{Error, ErrorKind, Result};
use crate::pattern::Pattern;
use crate::tokenizer::Tokenizer;

#[derive(Serialize)]
struct File {
    version: &'static str,
    truncation: Option<()>,
    padding: Option<()>,
    added_tokens: Vec<Value>,
    normalizer: Option<()>,
    pre_tokenizer: Value,
    post_processor: Option<()>,
    decoder: Value,
    model: Model,
}

#[derive(Serialize)]
struct Model {
    r#type: &'static str,
    dropout: Option<()>,
    unk_token: Option<()>,
    continuing_subword_prefix: Option<()>,
    end_of_word_suffix: Option<()>,
    fuse_unk: bool,
    byte_fallback: bool,
    ignore_merges: bool,
    vocab: Vocab,
    merges: Vec<String>,
}

/// Byte level in a pre-tokenizer or a decoder.
fn byte_level(use_regex: bool) -> Value {
    json!({"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": use_regex})
}

pub(super) fn json(tokenizer: &Tokenizer) -> Result<String> {
    let pattern = tokenizer.pattern();
    let pre_tokenizer = if *pattern == Pattern::gpt2() {
        byte_level(true)
    } else {
        let regex = oniguruma::write(pattern)?;
        let split = json!({
            "type": "Split", "pattern": {"Regex": regex}, "behavior": "Isolated", "invert": false,
        });
        json!({"type": "Sequence", "pretokenizers": [split, byte_level(false)]})
    };
    // Hugging Face gives ids to added tokens by itself, but for those that the vocabulary has.
    let added = tokenizer.specials().iter().map(|(id, text)| {
        json!({
            "id": id, "content": text, "single_word": false, "lstrip": false, "rstrip": false,
            "normalized": false, "special": true,
        })
    });
    let file = File {
        version: "1.0",
        truncation: None,
        padding: None,
        added_tokens: added.collect(),
        normalizer: None,
        pre_tokenizer,
        post_processor: None,
        decoder: byte_level(true),
        model: Model {
            r#type: "BPE",
            dropout: None,
            unk_token: None,
            continuing_subword_prefix: None,
            end_of_word_suffix: None,
            fuse_unk: false,
            byte_fallback: false,
            ignore_merges: tokenizer.merges().whole_pieces(),
            vocab: Vocab(listed::vocab(tokenizer)?),
            merges: listed::merges(tokenizer)?,
        },
    };
    serde_json::to_string_pretty(&file).map_err(|error| {
        let message = format!("it cannot be written as JSON: {error}");
        Error::new(ErrorKind::Inexpressible, message)
    })
}
