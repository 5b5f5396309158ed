//! Rows of suite `calls`: typed modules, against a cached callable called by `PyObject_Vectorcall`, attach included; and
//! loading one, against asking Python for the signatures alone.

use std::fmt::Write as _;
use std::hint::black_box;

use anyhow::Result;
use ironbridge::pyo3::prelude::*;

use crate::ffi;
use crate::floor::{attached, define, vectorcall};
use crate::rounds::{Row, Subject, measure};

const TIMES: u32 = 20_000;

#[ironbridge::module("math")]
trait Math {
    fn hypot(&self, x: f64, y: f64) -> ironbridge::Result<f64>;
}

#[ironbridge::module("bench_texts")]
trait Texts {
    fn upper(&self, text: &str) -> ironbridge::Result<String>;
    fn scaled(
        &self,
        a: i64,
        #[python(keyword)] by: i64,
        #[python(default)] plus: Option<i64>,
    ) -> ironbridge::Result<i64>;
    #[python(class)]
    fn counter(&self) -> ironbridge::Result<Counter>;
}

#[ironbridge::class]
trait Counter {
    fn add(&self, n: i64) -> ironbridge::Result<i64>;
}

const TEXTS: &str = "
def upper(text: str) -> str: return text.upper()
def scaled(a: int, *, by: int, plus: int = 0) -> int: return a * by + plus
class Counter:
    def __init__(self) -> None: self.n = 0
    def add(self, n: int) -> int:
        self.n += n
        return self.n
";

/// All rows.
pub(crate) fn rows(suite: &'static str, rounds: usize) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    rows.extend(hypot(suite, rounds)?);
    let texts = Texts::loader().source(TEXTS).load()?;
    rows.extend(text(suite, rounds, &texts)?);
    rows.extend(named(suite, rounds, &texts)?);
    rows.extend(method(suite, rounds, &texts)?);
    rows.extend(load(suite, rounds)?);
    Ok(rows)
}

fn hypot(suite: &'static str, rounds: usize) -> Result<Vec<Row>> {
    let math = Math::load()?;
    let numbers = black_box([3.0_f64, 4.0]);
    let ours = Subject::new("ironbridge module", || {
        black_box(math.hypot(numbers[0], numbers[1]).expect("it runs"));
    });
    let held = ironbridge::attach(|py| py.import("math")?.getattr("hypot").map(Bound::unbind))??;
    let pyo3 = Subject::new("PyO3, cached", || {
        let result: f64 = Python::attach(|py| {
            let result = held.bind(py).call1((numbers[0], numbers[1]));
            result.and_then(|result| result.extract()).expect("it runs")
        });
        black_box(result);
    });
    let subjects = vec![crate::by_hand::hypot_itself()?, ours, pyo3];
    Ok(measure(suite, "math.hypot itself", rounds, TIMES, subjects))
}

fn text(suite: &'static str, rounds: usize, texts: &Texts) -> Result<Vec<Row>> {
    let input: &str = black_box("the interpreter lock");
    let ours = Subject::new("ironbridge module", || {
        black_box(texts.upper(input).expect("it runs"));
    });
    let subjects = vec![crate::by_hand::text()?, ours];
    Ok(measure(
        suite,
        "&str to String, declared",
        rounds,
        TIMES,
        subjects,
    ))
}

/// Arguments by name.
fn named(suite: &'static str, rounds: usize, texts: &Texts) -> Result<Vec<Row>> {
    let function = define("def f(a, *, by, plus=0): return a * by + plus\n", c"f")?;
    let names = define("names = ('by',)\n", c"names")?;
    let numbers = black_box([3_i64, 4]);
    let floor = Subject::new("C API", move || {
        attached(|| {
            // SAFETY: attached; a live function and tuple of one name, for the last of two arguments; every new
            // reference is given back.
            unsafe {
                let arguments = numbers.map(|n| ffi::PyLong_FromLongLong(n));
                let result = ffi::PyObject_Vectorcall(function.0, arguments.as_ptr(), 1, names.0);
                black_box(ffi::PyLong_AsLongLong(result));
                ffi::Py_DECREF(result);
                for argument in arguments {
                    ffi::Py_DECREF(argument);
                }
            }
        });
    });
    let ours = Subject::new("ironbridge module, a default left out", || {
        black_box(texts.scaled(numbers[0], numbers[1], None).expect("it runs"));
    });
    let subjects = vec![floor, ours];
    Ok(measure(
        suite,
        "an argument by name",
        rounds,
        TIMES,
        subjects,
    ))
}

fn method(suite: &'static str, rounds: usize, texts: &Texts) -> Result<Vec<Row>> {
    let code = format!("{TEXTS}\nc = Counter()\n");
    let object = define(&code, c"c")?;
    let name = define("import sys\nname = sys.intern('add')\n", c"name")?;
    let floor = Subject::new("C API", move || {
        attached(|| {
            // SAFETY: attached; a live object and name; every new reference is given back.
            unsafe {
                let number = ffi::PyLong_FromLongLong(black_box(1));
                let arguments = [object.0, number];
                let result = ffi::PyObject_VectorcallMethod(
                    name.0,
                    arguments.as_ptr(),
                    2,
                    std::ptr::null_mut(),
                );
                black_box(ffi::PyLong_AsLongLong(result));
                ffi::Py_DECREF(result);
                ffi::Py_DECREF(number);
            }
        });
    });
    let counter = texts.counter()?;
    let ours = Subject::new("ironbridge class", || {
        black_box(counter.add(black_box(1)).expect("it runs"));
    });
    Ok(measure(suite, "a method", rounds, TIMES, vec![floor, ours]))
}

/// Fifty functions of three parameters.
fn load(suite: &'static str, rounds: usize) -> Result<Vec<Row>> {
    let mut code = String::new();
    for number in 0..50 {
        writeln!(
            code,
            "def f{number}(a: int, b: str, *, c: float = 1.0) -> list[str]: ..."
        )?;
    }
    Fifty::loader().source(code.as_str()).load()?;
    let ask = define(
        "import inspect, sys\ndef f():\n    m = sys.modules['bench_fifty']\n    \
         for n in range(50): inspect.signature(getattr(m, f'f{n}'))\n",
        c"f",
    )?;
    let floor = Subject::new("inspect.signature of each", move || {
        attached(|| {
            // SAFETY: attached; a live function.
            unsafe { ffi::Py_DECREF(vectorcall(ask, [])) }
        });
    });
    let ours = Subject::new("ironbridge load and check", || {
        black_box(
            Fifty::loader()
                .source(code.as_str())
                .load()
                .expect("it fits"),
        );
    });
    let subjects = vec![floor, ours];
    Ok(measure(
        suite,
        "a module of 50 functions",
        rounds,
        20,
        subjects,
    ))
}

macro_rules! fifty {
    ($($name:ident)*) => {
        #[ironbridge::module("bench_fifty")]
        trait Fifty {
            $(fn $name(&self, a: i64, b: &str, #[python(keyword, default)] c: Option<f64>)
                -> ironbridge::Result<Vec<String>>;)*
        }
    };
}

fifty! {
    f0 f1 f2 f3 f4 f5 f6 f7 f8 f9 f10 f11 f12 f13 f14 f15 f16 f17 f18 f19 f20 f21 f22 f23 f24 f25 f26 f27 f28 f29 f30
    f31 f32 f33 f34 f35 f36 f37 f38 f39 f40 f41 f42 f43 f44 f45 f46 f47 f48 f49
}
