//! The procedural macros of [Ironbridge](https://docs.rs/ironbridge). Use them through that crate, which documents
//! them.
//!
//! `python!` works in four steps, a module each: the `header` is read; the code is brought in, from the tokens of a
//! block (`block_text`), a string literal (`literal_text`) or a file (`file_text`), each as a `code::Code`
//! that knows where in the program its text stands; it is parsed and checked by `ironbridge-python-ast`, whose
//! diagnostics go back to those places; and the call is written (`expand`).
//!
//! `#[module]` and `#[class]` are under `module`, `#[awaitable]` is under `awaitable`.

mod awaitable;
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
mod module;

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

/// Declares a Python module as a trait. See `ironbridge::module`.
#[proc_macro_attribute]
pub fn module(arguments: TokenStream, item: TokenStream) -> TokenStream {
    module::module(arguments.into(), item.into()).into()
}

/// Declares a Python class as a trait. See `ironbridge::class`.
#[proc_macro_attribute]
pub fn class(arguments: TokenStream, item: TokenStream) -> TokenStream {
    module::class(arguments.into(), item.into()).into()
}

/// Makes functions that Python awaits of `async fn`s. See `ironbridge::awaitable`.
#[proc_macro_attribute]
pub fn awaitable(arguments: TokenStream, item: TokenStream) -> TokenStream {
    awaitable::awaitable(&arguments.into(), item.into()).into()
}
