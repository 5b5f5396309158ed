//! The program, run as people run it.

#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used, reason = "a test that fails")]

mod cli {
    pub(crate) mod program;

    mod encode;
    mod errors;
    mod info;
}
