//! `cargo xtask bench`: runs the measurements, the peers' beside ours, and makes one table.
//!
//! A peer is a small project of its own under `benches/peers`, since its PyO3 is another version than ours and a
//! program can link only one. Each measures the floor in its own process, so its ratio can stand beside ours.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs};

use anyhow::{Context, Result, bail};
use comfy_table::{CellAlignment, Table, presets};
use serde::{Deserialize, Serialize};

const SUITES: &[&str] = &["calls", "start"];

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// `calls` or `start`; both where none is given.
    suite: Option<String>,
    /// Writes the rows to a file.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// How many interleaved rounds; medians are taken over them.
    #[arg(long, default_value_t = 41)]
    rounds: usize,
    /// Leaves the peers out.
    #[arg(long)]
    no_peers: bool,
}

/// One line of the table: `ratio` is `median` by `floor`, which was measured in the same process and rounds.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Row {
    suite: String,
    #[serde(rename = "row")]
    name: String,
    subject: String,
    median: f64,
    unit: String,
    ratio: f64,
    floor: f64,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let suites: Vec<&str> = match &arguments.suite {
        Some(suite) if SUITES.contains(&suite.as_str()) => vec![suite],
        Some(suite) => bail!(
            "there is no suite `{suite}`; there are {}",
            SUITES.join(", ")
        ),
        None => SUITES.to_vec(),
    };
    let root = crate::root();
    let mut rows = Vec::new();
    let mut missing = Vec::new();
    for suite in suites {
        rows.extend(measure(
            &root,
            &root.join("target"),
            &["-p", "ironbridge-bench"],
            suite,
            arguments.rounds,
        )?);
        if arguments.no_peers || suite != "calls" {
            continue;
        }
        for peer in peers(&root)? {
            let name = peer
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            // Beside ours, so that what a peer builds stays with what we build.
            let target = root.join("target/peers").join(&name);
            match measure(&peer, &target, &[], suite, arguments.rounds) {
                Ok(measured) => rows.extend(measured),
                Err(error) => missing.push(format!("{name}: not measured: {error:#}")),
            }
        }
    }
    println!("{}", table(&rows));
    for line in missing {
        println!("{line}");
    }
    if let Some(path) = &arguments.json {
        fs::write(path, serde_json::to_string_pretty(&rows)?)
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

fn peers(root: &Path) -> Result<Vec<PathBuf>> {
    let directory = root.join("benches/peers");
    let entries =
        fs::read_dir(&directory).with_context(|| format!("cannot read {}", directory.display()))?;
    let mut peers: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.is_dir())
        .collect();
    peers.sort();
    Ok(peers)
}

/// Builds a measuring program and runs a suite of it, which prints its rows as one JSON array.
fn measure(
    directory: &Path,
    target: &Path,
    package: &[&str],
    suite: &str,
    rounds: usize,
) -> Result<Vec<Row>> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["run", "--release", "--quiet"])
        .args(package)
        .args(["--", suite, "--rounds", &rounds.to_string()])
        .current_dir(directory)
        .env("CARGO_TARGET_DIR", target)
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("cargo cannot be run in {}", directory.display()))?;
    if !output.status.success() {
        bail!(
            "`cargo run --release` in {} ended with {}",
            directory.display(),
            output.status
        );
    }
    serde_json::from_slice(&output.stdout).context("it printed no JSON array of rows")
}

/// Rows of one name together, in the order of their first appearance, the floor first.
fn table(rows: &[Row]) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::ASCII_MARKDOWN).set_header([
        "row",
        "subject",
        "median",
        "ratio to the floor in its process",
    ]);
    for column in 2..4 {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let mut names: Vec<&str> = Vec::new();
    for row in rows {
        if !names.contains(&row.name.as_str()) {
            names.push(&row.name);
        }
    }
    for name in names {
        for row in rows.iter().filter(|row| row.name == name) {
            table.add_row([
                row.name.clone(),
                row.subject.clone(),
                shown(row.median, &row.unit),
                format!("{:.2}", row.ratio),
            ]);
        }
    }
    table
}

/// Three digits and a unit that fits.
fn shown(median: f64, unit: &str) -> String {
    match (unit, median) {
        ("ns", ns) if ns >= 1e6 => format!("{:.1} ms", ns / 1e6),
        ("ns", ns) if ns >= 1e4 => format!("{:.1} µs", ns / 1e3),
        _ => format!("{median:.0} {unit}"),
    }
}

#[cfg(test)]
mod tests {
    use super::{Row, shown, table};

    fn row(name: &str, subject: &str) -> Row {
        Row {
            suite: "calls".into(),
            name: name.into(),
            subject: subject.into(),
            median: 150.0,
            unit: "ns".into(),
            ratio: 1.5,
            floor: 100.0,
        }
    }

    #[test]
    fn rows_of_one_name_stand_together() {
        let text = table(&[row("a", "ours"), row("b", "ours"), row("a", "peer")]).to_string();
        let place = |needle: &str| text.find(needle).unwrap();
        assert!(place("peer") < place("| b"), "{text}");
        assert!(text.contains("1.50"), "{text}");
    }

    #[test]
    fn medians_have_a_unit_that_fits() {
        assert_eq!(shown(91.4, "ns"), "91 ns");
        assert_eq!(shown(21_631.0, "ns"), "21.6 µs");
        assert_eq!(shown(39_372_412.0, "ns"), "39.4 ms");
    }
}
