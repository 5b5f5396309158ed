//! What `python!` leaves at the place where it stood: the code, compiled to a Python function once per process.

use std::ffi::{CStr, CString};
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyTuple};
use pyo3::{IntoPyObjectExt, Py, ffi};

use super::Session;
use crate::error::{Error, Origin, Result};
use crate::interpreter::start::bootstrap;
use crate::vectorcall;

/// The code of one `python!`, as the macro found it.
#[derive(Debug)]
pub struct BlockSource {
    /// Dedented Python.
    pub text: &'static str,
    /// The file that tracebacks name.
    pub file: &'static str,
    /// The line of `file` on which the text begins.
    pub line: u32,
    /// The Rust file of the macro call.
    pub rust_file: &'static str,
    /// Its line there.
    pub rust_line: u32,
    /// Its column there.
    pub rust_column: u32,
    /// The parameters of the function: captures, as Python spells them.
    pub parameters: &'static [&'static str],
    /// The same captures, as a person spells them.
    pub captures: &'static [&'static str],
    /// Names that the block binds: the session's.
    pub bound_names: &'static [&'static str],
    /// Whether the last expression is the value.
    pub gives_value: bool,
    /// Whether calling it gives a coroutine.
    pub is_async: bool,
}

impl BlockSource {
    pub(crate) fn origin(&self) -> Origin {
        Origin {
            file: self.rust_file,
            line: self.rust_line,
            column: self.rust_column,
        }
    }
}

/// The compiled block of one place in the program.
pub struct CallSite {
    source: BlockSource,
    /// This site's number among all of the process, plus one; 0 until first use.
    number: AtomicUsize,
    code: PyOnceLock<(Py<PyAny>, Option<Py<PyAny>>)>,
}

impl CallSite {
    /// A site that is compiled on first use.
    pub const fn new(source: BlockSource) -> Self {
        Self {
            source,
            number: AtomicUsize::new(0),
            code: PyOnceLock::new(),
        }
    }

    pub(crate) fn source(&self) -> &BlockSource {
        &self.source
    }

    #[inline]
    fn number(&self) -> usize {
        match self.number.load(Ordering::Relaxed) {
            0 => self.first_number(),
            number => number - 1,
        }
    }

    #[cold]
    fn first_number(&self) -> usize {
        static NEXT: AtomicUsize = AtomicUsize::new(1);
        let fresh = NEXT.fetch_add(1, Ordering::Relaxed);
        let taken = self
            .number
            .compare_exchange(0, fresh, Ordering::Relaxed, Ordering::Relaxed);
        taken.err().unwrap_or(fresh) - 1
    }

    /// Calls the block's function in the session, with one argument for each capture.
    #[inline]
    pub(crate) fn call<'py, const N: usize>(
        &'static self,
        py: Python<'py>,
        session: &Session,
        arguments: &[Bound<'py, PyAny>; N],
    ) -> Result<Bound<'py, PyAny>> {
        let number = self.number();
        let function = match session.functions().get(number) {
            Some(function) => function,
            None => self.first_call(py, session, number)?,
        };
        let result = vectorcall::call(function.bind(py), arguments, None);
        result.ok_or_else(|| Error::take_raised(py, self.source.origin()))
    }

    /// Compiles the code where this is its first call in the process, and makes the session's function of it.
    #[cold]
    fn first_call<'s>(
        &'static self,
        py: Python<'_>,
        session: &'s Session,
        number: usize,
    ) -> Result<&'s Py<PyAny>> {
        let function = self
            .code
            .get_or_try_init(py, || self.compile(py))
            .and_then(|(code, defaults)| session.function_of(py, code, defaults.as_ref()))
            .map_err(|error| Error::from_python(py, error, Some(self.source.origin())))?;
        session.name_file(py, self.source.file);
        session.functions().put(number, function).ok_or_else(|| {
            Error::start("this program has more `python!` blocks than can be numbered")
        })
    }

    fn compile(&self, py: Python<'_>) -> PyResult<(Py<PyAny>, Option<Py<PyAny>>)> {
        let BlockSource {
            text,
            file,
            line,
            parameters,
            bound_names,
            gives_value,
            is_async,
            ..
        } = &self.source;
        compiler(py)?
            .call1((
                *text,
                *file,
                *line,
                FUNCTION_NAME,
                PyTuple::new(py, *parameters)?,
                PyTuple::new(py, *bound_names)?,
                *gives_value,
                *is_async,
            ))?
            .extract()
    }
}

impl fmt::Debug for CallSite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallSite")
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}

/// What tracebacks call a block.
const FUNCTION_NAME: &str = "<python!>";

/// `compile_block` of `blocks.py`.
fn compiler(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    helper(py, "compile_block")
}

/// A function of `blocks.py`.
pub(super) fn helper<'py>(py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyAny>> {
    static BLOCKS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    BLOCKS
        .get_or_try_init(py, || {
            let first = bootstrap(py, "blocks.py", include_str!("blocks.py"), "compile_block")?;
            first.getattr("__globals__")?.into_py_any(py)
        })?
        .bind(py)
        .get_item(name)
}

/// Compiles text that came at run time, and lets tracebacks see its lines.
pub(super) fn compile_text<'py>(
    py: Python<'py>,
    text: &str,
    file: &str,
    mode: &CStr,
) -> PyResult<Bound<'py, PyAny>> {
    let nul = |_| PyValueError::new_err("the code holds a NUL character");
    let text_c = CString::new(text).map_err(nul)?;
    let file_c = CString::new(file).map_err(nul)?;
    helper(py, "remember_lines")?.call1((file, 1, text))?;
    let start = if mode == c"eval" {
        ffi::Py_eval_input
    } else {
        ffi::Py_file_input
    };
    // SAFETY: both strings end in NUL and outlive the call, the thread is attached, and the result is a new reference
    // or null with an exception set.
    unsafe {
        let code = ffi::Py_CompileString(text_c.as_ptr(), file_c.as_ptr(), start);
        Bound::from_owned_ptr_or_err(py, code)
    }
}

/// Runs compiled code in a namespace. Code that awaits at its top gives a coroutine.
pub(super) fn evaluate<'py>(
    code: &Bound<'py, PyAny>,
    namespace: &Bound<'py, PyDict>,
) -> PyResult<Bound<'py, PyAny>> {
    // SAFETY: `code` came from a compiler of Python's and is a code object; the namespace is a dict; the thread is
    // attached. The result is a new reference or null with an exception set.
    unsafe {
        let result = ffi::PyEval_EvalCode(code.as_ptr(), namespace.as_ptr(), namespace.as_ptr());
        Bound::from_owned_ptr_or_err(code.py(), result)
    }
}
