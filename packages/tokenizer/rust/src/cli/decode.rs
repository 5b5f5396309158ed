//! `ironbpe decode`.

use std::path::{Path, PathBuf};

use super::encode::Width;
use super::failure::Failure;
use super::{files, input, output};
use crate::TokenId;

/// Decodes ids to the bytes that they stand for.
///
/// Ids are numbers separated by spaces or line ends. Nothing is added between lines or files.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    model: files::Model,
    /// The files; standard input where none is named, or for `-`.
    files: Vec<PathBuf>,
    /// Reads ids as numbers of this width, little-endian, with nothing between.
    #[arg(long, value_name = "WIDTH")]
    binary: Option<Width>,
    /// Where to write; standard output where it is not given.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let tokenizer = arguments.model.load()?;
    output::write_to(arguments.output.as_deref(), |writer| {
        for path in input::sources(&arguments.files) {
            let bytes = input::read(&path)?;
            let ids = match arguments.binary {
                Some(width) => read_binary(&bytes, width, &path)?,
                None => read_text(&bytes, &path)?,
            };
            let text = tokenizer.decode_bytes(&ids)?;
            writer
                .write_all(&text)
                .map_err(|error| match &arguments.output {
                    Some(path) => Failure::at(path, &error),
                    None => Failure::output(&error),
                })?;
        }
        Ok(())
    })
}

fn name(path: &Path) -> String {
    if input::is_standard(path) {
        "standard input".to_owned()
    } else {
        path.display().to_string()
    }
}

fn read_text(bytes: &[u8], path: &Path) -> Result<Vec<TokenId>, Failure> {
    let words = bytes
        .split(u8::is_ascii_whitespace)
        .filter(|word| !word.is_empty());
    words
        .enumerate()
        .map(|(place, word)| {
            std::str::from_utf8(word)
                .ok()
                .and_then(|word| word.parse().ok())
                .ok_or_else(|| {
                    let shown = word[..word.len().min(40)].escape_ascii();
                    Failure::failed(format!(
                        "{}: number {} is \"{shown}\", which is no id; ids are separated by spaces or line ends",
                        name(path),
                        place + 1
                    ))
                })
        })
        .collect()
}

fn read_binary(bytes: &[u8], width: Width, path: &Path) -> Result<Vec<TokenId>, Failure> {
    let size = match width {
        Width::U16 => 2,
        Width::U32 => 4,
    };
    if !bytes.len().is_multiple_of(size) {
        return Err(Failure::failed(format!(
            "{}: {} bytes are no whole number of ids of {size} bytes; it is cut off, or of another width",
            name(path),
            bytes.len()
        )));
    }
    let ids = bytes.chunks_exact(size).map(|id| match id {
        [a, b] => u32::from(u16::from_le_bytes([*a, *b])),
        [a, b, c, d] => u32::from_le_bytes([*a, *b, *c, *d]),
        _ => unreachable!("chunks are of two or four bytes"),
    });
    Ok(ids.collect())
}
