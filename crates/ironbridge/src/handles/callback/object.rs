//! What Python holds of a callback.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use super::Callback;

// No doc comment: the class's own `__doc__` would hide that of its objects.
#[pyclass(frozen, weakref, name = "Callback", module = "ironbridge")]
pub(super) struct Object(Callback);

impl Object {
    pub(super) fn new(callback: Callback) -> Self {
        Self(callback)
    }

    fn address(&self) -> usize {
        Arc::as_ptr(&self.0.function).addr()
    }
}

#[pymethods]
impl Object {
    #[pyo3(signature = (*arguments, **keywords))]
    fn __call__<'py>(
        &self,
        arguments: &Bound<'py, PyTuple>,
        keywords: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let Callback { function, name, .. } = &self.0;
        if keywords.is_some_and(|keywords| !keywords.is_empty()) {
            return Err(PyTypeError::new_err(format!(
                "{name}() takes no keyword arguments"
            )));
        }
        function.invoke(name, arguments)
    }

    fn __repr__(&self) -> String {
        format!("<Rust callback '{}'>", self.0.name)
    }

    fn __eq__(&self, other: &Bound<'_, PyAny>) -> bool {
        other
            .cast::<Self>()
            .is_ok_and(|other| other.get().address() == self.address())
    }

    fn __hash__(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.address().hash(&mut hasher);
        hasher.finish()
    }

    #[getter(__name__)]
    fn name(&self) -> &str {
        &self.0.name
    }

    #[getter(__qualname__)]
    fn qualified_name(&self) -> &str {
        &self.0.name
    }

    #[getter(__doc__)]
    fn doc(&self) -> Option<&str> {
        self.0.doc.as_deref()
    }

    /// `inspect` looks here first. Rust's closures keep no names of their arguments.
    #[getter(__signature__)]
    fn signature<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let inspect = py.import("inspect")?;
        let parameter = inspect.getattr("Parameter")?;
        let kind = parameter.getattr("POSITIONAL_ONLY")?;
        let parameters = (1..=self.0.function.count())
            .map(|number| parameter.call1((format!("argument_{number}"), &kind)))
            .collect::<PyResult<Vec<_>>>()?;
        inspect.call_method1("Signature", (parameters,))
    }
}
