//! Arrow tables, in and out, by the Arrow `PyCapsule` interface: pandas, polars, pyarrow, duckdb and others.
//!
//! [`RecordBatches`] reads what has `__arrow_c_stream__` (tables, data frames, readers) or `__arrow_c_array__` (one
//! batch), and goes to Python as an object that has the former. The batches are those of [`arrow_array`]; their memory is
//! the other library's, not copied.
//!
//! ```no_run
//! use ironbridge::Session;
//! use ironbridge::arrays::arrow::RecordBatches;
//!
//! # fn main() -> ironbridge::Result<()> {
//! let session = Session::new()?;
//! session.run("import polars as pl\nframe = pl.DataFrame({'id': [1, 2], 'name': ['a', 'b']})")?;
//! let batches: RecordBatches = session.get("frame")?;
//! let batches = batches.collect::<Result<Vec<_>, _>>().expect("two rows");
//! session.set("back", RecordBatches::from(batches[0].clone()))?;
//! session.run("assert pl.DataFrame(back).equals(frame)")?;
//! # Ok(())
//! # }
//! ```
//!
//! # Whom this trusts
//!
//! Arrow's interface is C: the exporter says where memory is and what it holds, and promises that it does not change. Every
//! library keeps that for what it made itself. What can be looked at is: offsets, indices and text of a batch are
//! validated when it comes in, since Rust relies on them, and one that fails is an error. That reads them once, and no
//! numbers. What cannot be looked at is how large the memory is, and whether somebody writes it: Python code can, where it
//! made a column of a NumPy array or a `bytearray` that it goes on using. Do not do that.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use arrow_array::ffi::{FFI_ArrowArray, FFI_ArrowSchema, from_ffi};
use arrow_array::ffi_stream::{FFI_ArrowArrayStream, RecordBatchStreamReader};
use arrow_array::{Array as _, RecordBatch, RecordBatchIterator, RecordBatchReader, StructArray};
use arrow_schema::{ArrowError, Schema, SchemaRef};
use pyo3::exceptions::{PyRuntimeError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyCapsule;

use super::mismatch::type_name;

pub use arrow_array;
pub use arrow_schema;

type Reader = Box<dyn RecordBatchReader + Send>;

/// A stream of record batches: an iterator, and an [`arrow_array::RecordBatchReader`].
///
/// Reading it runs the other library, and maybe Python: do it detached, where the next batch is not there yet.
pub struct RecordBatches(Reader);

impl RecordBatches {
    /// Any reader of batches.
    pub fn new(reader: impl RecordBatchReader + Send + 'static) -> Self {
        Self(Box::new(reader))
    }

    /// What the batches' columns are.
    pub fn schema(&self) -> SchemaRef {
        self.0.schema()
    }
}

impl From<RecordBatch> for RecordBatches {
    fn from(batch: RecordBatch) -> Self {
        let schema = batch.schema();
        Self::new(RecordBatchIterator::new([Ok(batch)], schema))
    }
}

impl Iterator for RecordBatches {
    type Item = Result<RecordBatch, ArrowError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next()
    }
}

impl RecordBatchReader for RecordBatches {
    fn schema(&self) -> SchemaRef {
        self.0.schema()
    }
}

impl fmt::Debug for RecordBatches {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordBatches")
            .field("schema", &self.schema())
            .finish_non_exhaustive()
    }
}

/// A stream of another library, whose batches are validated.
struct Validated(RecordBatchStreamReader);

impl Iterator for Validated {
    type Item = Result<RecordBatch, ArrowError>;

    fn next(&mut self) -> Option<Self::Item> {
        let batch = self.0.next()?;
        Some(batch.and_then(|batch| validate(&batch).map(|()| batch)))
    }
}

impl RecordBatchReader for Validated {
    fn schema(&self) -> SchemaRef {
        self.0.schema()
    }
}

fn validate(batch: &RecordBatch) -> Result<(), ArrowError> {
    batch
        .columns()
        .iter()
        .try_for_each(|column| column.to_data().validate_full())
}

