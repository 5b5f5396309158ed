//! `ironbpe info`.

use std::fmt::Write as _;
use std::path::PathBuf;

use serde_json::json;

use super::failure::Failure;
use super::{files, output};
use crate::{TokenId, Tokenizer};

/// Tells what a tokenizer is made of.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The tokenizer's file.
    #[arg(value_name = "TOKENIZER")]
    path: PathBuf,
    #[command(flatten)]
    about: files::About,
    /// Writes JSON.
    #[arg(long)]
    json: bool,
    /// How many of the longest tokens are listed.
    #[arg(long, value_name = "NUMBER", default_value_t = 10)]
    longest: usize,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let tokenizer = arguments.about.load(&arguments.path)?;
    let longest = longest(&tokenizer, arguments.longest);
    let text = if arguments.json {
        as_json(&tokenizer, &longest)
    } else {
        as_text(&tokenizer, &longest)
    };
    output::write_to(None, |writer| {
        writer
            .write_all(text.as_bytes())
            .map_err(|error| Failure::output(&error))
    })
}

/// The longest tokens, the lower id first where they are alike.
fn longest(tokenizer: &Tokenizer, count: usize) -> Vec<(TokenId, &[u8])> {
    let mut tokens: Vec<(TokenId, &[u8])> = tokenizer.vocabulary().iter().collect();
    tokens.sort_by_key(|(id, bytes)| (std::cmp::Reverse(bytes.len()), *id));
    tokens.truncate(count);
    tokens
}

fn as_json(tokenizer: &Tokenizer, longest: &[(TokenId, &[u8])]) -> String {
    let pattern = tokenizer.pattern();
    let specials: serde_json::Map<_, _> = tokenizer
        .specials()
        .iter()
        .map(|(id, text)| (text.to_owned(), json!(id)))
        .collect();
    let longest: Vec<_> = longest
        .iter()
        .map(|(id, bytes)| json!({ "id": id, "bytes": bytes, "text": String::from_utf8_lossy(bytes) }))
        .collect();
    let value = json!({
        "tokens": tokenizer.len(),
        "vocab_size": tokenizer.vocab_size(),
        "merges": tokenizer.merges().len(),
        "pattern": { "name": pattern.name(), "regex": pattern.as_str() },
        "special_tokens": specials,
        "longest": longest,
    });
    format!("{value:#}\n")
}

fn as_text(tokenizer: &Tokenizer, longest: &[(TokenId, &[u8])]) -> String {
    let pattern = tokenizer.pattern();
    let mut text = String::new();
    // Writing to a string does not fail.
    let _ = writeln!(text, "tokens      {}", tokenizer.len());
    let _ = writeln!(text, "vocab size  {}", tokenizer.vocab_size());
    let _ = writeln!(text, "merges      {}", tokenizer.merges().len());
    let _ = writeln!(
        text,
        "pattern     {}",
        pattern.name().unwrap_or(pattern.as_str())
    );
    let _ = writeln!(text, "special     {}", tokenizer.specials().len());
    for (id, special) in tokenizer.specials().iter() {
        let _ = writeln!(text, "  {id:>8}  {special:?}");
    }
    let _ = writeln!(text, "longest");
    for (id, bytes) in longest {
        let shown = match std::str::from_utf8(bytes) {
            Ok(token) => format!("{token:?}"),
            Err(_) => format!("b\"{}\"", bytes.escape_ascii()),
        };
        let _ = writeln!(text, "  {id:>8}  {shown}");
    }
    text
}
