//! Reading it.

use serde::Deserialize;
use serde_json::Value;

use super::super::listed::{Listed, Vocab};
use super::super::{bad, oniguruma};
use crate::error::{Error, ErrorKind, Result};
use crate::pattern::Pattern;
use crate::specials::Specials;
use crate::tokenizer::Tokenizer;
use crate::vocabulary::TokenId;

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    truncation: Value,
    #[serde(default)]
    padding: Value,
    #[serde(default)]
    added_tokens: Vec<Added>,
    #[serde(default)]
    normalizer: Value,
    #[serde(default)]
    pre_tokenizer: Value,
    #[serde(default)]
    post_processor: Value,
    #[serde(default)]
    decoder: Value,
    model: Model,
}

#[derive(Deserialize)]
struct Added {
    id: TokenId,
    content: String,
    #[serde(default)]
    single_word: bool,
    #[serde(default)]
    lstrip: bool,
    #[serde(default)]
    rstrip: bool,
}

#[derive(Deserialize)]
struct Model {
    r#type: Option<String>,
    dropout: Option<f64>,
    continuing_subword_prefix: Option<String>,
    end_of_word_suffix: Option<String>,
    #[serde(default)]
    byte_fallback: bool,
    #[serde(default)]
    ignore_merges: bool,
    vocab: Vocab,
    #[serde(default)]
    merges: Option<Vec<Merge>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Merge {
    Text(String),
    Pair(String, String),
}

#[cold]
fn inexpressible(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Inexpressible, message)
}

pub(super) fn tokenizer(json: &[u8]) -> Result<Tokenizer> {
    let file: File = serde_json::from_slice(json).map_err(|error| {
        let message = format!("this is no tokenizer.json of BPE: {error}");
        bad(message).caused_by(error)
    })?;
    for (name, value) in [
        ("truncation", &file.truncation),
        ("padding", &file.padding),
        ("normalizer", &file.normalizer),
    ] {
        if !value.is_null() {
            let message = format!("`{name}` changes the ids: {}", brief(value));
            return Err(inexpressible(message).help("set it to null to load the rest"));
        }
    }
    let pattern = pattern(&file.pre_tokenizer)?;
    post_processor(&file.post_processor, "post_processor")?;
    decoder(&file.decoder)?;
    model(&file.model)?;
    let mut specials = Vec::with_capacity(file.added_tokens.len());
    for (at, added) in file.added_tokens.into_iter().enumerate() {
        for (name, set) in [
            ("single_word", added.single_word),
            ("lstrip", added.lstrip),
            ("rstrip", added.rstrip),
        ] {
            if set {
                let content = &added.content;
                return Err(inexpressible(format!(
                    "`added_tokens[{at}].{name}`, of {content:?}, takes or needs what stands around it"
                )));
            }
        }
        specials.push((added.content, added.id));
    }
    let listed = file.model.merges.unwrap_or_default();
    let mut merges = Vec::with_capacity(listed.len());
    for (at, merge) in listed.iter().enumerate() {
        merges.push(match merge {
            Merge::Pair(left, right) => (&**left, &**right),
            Merge::Text(text) => match text.split_once(' ') {
                Some((left, right)) if !right.contains(' ') => (left, right),
                _ => {
                    let message = format!("`model.merges[{at}]` is no two tokens: {text:?}");
                    return Err(bad(message));
                }
            },
        });
    }
    let listed = Listed {
        vocab: file.model.vocab.0,
        merges,
        whole_pieces: file.model.ignore_merges,
        specials: Specials::new(specials)
            .map_err(|error| bad(format!("`added_tokens`: {error}")))?,
    };
    listed.tokenizer(pattern, |at| format!("`model.merges[{at}]`"))
}

fn model(model: &Model) -> Result<()> {
    if let Some(kind) = model.r#type.as_deref().filter(|kind| *kind != "BPE") {
        return Err(inexpressible(format!(
            "`model.type` is {kind:?}, not \"BPE\""
        )));
    }
    let set = |text: &Option<String>| text.as_ref().is_some_and(|text| !text.is_empty());
    for (name, set) in [
        ("dropout", model.dropout.is_some_and(|rate| rate != 0.0)),
        ("byte_fallback", model.byte_fallback),
        (
            "continuing_subword_prefix",
            set(&model.continuing_subword_prefix),
        ),
        ("end_of_word_suffix", set(&model.end_of_word_suffix)),
    ] {
        if set {
            return Err(inexpressible(format!(
                "`model.{name}` is set, which byte-level BPE has not"
            )));
        }
    }
    Ok(())
}

