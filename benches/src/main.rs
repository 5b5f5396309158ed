//! `ironbridge-bench SUITE --rounds N` prints the suite's rows as one JSON array. `cargo xtask bench` runs it beside the
//! peers and makes the table.

#![allow(clippy::print_stdout, reason = "it prints the rows")]
#![allow(
    clippy::expect_used,
    reason = "a bench that fails has nothing to measure"
)]

mod arrays;
mod async_calls;
mod awaiting;
mod by_hand;
mod calls;
mod floor;
mod iterators;
mod modules;
mod rounds;
mod serve;
mod start;
mod streams;
mod structs;

use anyhow::{Context, Result, bail};
pub(crate) use ironbridge::pyo3::ffi;

fn main() -> Result<()> {
    let suite = std::env::args()
        .nth(1)
        .context("which suite? `arrays`, `async`, `calls` or `start`")?;
    let rounds = rounds::from_arguments()?;
    let rows = match suite.as_str() {
        "arrays" => arrays::measure(rounds)?,
        "async" => async_calls::measure(rounds)?,
        "calls" => calls::measure(rounds)?,
        "serve" => serve::measure(rounds)?,
        "start" => start::measure(rounds)?,
        other => {
            bail!(
                "there is no suite `{other}`; there are `arrays`, `async`, `calls`, `serve` and `start`"
            )
        }
    };
    println!("{}", serde_json::to_string_pretty(&rows)?);
    Ok(())
}
