//! The types of the standard library and of other crates.
