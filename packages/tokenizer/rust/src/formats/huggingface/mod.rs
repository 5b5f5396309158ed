//! Hugging Face's `tokenizer.json`, of byte-level BPE.

mod read;
mod write;

use std::path::Path;

use super::{files, from_file};
use crate::error::Result;
use crate::tokenizer::Tokenizer;

impl Tokenizer {
    /// The tokenizer of a `tokenizer.json`. It encodes as Hugging Face's does with all special tokens allowed.
    ///
    /// ```
    /// use ironbpe::Tokenizer;
    ///
    /// let json = Tokenizer::new().to_huggingface()?;
    /// assert_eq!(Tokenizer::from_huggingface(&json)?, Tokenizer::new());
    /// # Ok::<(), ironbpe::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Inexpressible`](crate::ErrorKind::Inexpressible) names what it has that would give other ids: a model other
    /// than byte-level BPE, a normalizer, a template that adds tokens, truncation, padding.
    /// [`ErrorKind::Format`](crate::ErrorKind::Format) says where it is no `tokenizer.json` or contradicts itself.
    pub fn from_huggingface(json: impl AsRef<[u8]>) -> Result<Self> {
        read::tokenizer(json.as_ref())
    }

    /// The tokenizer of a file, as [`from_huggingface`](Self::from_huggingface).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Io`](crate::ErrorKind::Io): the file cannot be read. Else as those of
    /// [`from_huggingface`](Self::from_huggingface).
    pub fn from_huggingface_file(path: impl AsRef<Path>) -> Result<Self> {
        from_file(path.as_ref(), |json| Self::from_huggingface(json))
    }

    /// A `tokenizer.json` that Hugging Face's `tokenizers` loads, and that gives the same ids.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Inexpressible`](crate::ErrorKind::Inexpressible): an expression that its engine reads otherwise, or a special
    /// token that is spelled as another token is.
    pub fn to_huggingface(&self) -> Result<String> {
        write::json(self)
    }

    /// Writes [`to_huggingface`](Self::to_huggingface) to a file, as [`save`](Self::save) does.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Io`](crate::ErrorKind::Io): the file cannot be written. Else as those of
    /// [`to_huggingface`](Self::to_huggingface).
    pub fn to_huggingface_file(&self, path: impl AsRef<Path>) -> Result<()> {
        files::write(path.as_ref(), self.to_huggingface()?.as_bytes())
    }
}
