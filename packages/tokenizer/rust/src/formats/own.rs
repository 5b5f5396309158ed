//! The format of its own. The documentation of the module above describes it.

use std::path::Path;

use sha2::{Digest, Sha256};

use super::{bad, files, from_file};
use crate::error::{Error, Result};
use crate::merges::Merges;
use crate::pattern::Pattern;
use crate::specials::Specials;
use crate::tokenizer::Tokenizer;
use crate::vocabulary::{TokenId, Vocabulary};

const MARK: &[u8; 8] = b"\x89ironbpe";
const VERSION: u8 = 1;
const BY_RANK: u8 = 1;
const WHOLE_PIECES: u8 = 2;
const CHECKSUM: usize = 32;

impl Tokenizer {
    /// Saves it in the format of its own.
    ///
    /// The file is written beside its place and renamed, so that an older one is there until the new one is whole.
    ///
    /// ```
    /// use ironbpe::Tokenizer;
    ///
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("bytes.ironbpe");
    /// let tokenizer = Tokenizer::new();
    /// tokenizer.save(&path)?;
    /// assert_eq!(Tokenizer::load(&path)?, tokenizer);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Io`](crate::ErrorKind::Io): the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        files::write(path.as_ref(), &self.to_bytes())
    }

    /// Loads what [`save`](Self::save) saved.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Io`](crate::ErrorKind::Io): the file cannot be read. Else as those of [`from_bytes`](Self::from_bytes).
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        from_file(path.as_ref(), Self::from_bytes)
    }

    /// What [`save`](Self::save) writes.
    ///
    /// ```
    /// use ironbpe::Tokenizer;
    ///
    /// let tokenizer = Tokenizer::new();
    /// assert_eq!(Tokenizer::from_bytes(&tokenizer.to_bytes())?, tokenizer);
    /// # Ok::<(), ironbpe::Error>(())
    /// ```
    pub fn to_bytes(&self) -> Vec<u8> {
        let merges = self.merges();
        let mut flags = 0;
        if merges.by_rank() {
            flags |= BY_RANK;
        }
        if merges.whole_pieces() {
            flags |= WHOLE_PIECES;
        }
        let mut bytes = MARK.to_vec();
        bytes.extend([VERSION, flags]);
        put_text(&mut bytes, self.pattern().as_str().as_bytes());
        let vocabulary = self.vocabulary();
        put_tokens(&mut bytes, vocabulary.len(), vocabulary.iter());
        let pairs = if merges.by_rank() {
            &[]
        } else {
            merges.pairs()
        };
        put(&mut bytes, pairs.len() as u64);
        for (left, right) in pairs {
            put(&mut bytes, u64::from(*left));
            put(&mut bytes, u64::from(*right));
        }
        let specials = self.specials();
        let texts = specials.iter().map(|(id, text)| (id, text.as_bytes()));
        put_tokens(&mut bytes, specials.len(), texts);
        let checksum = Sha256::digest(&bytes);
        bytes.extend_from_slice(&checksum);
        bytes
    }

    /// The tokenizer of the bytes that [`to_bytes`](Self::to_bytes) gave.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Format`](crate::ErrorKind::Format): they are something else, cut off, damaged, of a version that is not
    /// known, or contradict themselves. [`ErrorKind::Pattern`](crate::ErrorKind::Pattern): the pattern does not compile.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let Some(rest) = bytes.strip_prefix(MARK) else {
            return Err(bad(format!(
                "this is no saved tokenizer: it begins with {}, not with {}",
                super::shown(&bytes[..bytes.len().min(MARK.len())]),
                super::shown(MARK),
            ))
            .help("files of other formats have functions of their own"));
        };
        match rest.first() {
            None => return Err(cut_off("the version", bytes.len())),
            Some(&VERSION) => {}
            Some(version) => {
                let message = format!("the format has version {version}, {VERSION} is known");
                return Err(bad(message).help("a newer release of this library may read it"));
            }
        }
        let Some((body, checksum)) = bytes.split_last_chunk::<CHECKSUM>() else {
            return Err(cut_off("the checksum", bytes.len()));
        };
        if Sha256::digest(body)[..] != checksum[..] {
            let message =
                "the checksum is not that of the content: the data are damaged or cut off";
            return Err(bad(message));
        }
        let mut reader = Reader {
            bytes: body,
            at: MARK.len() + 1,
        };
        let tokenizer = reader.tokenizer()?;
        if reader.at != body.len() {
            let more = body.len() - reader.at;
            let message = format!(
                "{more} bytes follow the last part, which ends at {}",
                reader.at
            );
            return Err(bad(message));
        }
        Ok(tokenizer)
    }
}

