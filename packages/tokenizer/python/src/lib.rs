//! The Python module `ironbpe._ironbpe`: a thin layer over the crate `ironbpe`.

mod batch;
mod decoder;
mod errors;
mod ids;
mod parts;
mod text;
mod tokenizer;
mod training;

use pyo3::prelude::*;

/// The compiled part of `ironbpe`.
#[pymodule(gil_used = false)]
mod _ironbpe {
    #[pymodule_export]
    use super::decoder::Decoder;
    #[pymodule_export]
    use super::tokenizer::Tokenizer;
}
