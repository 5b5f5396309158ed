//! Tokenizers' files: their formats, reading and writing.

use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use clap::ValueEnum;

use super::failure::Failure;
use crate::{Merges, Pattern, Specials, TokenId, Tokenizer, Vocabulary};

/// The formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// A line for each token and its rank, `NAME.tiktoken`; pattern and special tokens stand elsewhere.
    Tiktoken,
}

impl Format {
    /// That of a file, by its name.
    pub(super) fn of(path: &Path) -> Result<Self, Failure> {
        let extension = path.extension().unwrap_or_default();
        match extension.to_str() {
            Some("tiktoken") => Ok(Self::Tiktoken),
            _ => Err(Failure::usage(format!(
                "{}: the name does not tell the format; name it .tiktoken, or say the format",
                path.display()
            ))),
        }
    }
}

/// What a tokenizer's file is, and what it does not say itself.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct About {
    /// The format of the tokenizer's file, where its name does not tell.
    #[arg(long, value_name = "FORMAT")]
    format: Option<Format>,
    /// The pattern, for a file that has none: gpt2, cl100k, o200k or a regular expression.
    #[arg(long)]
    pattern: Option<String>,
    /// A special token and its id, for a file that has none; may be given again.
    #[arg(long = "special-token", value_name = "TEXT=ID", value_parser = special)]
    specials: Vec<(String, TokenId)>,
}

/// The tokenizer that a command works with.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Model {
    /// The tokenizer's file.
    #[arg(short = 't', long = "tokenizer", value_name = "FILE")]
    path: PathBuf,
    #[command(flatten)]
    about: About,
}

fn special(text: &str) -> Result<(String, TokenId), String> {
    let (token, id) = text.rsplit_once('=').ok_or("there is no `=`")?;
    let id = id
        .parse()
        .map_err(|error| format!("`{id}` is no id: {error}"))?;
    Ok((token.to_owned(), id))
}

impl Model {
    pub(super) fn load(&self) -> Result<Tokenizer, Failure> {
        self.about.load(&self.path)
    }
}

/// A pattern by its name or its regular expression.
pub(super) fn pattern(text: &str) -> Result<Pattern, Failure> {
    match text {
        "gpt2" => Ok(Pattern::gpt2()),
        "cl100k" => Ok(Pattern::cl100k()),
        "o200k" => Ok(Pattern::o200k()),
        regex => Ok(Pattern::new(regex)?),
    }
}

impl About {
    pub(super) fn load(&self, path: &Path) -> Result<Tokenizer, Failure> {
        let format = self.format.map_or_else(|| Format::of(path), Ok)?;
        let bytes = std::fs::read(path).map_err(|error| Failure::at(path, &error))?;
        match format {
            Format::Tiktoken => {
                let pattern = self.required_pattern(path)?;
                let vocabulary = Vocabulary::from_tokens(ranks(path, &bytes)?)
                    .map_err(|error| Failure::from(error.at(path)))?;
                let merges = Merges::from_ranks(&vocabulary);
                let specials = Specials::new(self.specials.iter().map(|(text, id)| (text, *id)))?;
                Tokenizer::from_parts(pattern, vocabulary, merges, specials)
                    .map_err(|error| error.at(path).into())
            }
        }
    }

    /// The pattern that is given, or the one that the name of the file tells.
    fn required_pattern(&self, path: &Path) -> Result<Pattern, Failure> {
        if let Some(text) = &self.pattern {
            return pattern(text);
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let known = [
            ("cl100k", "cl100k"),
            ("o200k", "o200k"),
            ("r50k", "gpt2"),
            ("p50k", "gpt2"),
            ("gpt2", "gpt2"),
        ];
        match known.iter().find(|(part, _)| name.contains(part)) {
            Some((_, named)) => pattern(named),
            None => Err(Failure::usage(format!(
                "{}: ranks tell no pattern; say which with --pattern gpt2, cl100k, o200k or a regular expression",
                path.display()
            ))),
        }
    }
}

/// The tokens of a file of ranks: in each line a token in base64 and its rank.
fn ranks(path: &Path, bytes: &[u8]) -> Result<Vec<(Vec<u8>, TokenId)>, Failure> {
    let lines = bytes.split(|byte| *byte == b'\n').enumerate();
    lines
        .filter(|(_, line)| !line.trim_ascii().is_empty())
        .map(|(number, line)| {
            let rank = || {
                let (token, rank) = std::str::from_utf8(line).ok()?.trim().split_once(' ')?;
                Some((STANDARD.decode(token).ok()?, rank.parse().ok()?))
            };
            rank().ok_or_else(|| {
                Failure::failed(format!(
                    "{}: line {} is no token in base64 and its rank",
                    path.display(),
                    number + 1
                ))
            })
        })
        .collect()
}
