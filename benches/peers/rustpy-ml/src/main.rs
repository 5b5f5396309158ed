//! The rows of suite `calls`, by rustpy-ml, each beside the floor in this process.

#[path = "../../../src/by_hand.rs"]
mod by_hand;
#[path = "../../../src/floor.rs"]
mod floor;
#[path = "../../../src/rounds.rs"]
mod rounds;

use anyhow::Result;
pub(crate) use pyo3::ffi;
use rounds::{Row, Subject, measure};

fn main() -> Result<()> {
    let rounds = rounds::from_arguments()?;
    pyo3::prepare_freethreaded_python();
    rustpy_ml::init()?;
    let mut rows: Vec<Row> = Vec::new();
    let name = "rustpy-ml 0.1.0";

    rustpy_ml::exec("x = 0")?;
    rows.extend(measure(
        "calls",
        "x = x + 1 on globals",
        rounds,
        2_000,
        vec![
            by_hand::globals()?,
            Subject::new(name, || rustpy_ml::exec("x = x + 1").expect("it runs")),
        ],
    ));
    rustpy_ml::exec("a, b, c = 3, 4, 5")?;
    rows.extend(measure(
        "calls",
        "a * b + c of integers",
        rounds,
        2_000,
        vec![
            by_hand::arithmetic()?,
            Subject::new(name, || {
                std::hint::black_box(rustpy_ml::eval::<i64>("a * b + c").expect("it runs"));
            }),
        ],
    ));
    // Its `call` takes one argument; several arrive as a tuple.
    rustpy_ml::exec("import math")?;
    rows.extend(measure(
        "calls",
        "math.hypot",
        rounds,
        2_000,
        vec![
            by_hand::hypot()?,
            Subject::new(name, || {
                std::hint::black_box(
                    rustpy_ml::eval::<f64>("math.hypot(3.0, 4.0)").expect("it runs"),
                );
            }),
        ],
    ));
    rustpy_ml::exec("text = 'the interpreter lock'")?;
    rows.extend(measure(
        "calls",
        "&str to String",
        rounds,
        2_000,
        vec![
            by_hand::text()?,
            Subject::new(name, || {
                std::hint::black_box(rustpy_ml::eval::<String>("text.upper()").expect("it runs"));
            }),
        ],
    ));
    println!("{}", serde_json::to_string(&rows)?);
    Ok(())
}