impl<'py> FromPyObject<'_, 'py> for RecordBatches {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        if object.hasattr("__arrow_c_stream__")? {
            let capsule = object.call_method0("__arrow_c_stream__")?;
            return from_stream(&capsule.cast_into::<PyCapsule>()?);
        }
        if object.hasattr("__arrow_c_array__")? {
            let capsules = object.call_method0("__arrow_c_array__")?;
            let (schema, array) =
                capsules.extract::<(Bound<'_, PyCapsule>, Bound<'_, PyCapsule>)>()?;
            return from_array(&schema, &array);
        }
        Err(PyTypeError::new_err(format!(
            "expected an Arrow table or stream, with `__arrow_c_stream__`, found an object of type {}, which has none; \
             make one of it in Python, as by `pyarrow.table(…)` or `polars.DataFrame(…)`",
            type_name(&object)
        )))
    }
}

fn from_stream(capsule: &Bound<'_, PyCapsule>) -> PyResult<RecordBatches> {
    let stream = capsule
        .pointer_checked(Some(c"arrow_array_stream"))?
        .cast::<FFI_ArrowArrayStream>();
    // SAFETY: that is what a capsule of this name holds. The stream is moved out; an empty one stays, which the capsule's
    // destructor knows how to pass over.
    let reader = unsafe { RecordBatchStreamReader::from_raw(stream.as_ptr()) };
    Ok(RecordBatches::new(Validated(reader.map_err(failed)?)))
}

fn from_array(
    schema: &Bound<'_, PyCapsule>,
    array: &Bound<'_, PyCapsule>,
) -> PyResult<RecordBatches> {
    let schema = schema
        .pointer_checked(Some(c"arrow_schema"))?
        .cast::<FFI_ArrowSchema>();
    let array = array
        .pointer_checked(Some(c"arrow_array"))?
        .cast::<FFI_ArrowArray>();
    // SAFETY: that is what capsules of these names hold, and the two belong together. The array is moved out, an empty one
    // stays; the schema is only read, and the capsule is held by the caller.
    let data = unsafe { from_ffi(FFI_ArrowArray::from_raw(array.as_ptr()), schema.as_ref()) };
    let data = data.map_err(failed)?;
    if !matches!(data.data_type(), arrow_schema::DataType::Struct(_)) {
        return Err(PyTypeError::new_err(format!(
            "expected an Arrow record batch, found one array of {}; give it a name in Python, as by \
             `pyarrow.record_batch({{'x': x}})`",
            data.data_type()
        )));
    }
    data.validate_full().map_err(failed)?;
    // SAFETY: as above; the schema's metadata, which the array's type does not have.
    let metadata = Schema::try_from(unsafe { schema.as_ref() })
        .map_err(failed)?
        .metadata;
    let structs = StructArray::from(data);
    if structs.null_count() > 0 {
        return Err(PyValueError::new_err(
            "expected an Arrow record batch, found an array of structs of which some are null; drop those in Python",
        ));
    }
    let batch = RecordBatch::from(structs);
    let schema = Arc::new(batch.schema().as_ref().clone().with_metadata(metadata));
    Ok(batch.with_schema(schema).map_err(failed)?.into())
}

#[expect(clippy::needless_pass_by_value, reason = "it is given to `map_err`")]
fn failed(why: ArrowError) -> PyErr {
    PyValueError::new_err(format!("the Arrow data cannot be read: {why}"))
}

/// What Python gets of [`RecordBatches`]: a stream that can be read once.
#[pyclass(frozen, name = "RecordBatches", module = "ironbridge")]
struct Exported {
    schema: SchemaRef,
    reader: Mutex<Option<Reader>>,
}

#[pymethods]
impl Exported {
    /// The stream. Another schema may be asked for, but the consumer has to be content with this one.
    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        let _ = requested_schema;
        // Held for a moment only, in which nothing is waited for.
        let mut reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(reader) = reader.take() else {
            return Err(PyRuntimeError::new_err(
                "this stream of record batches was read already; take it once, as by `pyarrow.table(x)`, and use that",
            ));
        };
        let stream = FFI_ArrowArrayStream::new(reader);
        PyCapsule::new_with_value(py, stream, c"arrow_array_stream")
    }

    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        let schema = FFI_ArrowSchema::try_from(self.schema.as_ref()).map_err(failed)?;
        PyCapsule::new_with_value(py, schema, c"arrow_schema")
    }
}

impl<'py> IntoPyObject<'py> for RecordBatches {
    type Target = PyAny;
    type Output = Bound<'py, PyAny>;
    type Error = PyErr;

    fn into_pyobject(self, py: Python<'py>) -> PyResult<Self::Output> {
        let exported = Exported {
            schema: self.schema(),
            reader: Mutex::new(Some(self.0)),
        };
        Ok(Bound::new(py, exported)?.into_any())
    }
}