fn put(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    bytes.push(number.to_le_bytes()[0]);
}

fn put_text(bytes: &mut Vec<u8>, text: &[u8]) {
    put(bytes, text.len() as u64);
    bytes.extend_from_slice(text);
}

fn put_tokens<'a>(
    bytes: &mut Vec<u8>,
    len: usize,
    tokens: impl Iterator<Item = (TokenId, &'a [u8])>,
) {
    put(bytes, len as u64);
    let mut next = 0;
    for (id, token) in tokens {
        put(bytes, u64::from(id) - next);
        put_text(bytes, token);
        next = u64::from(id) + 1;
    }
}

#[cold]
fn cut_off(part: &str, at: usize) -> Error {
    bad(format!("the data end at byte {at}, in {part}"))
}

/// What is read of, and how far.
struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn tokenizer(&mut self) -> Result<Tokenizer> {
        let flags = self.take(1, "the flags")?[0];
        if flags & !(BY_RANK | WHOLE_PIECES) != 0 {
            return Err(bad(format!("the flags {flags:#x} are not known")));
        }
        let pattern = Pattern::new(self.text("the pattern")?)?;
        let tokens = self.tokens("the tokens")?;
        let vocabulary =
            Vocabulary::from_tokens(tokens.into_iter().map(|(id, token)| (token, id)))?;
        let pairs = self.pairs()?;
        let merges = if flags & BY_RANK == 0 {
            Merges::from_pairs(&vocabulary, pairs)?
        } else if pairs.is_empty() {
            Merges::from_ranks(&vocabulary)
        } else {
            return Err(bad("merges are listed though they are by rank"));
        };
        let merges = merges.with_whole_pieces(flags & WHOLE_PIECES != 0);
        let mut specials = Vec::new();
        for (id, text) in self.tokens("the special tokens")? {
            let text = str::from_utf8(text)
                .map_err(|_| bad(format!("the special token {id} is no UTF-8")))?;
            specials.push((text, id));
        }
        let specials = Specials::new(specials).map_err(|error| bad(error.to_string()))?;
        Tokenizer::from_parts(pattern, vocabulary, merges, specials)
    }

    fn take(&mut self, len: usize, part: &str) -> Result<&'a [u8]> {
        let taken = self.bytes[self.at..].get(..len);
        let taken = taken.ok_or_else(|| cut_off(part, self.bytes.len()))?;
        self.at += len;
        Ok(taken)
    }

    fn number(&mut self, part: &str) -> Result<u32> {
        let start = self.at;
        let mut number = 0_u64;
        for shift in [0, 7, 14, 21, 28] {
            let byte = self.take(1, part)?[0];
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                if let Ok(number) = u32::try_from(number) {
                    return Ok(number);
                }
                break;
            }
        }
        Err(bad(format!(
            "a number of {part}, at byte {start}, is above {}",
            u32::MAX
        )))
    }

    /// How many things follow; each takes at least `least` bytes, so that no memory is reserved for what is not there.
    fn count(&mut self, least: usize, part: &str) -> Result<usize> {
        let start = self.at;
        let count = self.number(part)? as usize;
        let room = (self.bytes.len() - self.at) / least;
        if count > room {
            let message = format!(
                "{part}, at byte {start}, are said to be {count}, but there is room for {room}"
            );
            return Err(bad(message));
        }
        Ok(count)
    }

    fn bytes(&mut self, part: &str) -> Result<&'a [u8]> {
        let len = self.number(part)? as usize;
        self.take(len, part)
    }

    fn text(&mut self, part: &str) -> Result<&'a str> {
        let bytes = self.bytes(part)?;
        str::from_utf8(bytes).map_err(|_| bad(format!("{part} is no UTF-8")))
    }

    fn tokens(&mut self, part: &str) -> Result<Vec<(TokenId, &'a [u8])>> {
        let count = self.count(2, part)?;
        let mut tokens = Vec::with_capacity(count);
        let mut next = 0_u32;
        for _ in 0..count {
            let start = self.at;
            let id = self
                .number(part)?
                .checked_add(next)
                .filter(|id| *id < u32::MAX);
            let id =
                id.ok_or_else(|| bad(format!("an id of {part}, at byte {start}, is too high")))?;
            tokens.push((id, self.bytes(part)?));
            next = id + 1;
        }
        Ok(tokens)
    }

    fn pairs(&mut self) -> Result<Vec<(TokenId, TokenId)>> {
        let count = self.count(2, "the merges")?;
        let mut pairs = Vec::with_capacity(count);
        for _ in 0..count {
            pairs.push((self.number("the merges")?, self.number("the merges")?));
        }
        Ok(pairs)
    }
}
