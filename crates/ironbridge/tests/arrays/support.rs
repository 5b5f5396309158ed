//! The environment, and looking at an array from both sides.

use std::sync::OnceLock;

use ironbridge::arrays::{Array, Element};
use ironbridge::{Environment, Interpreter, Session};
use ndarray::Dimension;

/// A new session in an environment with NumPy, which it has imported as `np`.
pub(crate) fn session() -> Session {
    static STARTED: OnceLock<()> = OnceLock::new();
    STARTED.get_or_init(|| {
        let environment =
            Environment::managed(["numpy", "ml_dtypes", "apache-tvm-ffi"]).expect("an environment");
        let interpreter = Interpreter::builder().environment(environment).start();
        interpreter.expect("an interpreter");
    });
    let session = Session::new().expect("a session");
    session.run("import gc, sys, numpy as np").expect("NumPy");
    session
}

/// The address of the first element, as NumPy tells it of what `expression` gives.
pub(crate) fn address(session: &Session, expression: &str) -> usize {
    session
        .eval(&format!("({expression}).__array_interface__['data'][0]"))
        .expect("an address")
}

/// The address of the first element, as Rust sees it.
pub(crate) fn address_of<T: Element, D: Dimension>(array: &Array<T, D>) -> usize {
    array.as_ptr() as usize
}

/// The words of the error that Python raises.
#[track_caller]
pub(crate) fn raises(session: &Session, code: &str) -> String {
    session.run(code).expect_err("it raises").to_string()
}
