//! Moving tokenizers to and from files.
//!
//! | format | read | written |
//! |---|---|---|
//! | its own | [`Tokenizer::load`], [`Tokenizer::from_bytes`] | [`Tokenizer::save`], [`Tokenizer::to_bytes`] |
//! | tiktoken's ranks | [`Tokenizer::from_tiktoken`] | [`Tokenizer::to_tiktoken`] |
//! | Hugging Face's `tokenizer.json` | [`Tokenizer::from_huggingface`] | [`Tokenizer::to_huggingface`] |
//! | GPT-2's `vocab.json` and `merges.txt` | [`Tokenizer::from_gpt2`] | [`Tokenizer::to_gpt2`] |
//!
//! What is read never gives other ids than where it comes from: what cannot be held is
//! [`ErrorKind::Inexpressible`], and names itself.
//!
//! # Its own format
//!
//! It holds all that a tokenizer is. Numbers are unsigned and in base 128, the lowest seven bits first, with the highest bit of
//! each byte but the last set. A text is its length in bytes and its bytes.
//!
//! | part | what it is |
//! |---|---|
//! | mark | the 8 bytes `89 69 72 6f 6e 62 70 65`, which are `\x89ironbpe` |
//! | version | one byte, 1 |
//! | flags | one byte: 1 if the merges are by rank, 2 if a piece that is a token becomes it in any case |
//! | pattern | its regular expression, a text |
//! | tokens | their number; for each, by ascending id, its distance from the id after the one before, and its bytes as a text |
//! | merges | their number; for each, in order, the id to the left and the id to the right; none if they are by rank |
//! | special tokens | their number; for each, by ascending id, as for tokens |
//! | checksum | 32 bytes: SHA-256 of all before |
//!
//! A version that is not known is refused, as is anything that contradicts itself.

mod byte_level;
mod files;
mod gpt2;
mod huggingface;
mod listed;
mod oniguruma;
mod own;
mod tiktoken;

use std::path::Path;

use crate::error::{Error, ErrorKind, Result};
#[cfg(doc)]
use crate::tokenizer::Tokenizer;

/// An error of what was loaded.
#[cold]
fn bad(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Format, message)
}

/// Some of what was found, to show.
fn shown(bytes: &[u8]) -> String {
    const MOST: usize = 60;
    let start = bytes[..bytes.len().min(MOST)].escape_ascii();
    let more = if bytes.len() > MOST { "…" } else { "" };
    format!("\"{start}{more}\"")
}

/// Loads a file by what loads its bytes.
fn from_file<T>(path: &Path, load: impl FnOnce(&[u8]) -> Result<T>) -> Result<T> {
    load(&files::read(path)?).map_err(|error| error.at(path))
}
