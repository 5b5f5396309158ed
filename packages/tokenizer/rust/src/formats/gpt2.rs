//! GPT-2's two files: `vocab.json`, a map of tokens to ids, and `merges.txt`, a merge in each line.

use std::path::Path;

use super::listed::{self, Listed, Vocab};
use super::{bad, files, shown};
use crate::error::{Error, ErrorKind, Result};
use crate::pattern::Pattern;
use crate::specials::Specials;
use crate::tokenizer::Tokenizer;

/// How the first line of merges begins.
const VERSION: &str = "#version";

impl Tokenizer {
    /// The tokenizer of the content of `vocab.json` and `merges.txt`, which hold no pattern, and do not say which tokens are
    /// special: those that are given may be in the vocabulary, with the same ids.
    ///
    /// ```
    /// use ironbpe::{Pattern, Specials, Tokenizer};
    ///
    /// let (vocab, merges) = Tokenizer::new().to_gpt2()?;
    /// let loaded = Tokenizer::from_gpt2(vocab, merges, Pattern::cl100k(), Specials::default())?;
    /// assert_eq!(loaded, Tokenizer::new());
    /// # Ok::<(), ironbpe::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Format`] says in which of both and where: it is no such content, or it contradicts itself.
    pub fn from_gpt2(
        vocab: impl AsRef<[u8]>,
        merges: impl AsRef<[u8]>,
        pattern: Pattern,
        specials: Specials,
    ) -> Result<Self> {
        let vocab = read_vocab(vocab.as_ref())?;
        let merges = merges.as_ref();
        let (lines, merges) = read_merges(merges)?;
        let listed = Listed {
            vocab: vocab.0,
            merges,
            whole_pieces: false,
            specials,
        };
        listed.tokenizer(pattern, |at| format!("line {} of the merges", lines[at]))
    }

    /// The tokenizer of both files, as [`from_gpt2`](Self::from_gpt2).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Io`]: a file cannot be read. Else as those of [`from_gpt2`](Self::from_gpt2).
    pub fn from_gpt2_files(
        vocab: impl AsRef<Path>,
        merges: impl AsRef<Path>,
        pattern: Pattern,
        specials: Specials,
    ) -> Result<Self> {
        let (vocab, merges) = (vocab.as_ref(), merges.as_ref());
        let vocab_json = files::read(vocab)?;
        read_vocab(&vocab_json).map_err(|error| error.at(vocab))?;
        let merges_txt = files::read(merges)?;
        Self::from_gpt2(vocab_json, merges_txt, pattern, specials).map_err(|error| error.at(merges))
    }

    /// The content of `vocab.json`, special tokens included, and of `merges.txt`. The pattern has no place in them.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Inexpressible`]: a special token that is spelled as another token is, or a token that a piece becomes though
    /// its merges make something else.
    pub fn to_gpt2(&self) -> Result<(String, String)> {
        listed::check_whole_pieces(self)?;
        let vocab = Vocab(listed::vocab(self)?);
        let vocab = serde_json::to_string(&vocab).map_err(|error| {
            let message = format!("it cannot be written as JSON: {error}");
            Error::new(ErrorKind::Inexpressible, message)
        })?;
        let mut merges = format!("{VERSION}: 0.2\n");
        for merge in listed::merges(self)? {
            merges.push_str(&merge);
            merges.push('\n');
        }
        Ok((vocab, merges))
    }

    /// Writes [`to_gpt2`](Self::to_gpt2) to two files, as [`save`](Self::save) does.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Io`]: a file cannot be written. Else as those of [`to_gpt2`](Self::to_gpt2).
    pub fn to_gpt2_files(&self, vocab: impl AsRef<Path>, merges: impl AsRef<Path>) -> Result<()> {
        let (vocab_json, merges_txt) = self.to_gpt2()?;
        files::write(vocab.as_ref(), vocab_json.as_bytes())?;
        files::write(merges.as_ref(), merges_txt.as_bytes())
    }
}

fn read_vocab(json: &[u8]) -> Result<Vocab> {
    serde_json::from_slice(json).map_err(|error| {
        let message = format!("the vocabulary is no JSON map of tokens to ids: {error}");
        bad(message).caused_by(error)
    })
}

/// The lines' numbers and their merges.
type Merges<'a> = (Vec<usize>, Vec<(&'a str, &'a str)>);

fn read_merges(text: &[u8]) -> Result<Merges<'_>> {
    let (mut numbers, mut merges) = (Vec::new(), Vec::new());
    for (at, line) in text.split(|byte| *byte == b'\n').enumerate() {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() || (at == 0 && line.starts_with(VERSION.as_bytes())) {
            continue;
        }
        let parts = str::from_utf8(line)
            .ok()
            .and_then(|line| line.split_once(' '));
        let Some((left, right)) = parts.filter(|(_, right)| !right.contains(' ')) else {
            let number = at + 1;
            let message = format!(
                "line {number} of the merges, {}, is not two tokens with a space between",
                shown(line)
            );
            return Err(bad(message));
        };
        numbers.push(at + 1);
        merges.push((left, right));
    }
    Ok((numbers, merges))
}
