//! The rows of suite `calls`, by inline-python, each beside the floor in this process.

#[path = "../../../src/by_hand.rs"]
mod by_hand;
#[path = "../../../src/floor.rs"]
mod floor;
#[path = "../../../src/rounds.rs"]
mod rounds;

use anyhow::Result;
use inline_python::{Context, python};
pub(crate) use pyo3::ffi;
use rounds::{Row, Subject, measure};

fn main() -> Result<()> {
    let rounds = rounds::from_arguments()?;
    pyo3::prepare_freethreaded_python();
    let mut rows: Vec<Row> = Vec::new();
    let name = "inline-python 0.14.4";

    let context = Context::new();
    context.run(python! { x = 0 });
    rows.extend(measure(
        "calls",
        "x = x + 1 on globals",
        rounds,
        5_000,
        vec![
            by_hand::globals()?,
            Subject::new(name, || context.run(python! { x = x + 1 })),
        ],
    ));
    let (a, b, c) = (3_i64, 4_i64, 5_i64);
    rows.extend(measure(
        "calls",
        "a * b + c of integers",
        rounds,
        5_000,
        vec![
            by_hand::arithmetic()?,
            Subject::new(name, || {
                context.run(python! { result = 'a * 'b + 'c });
                std::hint::black_box(context.get::<i64>("result"));
            }),
        ],
    ));
    let (a, b) = (3.0_f64, 4.0_f64);
    context.run(python! { import math });
    rows.extend(measure(
        "calls",
        "math.hypot",
        rounds,
        5_000,
        vec![
            by_hand::hypot()?,
            Subject::new(name, || {
                context.run(python! { result = math.hypot('a, 'b) });
                std::hint::black_box(context.get::<f64>("result"));
            }),
        ],
    ));
    let input = "the interpreter lock";
    rows.extend(measure(
        "calls",
        "&str to String",
        rounds,
        5_000,
        vec![
            by_hand::text()?,
            Subject::new(name, || {
                context.run(python! { result = 'input.upper() });
                std::hint::black_box(context.get::<String>("result"));
            }),
        ],
    ));
    println!("{}", serde_json::to_string(&rows)?);
    Ok(())
}
