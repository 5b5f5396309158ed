use std::path::Path;
use std::rc::Rc;

use ironbridge::pyo3::prelude::*;

#[ironbridge::awaitable]
#[pyfunction]
fn not_async() {}

#[ironbridge::awaitable]
async fn not_of_python() {}

#[ironbridge::awaitable(send)]
#[pyfunction]
async fn with_arguments() {}

#[ironbridge::awaitable]
struct NoFunction;

#[ironbridge::awaitable]
#[pyfunction]
async fn text(text: &str) {}

#[ironbridge::awaitable]
#[pyfunction]
async fn path(path: &Path) {}

#[ironbridge::awaitable]
#[pyfunction]
async fn numbers(numbers: &[f64]) {}

#[ironbridge::awaitable]
#[pyfunction]
async fn attached(py: Python<'_>) {}

#[ironbridge::awaitable]
#[pyfunction]
async fn bound(object: Bound<'_, PyAny>) {}

#[ironbridge::awaitable]
#[pyfunction]
async fn pair((a, b): (i64, i64)) {}

struct NotAnException;

#[ironbridge::awaitable]
#[pyfunction]
async fn fails() -> Result<(), NotAnException> {
    Ok(())
}

struct NotAnObject;

#[ironbridge::awaitable]
#[pyfunction]
async fn gives() -> NotAnObject {
    NotAnObject
}

#[ironbridge::awaitable]
#[pyfunction]
async fn stays_on_its_thread() {
    let kept = Rc::new(1);
    std::future::ready(()).await;
    drop(kept);
}

fn main() {}