/// What a part is, in short.
fn brief(value: &Value) -> String {
    match kind(value) {
        "" => {
            let text = value.to_string();
            text.chars().take(60).collect()
        }
        kind => kind.to_owned(),
    }
}

fn kind(value: &Value) -> &str {
    value["type"].as_str().unwrap_or_default()
}

/// A flag, where it is there.
fn flag(value: &Value, name: &str) -> Option<bool> {
    value[name].as_bool()
}

fn pattern(value: &Value) -> Result<Pattern> {
    let refuse = || {
        let message = format!(
            "`pre_tokenizer` is {}, not byte level, alone or after one split",
            brief(value)
        );
        Err(inexpressible(message))
    };
    let byte_level = |value: &Value, path: &str| {
        if flag(value, "add_prefix_space") != Some(false) {
            let message = format!("`{path}.add_prefix_space` is not false: it changes the ids");
            return Err(inexpressible(message));
        }
        Ok(flag(value, "use_regex").unwrap_or(true))
    };
    match kind(value) {
        "ByteLevel" => {
            if !byte_level(value, "pre_tokenizer")? {
                // One piece, whatever it is.
                return Pattern::new(r"[\s\S]+");
            }
            Ok(Pattern::gpt2())
        }
        "Sequence" => match value["pretokenizers"].as_array().map(Vec::as_slice) {
            Some([split, level]) if kind(split) == "Split" && kind(level) == "ByteLevel" => {
                if byte_level(level, "pre_tokenizer.pretokenizers[1]")? {
                    return Err(inexpressible(
                        "`pre_tokenizer.pretokenizers[1].use_regex` is not false: text is cut twice",
                    ));
                }
                self::split(split)
            }
            _ => refuse(),
        },
        _ => refuse(),
    }
}

fn split(value: &Value) -> Result<Pattern> {
    let path = "pre_tokenizer.pretokenizers[0]";
    let behavior = value["behavior"].as_str().unwrap_or_default();
    match (behavior, flag(value, "invert").unwrap_or(false)) {
        ("Isolated", _) | ("Removed", true) => {}
        (_, invert) => {
            let message = format!("`{path}.behavior` is {behavior:?}, `invert` is {invert}");
            return Err(inexpressible(message));
        }
    }
    match value["pattern"]["Regex"].as_str() {
        Some(regex) => {
            let pattern = oniguruma::read(regex)?;
            if behavior == "Removed" && leaves_gaps(regex) {
                let message =
                    format!("`{path}.behavior` removes text that {regex:?} does not match");
                return Err(inexpressible(message));
            }
            Ok(pattern)
        }
        None => Err(inexpressible(format!("`{path}.pattern` is no `Regex`"))),
    }
}

/// Whether an expression leaves out some of a text that has letters, digits, signs and white space of many scripts.
fn leaves_gaps(regex: &str) -> bool {
    let Ok(regex) = fancy_regex::Regex::new(regex) else {
        return true;
    };
    let chars = ('\0'..'\u{3100}').flat_map(|char| [char, ' ', char, 'a', char, '\n']);
    let text: String = chars.collect();
    let mut end = 0;
    for found in regex.find_iter(&text) {
        match found {
            Ok(found) if found.start() == end => end = found.end(),
            _ => return true,
        }
    }
    end != text.len()
}

fn post_processor(value: &Value, path: &str) -> Result<()> {
    let adds_none = match kind(value) {
        "" => value.is_null(),
        "ByteLevel" => true,
        "TemplateProcessing" => value["single"]
            .as_array()
            .is_some_and(|all| all.len() == 1 && all[0]["Sequence"].is_object()),
        "Sequence" => {
            let all = value["processors"].as_array().map(Vec::as_slice);
            for (at, one) in all.unwrap_or_default().iter().enumerate() {
                post_processor(one, &format!("{path}.processors[{at}]"))?;
            }
            true
        }
        _ => false,
    };
    if adds_none {
        return Ok(());
    }
    let message = format!(
        "`{path}` is {}, which adds tokens to each text",
        brief(value)
    );
    Err(inexpressible(message)
        .help("set it to null to load the rest, and add them where they are wanted"))
}

fn decoder(value: &Value) -> Result<()> {
    let fits = match kind(value) {
        "" => value.is_null(),
        "ByteLevel" => true,
        "Sequence" => value["decoders"]
            .as_array()
            .is_some_and(|all| all.iter().all(|one| kind(one) == "ByteLevel")),
        _ => false,
    };
    if fits {
        return Ok(());
    }
    let message = format!("`decoder` is {}, not byte level", brief(value));
    Err(inexpressible(message))
}
