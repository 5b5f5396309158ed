//! A panic of an extension's future as an exception that says where it was.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::panic::{self, AssertUnwindSafe, catch_unwind};
use std::sync::Once;

use pyo3::create_exception;
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

create_exception!(
    ironbridge,
    RustPanic,
    PyRuntimeError,
    "A bug in the Rust code of an extension: it panicked. The message says where."
);

thread_local! {
    /// Does this thread run what is caught by [`caught`]?
    static WATCHED: Cell<bool> = const { Cell::new(false) };
    static PLACE: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// A panic that was caught.
#[derive(Debug)]
pub(super) struct Panicked {
    /// As in `src/lib.rs:12:5`.
    place: Option<String>,
    text: String,
}

impl Panicked {
    fn new(payload: &(dyn Any + Send)) -> Self {
        let text = payload
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| payload.downcast_ref::<&str>().copied());
        Self {
            place: PLACE.try_with(RefCell::take).ok().flatten(),
            text: text.unwrap_or("a Rust panic").to_owned(),
        }
    }

    pub(super) fn raise(&self, what: &str) -> PyErr {
        let Self { place, text } = self;
        RustPanic::new_err(match place {
            Some(place) => format!("{what}() panicked at {place}: {text}"),
            None => format!("{what}() panicked: {text}"),
        })
    }
}

/// Runs `f`, whose panic is told, with its place.
pub(super) fn caught<R>(f: impl FnOnce() -> R) -> Result<R, Panicked> {
    note_places();
    let watched = WATCHED.replace(true);
    // What a panic left half-changed is dropped by the caller, not used.
    let outcome = catch_unwind(AssertUnwindSafe(f));
    WATCHED.set(watched);
    outcome.map_err(|payload| Panicked::new(&*payload))
}

/// Only a panic's hook is told its place. The hook that was there is called as ever.
fn note_places() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            if WATCHED.try_with(Cell::get).unwrap_or(false)
                && let Some(place) = panic.location()
            {
                let _ = PLACE.try_with(|noted| noted.replace(Some(place.to_string())));
            }
            before(panic);
        }));
    });
}
