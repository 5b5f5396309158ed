//! Training: from text to a tokenizer.
//!
//! Text is cut into pieces, equal pieces are counted, and then the pair of adjacent tokens that occurs most often becomes a
//! token, again and again. Of pairs that occur equally often the one with the lower ids is first: that with the lower
//! left one, and of these that with the lower right one. The 256 bytes have their values as ids, tokens that are made the
//! ids from 256 on, and special tokens those after them.
//!
//! What is kept of the text is each distinct piece, once; nothing else grows with it.

mod cells;
mod count;
mod cut;
mod merge;
mod queue;
mod table;

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::num::NonZero;
use std::path::Path;
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

use self::cells::Cells;
use self::count::Counter;
use crate::error::{Error, ErrorKind, Result};
use crate::pattern::Pattern;
use crate::specials::Specials;
use crate::tokenizer::Tokenizer;
use crate::vocabulary::TokenId;

/// Progress is told so often at most, and it is asked so often at least whether to stop.
const OFTEN: Duration = Duration::from_millis(40);
/// Of a file so much is read at once.
const READ: usize = 16 << 20;

/// Settings of a training.
///
/// ```
/// use ironbpe::Trainer;
///
/// let tokenizer = Trainer::new(259).train("low lower lowest")?;
/// let low = tokenizer.token_to_id(b"low").unwrap();
/// assert_eq!(tokenizer.encode_ordinary("lower")?[0], low);
/// # Ok::<(), ironbpe::Error>(())
/// ```
#[must_use = "nothing is trained before `train` or `start`"]
pub struct Trainer {
    vocab_size: usize,
    pattern: Pattern,
    specials: Vec<String>,
    min_frequency: u64,
    threads: Option<NonZero<usize>>,
    progress: Option<Box<dyn FnMut(Progress) + Send>>,
    stop: Option<Box<dyn Fn() -> bool + Send>>,
}

/// How far a training is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// What is done.
    pub stage: Stage,
    /// Bytes that are counted; tokens that there are.
    pub done: u64,
    /// Of how many, where that is known.
    pub total: Option<u64>,
}

/// What a training does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stage {
    /// It cuts text into pieces, and counts them.
    Counting,
    /// It makes tokens.
    Merging,
}

impl Trainer {
    /// A vocabulary of so many tokens: the 256 bytes, those that are made, and the special ones. It has fewer where the text
    /// has no more pairs.
    pub fn new(vocab_size: usize) -> Self {
        Self {
            vocab_size,
            pattern: Pattern::default(),
            specials: Vec::new(),
            min_frequency: 1,
            threads: None,
            progress: None,
            stop: None,
        }
    }

    /// How text is cut into pieces; by [`Pattern::cl100k`] unless said otherwise.
    pub fn pattern(mut self, pattern: Pattern) -> Self {
        self.pattern = pattern;
        self
    }

    /// Special tokens, in the order of their ids, which follow all others.
    pub fn special_tokens<T: Into<String>>(mut self, tokens: impl IntoIterator<Item = T>) -> Self {
        self.specials = tokens.into_iter().map(Into::into).collect();
        self
    }

    /// How often a pair must occur to become a token; 1 unless said otherwise.
    pub fn min_frequency(mut self, times: u64) -> Self {
        self.min_frequency = times;
        self
    }

    /// How many threads count; as many as there are cores unless said otherwise. The result is the same.
    pub fn threads(mut self, threads: NonZero<usize>) -> Self {
        self.threads = Some(threads);
        self
    }

    /// Hears how far it is, on the thread that trains, some 25 times a second.
    pub fn progress(mut self, hear: impl FnMut(Progress) + Send + 'static) -> Self {
        self.progress = Some(Box::new(hear));
        self
    }

    /// Asked on the thread that trains, every 40 ms or so, whether to stop. Then the result is
    /// [`ErrorKind::Interrupted`].
    pub fn stop_when(mut self, stop: impl Fn() -> bool + Send + 'static) -> Self {
        self.stop = Some(Box::new(stop));
        self
    }

    /// Trains on one text.
    ///
    /// # Errors
    ///
    /// Those of [`start`](Self::start) and of [`Training::feed`].
    pub fn train(self, text: impl AsRef<[u8]>) -> Result<Tokenizer> {
        let mut training = self.start()?;
        training.total = Some(text.as_ref().len() as u64);
        training.feed(text)?;
        training.finish()
    }

    /// Trains on files, each a text. Of each only a part is in memory, if the pattern is one that is built in.
    ///
    /// # Errors
    ///
    /// Those of [`train`](Self::train), and [`ErrorKind::Io`] with the file's path.
    pub fn train_files<P: AsRef<Path>>(
        self,
        paths: impl IntoIterator<Item = P>,
    ) -> Result<Tokenizer> {
        let mut training = self.start()?;
        let paths: Vec<P> = paths.into_iter().collect();
        let mut total = 0;
        for path in &paths {
            let path = path.as_ref();
            let found = path.metadata().map_err(|error| cannot_read(path, error))?;
            total += found.len();
        }
        training.total = Some(total);
        for path in &paths {
            training.feed_file(path.as_ref())?;
        }
        training.finish()
    }

