//! From tokens to text.

use crate::error::{Error, ErrorKind, Result};
use crate::tokenizer::Tokenizer;
use crate::vocabulary::TokenId;

impl Tokenizer {
    /// The bytes of tokens, special ones included.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::UnknownId`]: an id that no token has.
    pub fn decode_bytes(&self, ids: &[TokenId]) -> Result<Vec<u8>> {
        let mut bytes = Vec::with_capacity(ids.len() * 4);
        for (at, id) in ids.iter().enumerate() {
            let Some(token) = self.id_to_token(*id) else {
                let message = format!("no token has the id {id}, which stands at place {at}");
                return Err(Error::new(ErrorKind::UnknownId, message));
            };
            bytes.extend_from_slice(token);
        }
        Ok(bytes)
    }

    /// The text of tokens.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Utf8`]: their bytes are no text; [`decode_lossy`](Self::decode_lossy) takes them nonetheless.
    /// [`ErrorKind::UnknownId`]: an id that no token has.
    pub fn decode(&self, ids: &[TokenId]) -> Result<String> {
        String::from_utf8(self.decode_bytes(ids)?).map_err(|error| {
            let at = error.utf8_error().valid_up_to();
            Error::new(
                ErrorKind::Utf8,
                format!("the bytes of the tokens are no UTF-8 at byte {at}"),
            )
            .help("take the bytes, or decode with replacement characters")
        })
    }

    /// The text of tokens, with U+FFFD for what is no UTF-8.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::UnknownId`]: an id that no token has.
    pub fn decode_lossy(&self, ids: &[TokenId]) -> Result<String> {
        let bytes = self.decode_bytes(ids)?;
        Ok(String::from_utf8(bytes)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
    }
}
