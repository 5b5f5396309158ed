//! The whole story of an exception, read from the interpreter once.

use std::fmt;

use pyo3::exceptions::PyBaseException;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyList, PyString};
use pyo3::{Py, intern};

use super::exception::{lossless, message, type_name};
use super::origin::Origin;

/// Chains longer than this are cut: a cycle of causes is possible.
const LONGEST_CHAIN: usize = 32;
/// Of longer tracebacks (recursion) the middle is left out.
const MOST_FRAMES: usize = 400;
/// Longer `repr()`s of locals are cut, in characters.
const LONGEST_REPR: usize = 200;

/// An exception with its notes, frames and causes; plain data.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Story {
    /// The type, as tracebacks print it.
    pub type_name: String,
    /// What `str()` gives for it.
    pub message: String,
    /// What `add_note` added.
    pub notes: Vec<String>,
    /// The frames, outermost first.
    pub frames: Vec<Frame>,
    /// How many frames were left out in the middle of `frames`, after the first half.
    pub frames_left_out: usize,
    /// The exception that this one was raised from, or else the one that was being handled.
    pub cause: Option<Box<Cause>>,
    /// The place in the Rust program that called Python.
    pub origin: Option<Origin>,
}

/// An exception behind another.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Cause {
    /// Whether it was named by `raise … from`; otherwise it was being handled.
    pub explicit: bool,
    /// Its own story.
    pub story: Story,
}

/// One frame of a traceback.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Frame {
    /// The file; of a block, the Rust file.
    pub file: String,
    /// The line, from 1; 0 where Python does not know it.
    pub line: u32,
    /// The function's qualified name.
    pub function: String,
    /// The text of the line, without indentation.
    pub source: Option<String>,
    /// The local variables and their `repr()`, cut short; only where asked for.
    pub locals: Option<Vec<(String, String)>>,
}

/// What to read.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct StoryOptions {
    pub(super) locals: bool,
}

impl Story {
    pub(super) fn read(value: &Bound<'_, PyBaseException>, options: StoryOptions) -> Self {
        Self::read_chain(value, options, LONGEST_CHAIN)
    }

    fn read_chain(value: &Bound<'_, PyBaseException>, options: StoryOptions, depth: usize) -> Self {
        let py = value.py();
        let (frames, frames_left_out) = read_frames(value, options);
        Self {
            type_name: type_name(value).into(),
            message: message(py, value).into(),
            notes: read_notes(value),
            frames,
            frames_left_out,
            cause: depth
                .checked_sub(1)
                .and_then(|depth| read_cause(value, options, depth)),
            origin: None,
        }
    }
}

fn read_notes(value: &Bound<'_, PyBaseException>) -> Vec<String> {
    let py = value.py();
    let Ok(Some(notes)) = value.getattr_opt(intern!(py, "__notes__")) else {
        return Vec::new();
    };
    let Ok(notes) = notes.cast_into::<PyList>() else {
        return Vec::new();
    };
    let text = |note: Bound<'_, PyAny>| note.str().map(|note| lossless(&note)).ok();
    notes.iter().filter_map(text).collect()
}

fn read_cause(
    value: &Bound<'_, PyBaseException>,
    options: StoryOptions,
    depth: usize,
) -> Option<Box<Cause>> {
    let py = value.py();
    // SAFETY: `value` is an exception; both calls give a new reference or null without an exception.
    let (cause, context) = unsafe {
        (
            Bound::from_owned_ptr_or_opt(py, ffi::PyException_GetCause(value.as_ptr())),
            Bound::from_owned_ptr_or_opt(py, ffi::PyException_GetContext(value.as_ptr())),
        )
    };
    let explicit = cause.is_some();
    let behind = if let Some(cause) = cause {
        cause
    } else {
        let context = context?;
        let suppressed = value.getattr(intern!(py, "__suppress_context__"));
        if suppressed.is_ok_and(|suppressed| suppressed.is_truthy().unwrap_or(false)) {
            return None;
        }
        context
    };
    let behind = behind.cast_into::<PyBaseException>().ok()?;
    Some(Box::new(Cause {
        explicit,
        story: Story::read_chain(&behind, options, depth),
    }))
}

