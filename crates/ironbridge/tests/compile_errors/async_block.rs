//! What `async` blocks cannot do, each at its place.

use std::rc::Rc;

use ironbridge::python;
use ironbridge::pyo3::Py;
use ironbridge::pyo3::types::PyList;

struct NotCloned;

async fn blocks(number: i64, list: Py<PyList>) {
    let _ = python! { async -> i64 => yield 'number };

    let _ = python! { async => return 'number };

    let _ = python! { async -> i64 => x = await f() };

    let _ = python! { async => 'number = 1 };

    // Functions are as asynchronous as they say.
    let _ = python! { async =>
        def plain():
            await f()
        numbers = lambda: await f()
    };

    let _ = python!(async -> i64 => "await f(", number);

    // Whose errors would be noise after another: the value is of the promised type.
    let _: ironbridge::Result<i64> = python! { async -> i64 => await }.await;

    let _ = list;
}

fn main() {}

fn captures() {
    let thing = NotCloned;
    let _ = python! { async => f('thing) };

    let counted = Rc::new(1);
    let _ = python! { async => f('counted) };
}
