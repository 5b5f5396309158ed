//! A byte-pair tokenizer: train, encode, decode, save, load.
//!
//! - [`Tokenizer`]: encodes and decodes.
//! - [`Trainer`]: makes one from text.
//! - [`Pattern`]: how text is cut into pieces before anything is merged.
//! - [`Vocabulary`]: the tokens, their bytes and their ids.
//! - [`Merges`]: which pairs of tokens become one, in which order.
//! - [`Specials`]: tokens that stand for themselves, such as `<|endoftext|>`.
//! - [`Error`]: what was asked, what was found, where, and what to do.
//!
//! Text is any bytes: what is not UTF-8 is encoded byte by byte, and comes back as it was.

mod batch;
#[cfg(feature = "cli")]
pub mod cli;
mod decode;
mod decoder;
mod encode;
mod error;
pub mod formats;
mod merges;
mod parallel;
mod pattern;
mod specials;
mod table;
mod tokenizer;
mod train;
mod vocabulary;

pub use batch::{Batch, PadTo, Padding, Side, Truncation};
pub use decoder::Decoder;
pub use encode::{EncodeOptions, Encoding};
pub use error::{Error, ErrorKind, Result};
pub use merges::{Merge, Merges};
pub use pattern::{Pattern, Pieces};
pub use specials::{AllowedSpecial, DisallowedSpecial, Specials};
pub use tokenizer::Tokenizer;
pub use train::{Progress, Stage, Trainer, Training};
pub use vocabulary::{TokenId, Vocabulary};