    /// Begins a training that is given its texts one by one.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Setting`]: a vocabulary that cannot hold the 256 bytes and the special tokens, or has more ids than 32
    /// bits; a special token that is empty or comes twice.
    pub fn start(self) -> Result<Training> {
        let size = self.vocab_size;
        let least = 256 + self.specials.len();
        if size < least {
            let specials = self.specials.len();
            let message = format!(
                "a vocabulary of {size} has no room for the 256 bytes and {specials} special tokens"
            );
            return Err(Error::new(ErrorKind::Setting, message).help("ask for more tokens"));
        }
        if u32::try_from(size).is_err() {
            let message = format!("a vocabulary of {size} has ids of more than 32 bits");
            return Err(Error::new(ErrorKind::Setting, message));
        }
        Specials::new(self.specials.iter().zip(0..))?;
        let threads = self
            .threads
            .or_else(|| available_parallelism().ok())
            .map_or(1, NonZero::get);
        Ok(Training {
            counter: Counter::new(self.pattern.clone(), threads),
            settings: self,
            total: None,
            watch: Watch::default(),
        })
    }
}

impl fmt::Debug for Trainer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trainer")
            .field("vocab_size", &self.vocab_size)
            .field("pattern", &self.pattern)
            .field("special_tokens", &self.specials)
            .field("min_frequency", &self.min_frequency)
            .field("threads", &self.threads)
            .finish_non_exhaustive()
    }
}

/// A training that is given its texts one by one. Made by [`Trainer::start`].
///
/// ```
/// use ironbpe::Trainer;
///
/// let mut training = Trainer::new(300).start()?;
/// for text in ["one text", "another text"] {
///     training.feed(text)?;
/// }
/// let tokenizer = training.finish()?;
/// assert!(tokenizer.token_to_id(b" text").is_some());
/// # Ok::<(), ironbpe::Error>(())
/// ```
pub struct Training {
    settings: Trainer,
    counter: Counter,
    /// Bytes, if it is known how many come.
    total: Option<u64>,
    watch: Watch,
}

/// When it was last told and asked.
#[derive(Default)]
struct Watch {
    last: Option<Instant>,
}

impl Training {
    /// Counts the pieces of a text. No piece goes over its end.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Interrupted`], where it was asked to stop; [`ErrorKind::Pattern`], where a pattern of one's own gives up
    /// on the text. Either ends the training: what is counted of the text is not known.
    pub fn feed(&mut self, text: impl AsRef<[u8]>) -> Result<()> {
        self.count(|counter, report| counter.feed(text.as_ref(), report))
    }

    fn feed_file(&mut self, path: &Path) -> Result<()> {
        let cannot = |error| cannot_read(path, error);
        let mut file = File::open(path).map_err(cannot)?;
        let mut text = Vec::new();
        loop {
            let read = (&mut file)
                .take(READ as u64)
                .read_to_end(&mut text)
                .map_err(cannot)?;
            if read == 0 {
                break;
            }
            if let Some(end) = self.counter.last_cut(&text, text.len() - read) {
                self.feed(&text[..end])?;
                text.drain(..end);
            }
        }
        self.feed(&text)
    }

    /// Makes the tokens.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Interrupted`], where it was asked to stop, and what [`feed`](Self::feed) gives.
    pub fn finish(mut self) -> Result<Tokenizer> {
        self.count(Counter::feed_rest)?;
        let Self {
            mut settings,
            counter,
            mut watch,
            ..
        } = self;
        let most = settings.vocab_size - settings.specials.len();
        let least = settings.min_frequency;
        let mut report = |tokens| {
            let stage = Stage::Merging;
            let (done, total) = (tokens as u64, Some(most as u64));
            watch.look(&mut settings, Progress { stage, done, total })
        };
        let mut look = || report(256);
        let table = counter.finish(&mut look)?;
        let (pieces, bytes) = table.size();
        let mut cells = Cells::with_capacity(bytes, pieces);
        table.drain_by_count(&mut look, |piece, count| {
            if piece.len() > 1 {
                cells.push(piece, count);
            }
        })?;
        if u32::try_from(cells.len()).is_err() {
            let message = format!("the text has {pieces} distinct pieces, more than 4 GiB of them");
            return Err(Error::new(ErrorKind::Setting, message).help("train on less of it"));
        }
        let (vocabulary, merges) = merge::merge(&mut cells, most, least, report)?;
        let first = TokenId::try_from(vocabulary.end()).unwrap_or(TokenId::MAX);
        let specials = Specials::new(settings.specials.iter().zip(first..))?;
        Tokenizer::from_parts(settings.pattern, vocabulary, merges, specials)
    }

    fn count(
        &mut self,
        count: impl FnOnce(&mut Counter, count::Report<'_>) -> Result<()>,
    ) -> Result<()> {
        let Self {
            settings,
            counter,
            total,
            watch,
        } = self;
        let total = *total;
        count(counter, &mut |done| {
            let stage = Stage::Counting;
            watch.look(settings, Progress { stage, done, total })
        })
    }
}

impl fmt::Debug for Training {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Training")
            .field("settings", &self.settings)
            .field("bytes", &self.counter.done())
            .finish_non_exhaustive()
    }
}

impl Watch {
    /// Tells and asks, if it is time to.
    fn look(&mut self, settings: &mut Trainer, progress: Progress) -> Result<()> {
        let now = Instant::now();
        if self.last.is_some_and(|last| now - last < OFTEN) {
            return Ok(());
        }
        self.last = Some(now);
        if let Some(hear) = &mut settings.progress {
            hear(progress);
        }
        if settings.stop.as_ref().is_some_and(|stop| stop()) {
            let message = "the training was asked to stop";
            return Err(Error::new(ErrorKind::Interrupted, message));
        }
        Ok(())
    }
}

#[cold]
fn cannot_read(path: &Path, error: std::io::Error) -> Error {
    Error::new(ErrorKind::Io, format!("cannot be read: {error}"))
        .at(path)
        .caused_by(error)
}
