//! A byte-pair tokenizer: train, encode, decode, save, load.
//!
//! - [`Pattern`]: how text is cut into pieces before anything is merged.
//! - [`Vocabulary`]: the tokens, their bytes and their ids.
//! - [`Merges`]: which pairs of tokens become one, in which order.
//! - [`Error`]: what was asked, what was found, where, and what to do.
//!
//! Text is any bytes: what is not UTF-8 is encoded byte by byte, and comes back as it was.

mod error;
mod merges;
mod pattern;
mod vocabulary;

pub use error::{Error, ErrorKind, Result};
pub use merges::{Merge, Merges};
pub use pattern::{Pattern, Pieces};
pub use vocabulary::{TokenId, Vocabulary};
