//! From tokens to text.

use crate::decoder::unknown;
use crate::error::{Error, ErrorKind, Result};
use crate::parallel;
use crate::tokenizer::Tokenizer;
use crate::vocabulary::{TokenId, WINDOW};

/// So many tokens are decoded between two looks at how much room there is.
const AT_ONCE: usize = 1024;

impl Tokenizer {
    /// The bytes of tokens, special ones included.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::UnknownId`]: an id that no token has.
    pub fn decode_bytes(&self, ids: &[TokenId]) -> Result<Vec<u8>> {
        let vocabulary = &self.0.vocabulary;
        let mut bytes = Vec::new();
        let mut len = 0;
        for (chunk, ids) in ids.chunks(AT_ONCE).enumerate() {
            // Each is copied in a window of fixed size, as far as it is shorter, and the next overwrites the rest.
            let room = len + (ids.len() + 1) * WINDOW;
            if bytes.len() < room {
                bytes.resize(room.max(bytes.len() * 2), 0);
            }
            for (at, id) in ids.iter().enumerate() {
                if let Some((window, token)) = vocabulary.window(*id)
                    && let Some(room) = bytes[len..].first_chunk_mut::<WINDOW>()
                {
                    *room = *window;
                    len += token;
                    continue;
                }
                let Some(token) = self.id_to_token(*id) else {
                    let at = chunk * AT_ONCE + at;
                    return Err(unknown(*id, at));
                };
                // A long one: it and the windows of those that follow need room.
                let end = len + token.len();
                let room = end + (ids.len() - at) * WINDOW;
                if bytes.len() < room {
                    bytes.resize(room.max(bytes.len() * 2), 0);
                }
                bytes[len..end].copy_from_slice(token);
                len = end;
            }
        }
        bytes.truncate(len);
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

    /// The text of each of several lists of tokens, in their order, by so many threads: 0 for as many as there are processors.
    ///
    /// # Errors
    ///
    /// As [`decode`](Self::decode), of the first that has one; it says which.
    pub fn decode_batch<T: AsRef<[TokenId]> + Sync>(
        &self,
        rows: &[T],
        threads: usize,
    ) -> Result<Vec<String>> {
        parallel::map(
            rows,
            |row| row.as_ref().len(),
            threads,
            &|| false,
            |row, _| self.decode(row.as_ref()),
        )
    }
}
