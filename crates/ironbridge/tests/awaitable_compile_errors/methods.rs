use ironbridge::pyo3::prelude::*;

#[pyclass(frozen)]
struct Frozen;

#[ironbridge::awaitable]
#[pymethods]
impl Frozen {
    async fn changes(&mut self) {}
}

#[pyclass(frozen)]
struct Class;

#[ironbridge::awaitable]
#[pymethods]
impl Class {
    #[classmethod]
    async fn of_the_class(cls: Py<PyAny>) {}
}

#[pyclass(frozen)]
struct Nothing;

#[ironbridge::awaitable]
#[pymethods]
impl Nothing {
    fn waits_for_nothing(&self) {}
}

struct Plain;

#[ironbridge::awaitable]
impl Plain {
    async fn of_no_class(&self) {}
}

#[pyclass]
struct Thawed;

#[ironbridge::awaitable]
#[pymethods]
impl Thawed {
    async fn waits(&self) {}
}

fn main() {}
