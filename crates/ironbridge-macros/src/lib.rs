//! The procedural macros of [Ironbridge](https://docs.rs/ironbridge). Use them through that crate, which documents
//! them.
//!
//! `python!` works in four steps, a module each: the `header` is read; the code is brought in, from the tokens of a
//! block (`block_text`), a string literal (`literal_text`) or a file (`file_text`), each as a `code::Code`
//! that knows where in the program its text stands; it is parsed and checked by `ironbridge-python-ast`, whose
//! diagnostics go back to those places; and the call is written (`expand`).

mod block_text;
mod captures;
mod code;
mod derive;
mod expand;
mod file_text;
mod form;
mod gaps;
mod header;
mod literal_text;

use proc_macro::TokenStream;

/// Runs Python. See `ironbridge::python!`.
#[proc_macro]
pub fn python(input: TokenStream) -> TokenStream {
    expand::python(input.into()).into()
}

/// Conversions of a type from and to Python. See `ironbridge::Python`.
#[proc_macro_derive(Python, attributes(python))]
pub fn derive_python(input: TokenStream) -> TokenStream {
    derive::python(input.into()).into()
}
