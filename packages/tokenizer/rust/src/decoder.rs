//! Text of tokens as they come.

use crate::error::{Error, ErrorKind, Result};
use crate::tokenizer::Tokenizer;
use crate::vocabulary::TokenId;

/// Gives the text of tokens that come one after another, never half a character.
///
/// All that it gives together is what [`Tokenizer::decode_lossy`] gives of all ids at once.
///
/// ```
/// use ironbpe::Tokenizer;
///
/// let mut decoder = Tokenizer::new().decoder();
/// assert_eq!(decoder.push(0xc3)?, "");
/// assert_eq!(decoder.push(0xa9)?, "é");
/// assert_eq!(decoder.finish(), "");
/// # Ok::<(), ironbpe::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Decoder {
    tokenizer: Tokenizer,
    /// The beginning of a character.
    pending: Vec<u8>,
    text: String,
    count: usize,
}

impl Tokenizer {
    /// Decodes tokens as they come.
    pub fn decoder(&self) -> Decoder {
        Decoder {
            tokenizer: self.clone(),
            pending: Vec::new(),
            text: String::new(),
            count: 0,
        }
    }
}

impl Decoder {
    /// Takes the next token, and gives the text that is complete by it: perhaps none.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::UnknownId`]: no token has the id. It is passed over.
    pub fn push(&mut self, id: TokenId) -> Result<&str> {
        self.text.clear();
        let Some(token) = self.tokenizer.id_to_token(id) else {
            return Err(unknown(id, self.count));
        };
        self.count += 1;
        if self.pending.is_empty()
            && let Ok(token) = str::from_utf8(token)
        {
            self.text.push_str(token);
            return Ok(&self.text);
        }
        self.pending.extend_from_slice(token);
        let mut rest = &*self.pending;
        let left = loop {
            match str::from_utf8(rest) {
                Ok(text) => {
                    self.text.push_str(text);
                    break 0;
                }
                Err(error) => {
                    let (valid, invalid) = rest.split_at(error.valid_up_to());
                    self.text
                        .push_str(str::from_utf8(valid).unwrap_or_default());
                    let Some(len) = error.error_len() else {
                        break invalid.len();
                    };
                    self.text.push(char::REPLACEMENT_CHARACTER);
                    rest = &invalid[len..];
                }
            }
        };
        self.pending.drain(..self.pending.len() - left);
        Ok(&self.text)
    }

    /// What is left: U+FFFD if a character is not complete. Then it begins anew.
    pub fn finish(&mut self) -> &str {
        self.text.clear();
        self.count = 0;
        if !self.pending.is_empty() {
            self.pending.clear();
            self.text.push(char::REPLACEMENT_CHARACTER);
        }
        &self.text
    }
}

#[cold]
pub(crate) fn unknown(id: TokenId, at: usize) -> Error {
    Error::new(
        ErrorKind::UnknownId,
        format!("no token has the id {id}, which stands at place {at}"),
    )
}
