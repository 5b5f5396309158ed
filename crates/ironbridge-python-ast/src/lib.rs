//! Reads Python source without an interpreter.
//!
//! The `python!` macro hands a block's text to [`Block::parse`], which answers with what the run-time side must know
//! (the names that the block binds, whether it ends in a value) or with every [`Diagnostic`] at once, in the words of
//! the parser. Source comes in by [`dedent`], which takes the indentation of the surrounding Rust away and leaves the
//! inside of multi-line strings alone.
//!
//! ```
//! use ironbridge_python_ast::{Block, BlockOptions};
//!
//! let block = Block::parse("total = sum(xs)\ntotal / len(xs)\n", &BlockOptions::default()).unwrap();
//! assert_eq!(block.bound_names, ["total"]);
//! assert!(block.ends_in_expression);
//! ```

mod bindings;
mod block;
pub mod declarations;
mod dedent;
mod diagnostic;
mod lexical;
mod parse;
mod scope;
mod visit;

pub use block::{Block, BlockOptions, ResultKind};
pub use dedent::dedent;
pub use diagnostic::{Diagnostic, LineColumn, line_column};
pub use lexical::names_at;
