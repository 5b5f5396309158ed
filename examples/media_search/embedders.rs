// Written by `cargo ironbridge bindgen` from the type hints of the Python module `embedders`.
// Where these change, run it again.
// It needs the feature `arrays` of ironbridge.

#![allow(dead_code, clippy::all, clippy::pedantic)]

use std::path::{Path, PathBuf};

use ironbridge::arrays::{ArrayD, Copied};
use ironbridge::{Callback, Context, Iter, Python, Result};

/// Media in words and vectors: speech is written down, images and texts become points of one space of meaning.
///
/// Three small models do it, all on the processor: MiniLM for texts, a network trained on handwritten digits for images,
/// pocketsphinx for speech. Each is loaded when it is first needed.
#[ironbridge::module("embedders")]
pub trait Embedders {
    /// Loads every model, gives their names, and unloads them at the end of the `with` block.
    fn all_models(&self, #[python(default)] cache: Option<&Path>) -> Result<Context<Vec<String>>>;

    /// Says in words what is in a file: a WAV recording, a PNG image of a digit, or a text.
    ///
    /// The first line of a text is its title. `max_keywords` is how many words it picks at most, those nearest in meaning
    /// to the whole.
    ///
    /// Defaults in Python: `detail = "full"`, `max_keywords = 5`.
    fn analyze(
        &self,
        media: &Path,
        #[python(keyword, default)] detail: Option<Detail>,
        #[python(keyword, default)] max_keywords: Option<i64>,
    ) -> Result<MediaAnalysis>;

    /// Unit vectors of the images of light digits on dark ground, shape (images, 384), in the space of the texts.
    ///
    /// The images are as `read_images` gives them: shape (images, 8, 8), from 0 for black to 1 for white.
    fn embed_images(&self, images: &ArrayD<f32>) -> Result<ArrayD<f32>>;

    /// Unit vectors of the texts, shape (texts, 384): the scalar product of two says how alike they are in meaning.
    ///
    /// Longer texts are cut. `progress` is called with how many are done and how many there are.
    ///
    /// Default in Python: `max_tokens = 256`.
    fn embed_text(
        &self,
        texts: &[String],
        #[python(keyword, default)] max_tokens: Option<i64>,
        #[python(keyword, default)] progress: Option<Callback>,
    ) -> Result<ArrayD<f32>>;

    /// How the image model was made, and how good it is on images that it had not seen.
    fn image_model_card(&self) -> Result<ImageModelCard>;

    /// Loads every model now, and trains the one for images unless it is in the directory `cache`.
    ///
    /// `progress` is called after each with its name, how many are loaded and how many there are.
    fn load_all_models(
        &self,
        #[python(default)] cache: Option<&Path>,
        #[python(keyword, default)] progress: Option<Callback>,
    ) -> Result<()>;

    /// The names of the models that are in memory: `text`, `images`, `sound`.
    fn loaded_models(&self) -> Result<Vec<String>>;

    /// The images, each made 8 by 8 and grey, shape (files, 8, 8), from 0 for black to 1 for white.
    fn read_images(&self, files: &[PathBuf]) -> Result<ArrayD<f32>>;

    /// What is said in the WAV file between pauses of so many seconds, each part recognised when it is asked for.
    ///
    /// Default in Python: `pause = describe.PAUSE`.
    fn segments(
        &self,
        audio: &Path,
        #[python(keyword, default)] pause: Option<f64>,
    ) -> Result<Iter<Segment>>;

    /// What is said in the WAV file, in lower case and without punctuation.
    fn transcribe(&self, audio: &Path) -> Result<String>;

    /// Gives the memory of all models back. The next call that needs one loads it again.
    fn unload_all_models(&self) -> Result<()>;

    /// How many numbers are in the vector of a text or an image.
    ///
    /// Its value: `384`.
    #[python(get, name = "DIMENSION")]
    fn dimension(&self) -> Result<i64>;

    /// Samples a second to which every recording is brought.
    #[python(get, name = "SAMPLE_RATE")]
    fn sample_rate(&self) -> Result<i64>;

    #[python(class)]
    fn catalogue(&self, file: &Path) -> Result<Catalogue>;
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Python)]
#[python(rename_all = "lowercase")]
pub enum Detail {
    Brief,
    Full,
}

/// A medium in words.
#[derive(Debug, Clone, PartialEq, Python)]
#[python(class = "embedders.media.MediaAnalysis")]
pub struct MediaAnalysis {
    pub title: String,
    pub kind: MediaKind,
    /// What is said, shown or written.
    pub text: String,
    #[python(default)]
    pub description: String,
    /// The words nearest in meaning to the whole text, best first.
    #[python(default)]
    pub keywords: Vec<String>,
    #[python(default)]
    pub sound: Option<SoundDetails>,
    #[python(default)]
    pub image: Option<ImageDetails>,
}

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Python)]
#[python(class = "embedders.media.MediaKind", rename_all = "UPPERCASE")]
pub enum MediaKind {
    Sound,
    Image,
    Note,
}

/// What is known of a recording only.
#[derive(Debug, Clone, PartialEq, Python)]
#[python(class = "embedders.media.SoundDetails")]
pub struct SoundDetails {
    pub seconds: f64,
    pub sample_rate: i64,
    pub recognizer: Recognizer,
    #[python(default)]
    pub segments: Vec<Segment>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Python)]
#[python(rename_all = "lowercase")]
pub enum Recognizer {
    Pocketsphinx,
    Tones,
}

/// A stretch of speech between two pauses.
#[derive(Debug, Clone, PartialEq, Python)]
#[python(class = "embedders.media.Segment")]
pub struct Segment {
    /// Seconds from the beginning of the recording.
    pub start: f64,
    pub end: f64,
    pub text: String,
    /// From 0 to 1: how sure the recogniser is of its words, on average.
    pub confidence: f64,
}

/// What is known of an image only.
#[derive(Debug, Clone, PartialEq, Python)]
#[python(class = "embedders.media.ImageDetails")]
pub struct ImageDetails {
    pub width: i64,
    pub height: i64,
    pub digit: i64,
    /// From 0 to 1: the probability of the digit.
    pub confidence: f64,
}

/// How the image model was made, and how good it is.
#[derive(Debug, Clone, PartialEq, Python)]
#[python(class = "embedders.media.ImageModelCard")]
pub struct ImageModelCard {
    /// Images it learned from.
    pub trained_on: i64,
    /// Images it had not seen.
    pub tested_on: i64,
    /// The share of the latter of which it named the digit.
    pub accuracy: f64,
    /// How long the training took.
    pub seconds: f64,
}

/// What was analysed, by the path of the file, with a unit vector for each.
#[ironbridge::class]
pub trait Catalogue {
    #[python(name = "__len__")]
    fn len(&self) -> Result<usize>;

    /// The paths, in the order of the rows of `vectors`.
    #[python(name = "__iter__")]
    fn iter(&self) -> Result<Iter<String>>;

    #[python(name = "__getitem__")]
    fn get(&self, path: &str) -> Result<MediaAnalysis>;

    /// One row for each path, shape (entries, 384). It cannot be written to.
    #[python(get)]
    fn vectors(&self) -> Result<Copied<ArrayD<f32>>>;

    /// Whether the file is here, as it is now.
    fn is_current(&self, path: &Path) -> Result<bool>;

    /// Adds the file, or replaces what was known of it.
    fn add(&self, path: &Path, analysis: &MediaAnalysis, vector: &ArrayD<f32>) -> Result<()>;

    /// Writes it to its file, whole or not at all.
    fn save(&self) -> Result<()>;
}