fn read_frames(value: &Bound<'_, PyBaseException>, options: StoryOptions) -> (Vec<Frame>, usize) {
    let py = value.py();
    let mut entries = Vec::new();
    // SAFETY: `value` is an exception; a new reference to its traceback, or null without an exception.
    let mut entry =
        unsafe { Bound::from_owned_ptr_or_opt(py, ffi::PyException_GetTraceback(value.as_ptr())) };
    while let Some(this) = entry {
        let next = this.getattr(intern!(py, "tb_next")).ok();
        entry = next.filter(|next| !next.is_none());
        entries.push(this);
    }
    let left_out = entries.len().saturating_sub(MOST_FRAMES);
    let first = MOST_FRAMES / 2;
    let frames = entries
        .iter()
        .enumerate()
        .filter(|(index, _)| left_out == 0 || *index < first || *index >= first + left_out)
        .filter_map(|(_, entry)| read_frame(entry, options).ok())
        // What this crate itself wrote in Python is no part of the story.
        .filter(|frame| !frame.file.starts_with("<ironbridge "))
        .collect();
    (frames, left_out)
}

fn read_frame(entry: &Bound<'_, PyAny>, options: StoryOptions) -> PyResult<Frame> {
    let py = entry.py();
    let frame = entry.getattr(intern!(py, "tb_frame"))?;
    let code = frame.getattr(intern!(py, "f_code"))?;
    let file = code.getattr(intern!(py, "co_filename"))?;
    let line = entry
        .getattr(intern!(py, "tb_lineno"))?
        .extract::<Option<u32>>()?
        .unwrap_or(0);
    let function = code.getattr(intern!(py, "co_qualname"))?;
    Ok(Frame {
        source: source_line(&frame, &file, line),
        file: lossless(file.cast::<PyString>()?),
        line,
        function: lossless(function.cast::<PyString>()?),
        locals: options.locals.then(|| read_locals(&frame)),
    })
}

/// The line's text, as `linecache` has it: from the disk, from a package's loader, or remembered for a block.
fn source_line(frame: &Bound<'_, PyAny>, file: &Bound<'_, PyAny>, line: u32) -> Option<String> {
    static GETLINE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let py = frame.py();
    let getline = GETLINE.import(py, "linecache", "getline").ok()?;
    let globals = frame.getattr(intern!(py, "f_globals")).ok()?;
    let text = getline.call1((file, line, globals)).ok()?;
    let text = lossless(text.cast::<PyString>().ok()?);
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

fn read_locals(frame: &Bound<'_, PyAny>) -> Vec<(String, String)> {
    let py = frame.py();
    let Ok(locals) = frame.getattr(intern!(py, "f_locals")) else {
        return Vec::new();
    };
    let Ok(items) = PyDict::from_sequence(&locals.call_method0("items").unwrap_or(locals)) else {
        return Vec::new();
    };
    items
        .iter()
        .filter_map(|(name, value)| {
            let name = lossless(name.cast::<PyString>().ok()?);
            let repr = match value.repr() {
                Ok(repr) => cut(&lossless(&repr), LONGEST_REPR),
                Err(_) => "<its repr() raised an exception>".to_owned(),
            };
            (!name.starts_with("__")).then_some((name, repr))
        })
        .collect()
}

/// At most `longest` characters of the text.
pub(super) fn cut(text: &str, longest: usize) -> String {
    match text.char_indices().nth(longest) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

impl fmt::Display for Story {
    /// As Python prints it: the oldest cause first, the exception itself last.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(cause) = &self.cause {
            write!(f, "{}", cause.story)?;
            f.write_str(if cause.explicit {
                "\n\nThe above exception was the direct cause of the following exception:\n\n"
            } else {
                "\n\nDuring handling of the above exception, another exception occurred:\n\n"
            })?;
        }
        if !self.frames.is_empty() {
            f.write_str("Traceback (most recent call last):\n")?;
            self.write_frames(f)?;
        }
        f.write_str(&self.type_name)?;
        if !self.message.is_empty() {
            write!(f, ": {}", self.message)?;
        }
        self.notes.iter().try_for_each(|note| write!(f, "\n{note}"))
    }
}

impl Story {
    fn write_frames(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut repeats = 0;
        for (index, frame) in self.frames.iter().enumerate() {
            if self.frames_left_out > 0 && index == MOST_FRAMES / 2 {
                writeln!(f, "  [{} frames left out]", self.frames_left_out)?;
            }
            // As Python does, a frame is shown three times in a row at most.
            let repeated = index > 0 && self.frames[index - 1] == *frame;
            repeats = if repeated { repeats + 1 } else { 0 };
            if repeats >= 3 {
                let last = self.frames.get(index + 1) != Some(frame);
                if last {
                    writeln!(f, "  [Previous line repeated {} more times]", repeats - 2)?;
                }
                continue;
            }
            writeln!(
                f,
                "  File \"{}\", line {}, in {}",
                frame.file, frame.line, frame.function
            )?;
            if let Some(source) = &frame.source {
                writeln!(f, "    {source}")?;
            }
            for (name, value) in frame.locals.iter().flatten() {
                writeln!(f, "      {name} = {value}")?;
            }
        }
        Ok(())
    }
}
