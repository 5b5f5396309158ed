//! `ironbpe encode`.

use std::io::Write;
use std::path::PathBuf;

use clap::ValueEnum;

use super::failure::Failure;
use super::{files, input, output};
use crate::{AllowedSpecial, DisallowedSpecial, TokenId, Tokenizer};

/// Encodes text as ids.
///
/// Each file, or standard input, is one text; its ids come in one line, separated by spaces.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    model: files::Model,
    /// The files; standard input where none is named, or for `-`.
    files: Vec<PathBuf>,
    /// Encodes each line by itself, without its end: a line of ids for each line of text.
    #[arg(long, conflicts_with = "binary")]
    lines: bool,
    /// Writes each id in a line of its own.
    #[arg(long, conflicts_with_all = ["lines", "binary", "count"])]
    one_per_line: bool,
    /// Writes ids as numbers of this width, little-endian, with nothing between.
    #[arg(long, value_name = "WIDTH", conflicts_with = "count")]
    binary: Option<Width>,
    /// Writes how many ids there are, not the ids.
    #[arg(long)]
    count: bool,
    /// What becomes of special tokens that stand in the text.
    #[arg(long, value_name = "WHAT", default_value = "refuse")]
    special: Special,
    /// Where to write; standard output where it is not given.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// The width of an id in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Width {
    /// Two bytes: ids below 65,536.
    U16,
    /// Four bytes.
    U32,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Special {
    /// It is an error.
    Refuse,
    /// They become their tokens.
    Allow,
    /// They are text like any other.
    Text,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let tokenizer = arguments.model.load()?;
    if arguments.binary == Some(Width::U16) && tokenizer.vocab_size() > 1 << 16 {
        return Err(Failure::usage(format!(
            "the vocabulary has ids up to {}, which two bytes do not hold; use --binary u32",
            tokenizer.vocab_size() - 1
        )));
    }
    output::write_to(arguments.output.as_deref(), |writer| {
        for path in input::sources(&arguments.files) {
            let text = input::read(&path)?;
            if arguments.lines {
                for line in lines(&text) {
                    one(&tokenizer, line, arguments, writer)?;
                }
            } else {
                one(&tokenizer, &text, arguments, writer)?;
            }
        }
        Ok(())
    })
}

/// The lines without their ends. After the last end there is none.
fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split_inclusive(|byte| *byte == b'\n').map(|line| {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        line.strip_suffix(b"\r").unwrap_or(line)
    })
}

fn one(
    tokenizer: &Tokenizer,
    text: &[u8],
    arguments: &Arguments,
    writer: &mut dyn Write,
) -> Result<(), Failure> {
    let ids = match arguments.special {
        Special::Refuse => {
            tokenizer.encode(text, &AllowedSpecial::None, &DisallowedSpecial::All)?
        }
        Special::Allow => tokenizer.encode(text, &AllowedSpecial::All, &DisallowedSpecial::None)?,
        Special::Text => tokenizer.encode_ordinary(text)?,
    };
    let written = if arguments.count {
        writeln!(writer, "{}", ids.len())
    } else if let Some(width) = arguments.binary {
        write_binary(&ids, width, writer)
    } else {
        write_text(
            &ids,
            if arguments.one_per_line { b'\n' } else { b' ' },
            writer,
        )
    };
    written.map_err(|error| match &arguments.output {
        Some(path) => Failure::at(path, &error),
        None => Failure::output(&error),
    })
}

fn write_text(ids: &[TokenId], separator: u8, writer: &mut dyn Write) -> std::io::Result<()> {
    let mut line = Vec::with_capacity(ids.len().min(1 << 20) * 6 + 1);
    for (place, id) in ids.iter().enumerate() {
        if place > 0 {
            line.push(separator);
        }
        write!(line, "{id}")?;
        if line.len() > 1 << 20 {
            writer.write_all(&line)?;
            line.clear();
        }
    }
    // Where each id has its line, a text of none has no line.
    if separator == b' ' || !ids.is_empty() {
        line.push(b'\n');
    }
    writer.write_all(&line)
}

fn write_binary(ids: &[TokenId], width: Width, writer: &mut dyn Write) -> std::io::Result<()> {
    for id in ids {
        let bytes = id.to_le_bytes();
        match width {
            // Whether they fit was asked of the vocabulary.
            Width::U16 => writer.write_all(&bytes[..2])?,
            Width::U32 => writer.write_all(&bytes)?,
        }
    }
    Ok(())
}
