//! `cargo xtask bench`: runs the measurements, the peers' beside ours, and makes one table.
//!
//! A peer is a small project of its own under `benches/peers`, since its PyO3 is another version than ours and a
//! program can link only one. Each measures the floor in its own process, so its ratio can stand beside ours.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs};

use anyhow::{Context, Result, anyhow, bail};
use comfy_table::{CellAlignment, Table, presets};
use serde::{Deserialize, Serialize};

use crate::tokenizer;

const SUITES: &[&str] = &["arrays", "async", "calls", "serve", "start"];
/// Takes most of a minute a round, so it runs only where it is named.
const LONG: &str = "serve";
/// Measured by a project of its own, in Python, for an hour; so it runs only where it is named, too.
const TOKENIZER: &str = "tokenizer";
/// Of that: enough for a median, as a round takes minutes.
const TOKENIZER_ROUNDS: u32 = 5;
/// Of the other suites.
const ROUNDS: u32 = 41;
/// The suites that peers have too.
const PEER_SUITES: &[&str] = &["calls"];

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// `arrays`, `async`, `calls`, `serve`, `start` or `tokenizer`; where none is given, all but `serve` and `tokenizer`.
    suite: Option<String>,
    /// Writes the rows to a file.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// How many interleaved rounds; medians are taken over them. 41 where it is not said, of `tokenizer` 5.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: Option<u32>,
    /// Leaves the peers out.
    #[arg(long)]
    no_peers: bool,
}

/// One line of the table: `ratio` is `median` by `floor`, which was measured in the same process and rounds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Row {
    suite: String,
    #[serde(rename = "row")]
    name: String,
    subject: String,
    median: Option<f64>,
    unit: String,
    ratio: Option<f64>,
    floor: Option<f64>,
    /// Why there are no figures, where there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    not_measured: Option<String>,
}

/// A program that measures.
struct Project<'a> {
    manifest: PathBuf,
    package: Option<&'a str>,
    /// Where it is built; where Cargo would, if nothing is said.
    target: Option<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let root = crate::root();
    if arguments.suite.as_deref() == Some(TOKENIZER) {
        let rounds = arguments.rounds.unwrap_or(TOKENIZER_ROUNDS);
        return tokenizer::bench(
            &root,
            &crate::target(&root),
            rounds,
            arguments.json.as_deref(),
        );
    }
    let rounds = arguments.rounds.unwrap_or(ROUNDS);
    let suites: Vec<&str> = match &arguments.suite {
        Some(suite) if SUITES.contains(&suite.as_str()) => vec![suite],
        Some(suite) => bail!(
            "there is no suite `{suite}`; there are {}, {TOKENIZER}",
            SUITES.join(", ")
        ),
        None => SUITES
            .iter()
            .copied()
            .filter(|&suite| suite != LONG)
            .collect(),
    };
    let ours = Project {
        manifest: root.join("Cargo.toml"),
        package: Some("ironbridge-bench"),
        target: None,
    };
    let mut rows = Vec::new();
    for suite in suites {
        let measured = measure(&ours, suite, rounds)?;
        let wanted: BTreeSet<String> = measured.iter().map(|row| row.name.clone()).collect();
        rows.extend(measured);
        if arguments.no_peers || !PEER_SUITES.contains(&suite) {
            continue;
        }
        for directory in peers(&root)? {
            let peer = directory.file_name().unwrap_or_default().to_string_lossy();
            let project = Project {
                manifest: directory.join("Cargo.toml"),
                package: None,
                target: Some(crate::target(&root).join("peers").join(peer.as_ref())),
            };
            let outcome = measure(&project, suite, rounds);
            merge(&mut rows, suite, &peer, &wanted, outcome);
        }
    }
    println!("{}", table(&rows));
    for line in reasons(&rows) {
        println!("{line}");
    }
    if let Some(path) = &arguments.json {
        fs::write(path, serde_json::to_string_pretty(&rows)?)
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

/// The peers' directories, by name. None is no error: the suites stand without them.
fn peers(root: &Path) -> Result<Vec<PathBuf>> {
    let directory = root.join("benches/peers");
    if !directory.exists() {
        return Ok(Vec::new());
    }
    let mut peers = Vec::new();
    for entry in
        fs::read_dir(&directory).with_context(|| format!("cannot read {}", directory.display()))?
    {
        let path = entry?.path();
        if path.is_dir() {
            peers.push(path);
        }
    }
    peers.sort();
    Ok(peers)
}

/// Builds a measuring program and runs a suite of it, which prints its rows as one JSON array.
fn measure(project: &Project<'_>, suite: &str, rounds: u32) -> Result<Vec<Row>> {
    // Else Cargo would go on looking in the directories above, and find the workspace.
    if !project.manifest.is_file() {
        bail!("there is no {}", project.manifest.display());
    }
    build(project)?;
    let output = cargo(project, "run")
        .args(["--", suite, "--rounds", &rounds.to_string()])
        .stderr(Stdio::inherit())
        .output()
        .context("cargo cannot be run")?;
    if !output.status.success() {
        bail!("it does not run: {}", output.status);
    }
    serde_json::from_slice(&output.stdout).context("it printed no JSON array of rows")
}

/// Builds, and fails with the first error that Cargo names. What Cargo says is shown all the same.
fn build(project: &Project<'_>) -> Result<()> {
    let mut child = cargo(project, "build")
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .context("cargo cannot be run")?;
    let mut first_error = None;
    for line in child
        .stderr
        .take()
        .into_iter()
        .flat_map(|stderr| BufReader::new(stderr).split(b'\n'))
    {
        let line = line.context("what cargo said cannot be read")?;
        let line = String::from_utf8_lossy(&line);
        eprintln!("{line}");
        if line.starts_with("error") {
            first_error.get_or_insert_with(|| line.into_owned());
        }
    }
    let status = child.wait()?;
    if status.success() {
        return Ok(());
    }
    Err(match first_error {
        Some(error) => anyhow!("it does not build: {error}"),
        None => anyhow!("it does not build: {status}"),
    })
}

fn cargo(project: &Project<'_>, verb: &str) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command
        .args([verb, "--release", "--quiet", "--manifest-path"])
        .arg(&project.manifest);
    if let Some(package) = project.package {
        command.args(["--package", package]);
    }
    if let Some(target) = &project.target {
        command.env("CARGO_TARGET_DIR", target);
    }
    command
}

/// Adds what a peer measured. Where it could not, each row that we have says so: a peer must not vanish from a table.
fn merge(
    rows: &mut Vec<Row>,
    suite: &str,
    peer: &str,
    wanted: &BTreeSet<String>,
    outcome: Result<Vec<Row>>,
) {
    match outcome {
        Ok(measured) => rows.extend(measured),
        Err(error) => rows.extend(wanted.iter().map(|name| Row {
            suite: suite.to_owned(),
            name: name.clone(),
            subject: peer.to_owned(),
            median: None,
            unit: "ns".to_owned(),
            ratio: None,
            floor: None,
            not_measured: Some(format!("{error:#}")),
        })),
    }
}

/// Why subjects have no figures, each reason once.
fn reasons(rows: &[Row]) -> Vec<String> {
    let mut lines = Vec::new();
    for row in rows {
        if let Some(reason) = &row.not_measured {
            let line = format!("{}: {}: not measured: {reason}", row.suite, row.subject);
            if !lines.contains(&line) {
                lines.push(line);
            }
        }
    }
    lines
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
    let mut names = Vec::new();
    for row in rows {
        let name = (&row.suite, &row.name);
        if !names.contains(&name) {
            names.push(name);
        }
    }
    for name in names {
        for row in rows.iter().filter(|row| (&row.suite, &row.name) == name) {
            table.add_row([
                row.name.clone(),
                row.subject.clone(),
                row.median.map_or_else(
                    || "not measured".to_owned(),
                    |median| shown(median, &row.unit),
                ),
                row.ratio
                    .map_or_else(String::new, |ratio| format!("{ratio:.2}")),
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
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use anyhow::anyhow;

    use super::{Project, Row, measure, merge, reasons, shown, table};

    fn row(name: &str, subject: &str) -> Row {
        Row {
            suite: "calls".into(),
            name: name.into(),
            subject: subject.into(),
            median: Some(150.0),
            unit: "ns".into(),
            ratio: Some(1.5),
            floor: Some(100.0),
            not_measured: None,
        }
    }

    fn wanted() -> BTreeSet<String> {
        ["a", "b"].map(str::to_owned).into()
    }

    #[test]
    fn rows_of_one_name_stand_together() {
        let text = table(&[row("a", "ours"), row("b", "ours"), row("a", "peer")]).to_string();
        let place = |needle: &str| text.find(needle).unwrap();
        assert!(place("peer") < place("| b"), "{text}");
        assert!(text.contains("1.50"), "{text}");
    }

    #[test]
    fn rows_of_one_name_in_two_suites_stand_apart() {
        let mut other = row("a", "other");
        other.suite = "start".into();
        let text = table(&[row("a", "ours"), other, row("a", "peer")]).to_string();
        let place = |needle: &str| text.find(needle).unwrap();
        assert!(place("peer") < place("other"), "{text}");
    }

    #[test]
    fn what_a_peer_measured_is_added_as_it_is() {
        let mut rows = vec![row("a", "ours"), row("b", "ours")];
        merge(
            &mut rows,
            "calls",
            "peer",
            &wanted(),
            Ok(vec![row("a", "peer")]),
        );
        assert_eq!(rows, [row("a", "ours"), row("b", "ours"), row("a", "peer")]);
    }

    #[test]
    fn a_peer_that_fails_keeps_its_place_in_every_row() {
        let mut rows = vec![row("a", "ours"), row("b", "ours")];
        let failure = Err(anyhow!("it does not build: error: no such crate"));
        merge(&mut rows, "calls", "peer", &wanted(), failure);
        assert_eq!(rows.len(), 4);
        assert_eq!(
            reasons(&rows),
            ["calls: peer: not measured: it does not build: error: no such crate"]
        );
        let text = table(&rows).to_string();
        assert_eq!(text.matches("not measured").count(), 2, "{text}");
    }

    #[test]
    fn rows_are_read_as_a_measuring_program_prints_them_and_written_alike() {
        let printed = r#"{"suite":"calls","row":"a","subject":"peer","median":150.0,"unit":"ns","ratio":1.5,"floor":100.0}"#;
        let read: Row = serde_json::from_str(printed).unwrap();
        assert_eq!(read, row("a", "peer"));
        assert_eq!(serde_json::to_string(&read).unwrap(), printed);
    }

    /// A measuring program of one file, without dependencies.
    fn project(directory: &Path, code: &str) -> Project<'static> {
        let manifest = directory.join("Cargo.toml");
        let text = "[package]\nname = \"peer\"\nedition = \"2024\"\n[workspace]\n";
        fs::write(&manifest, text).unwrap();
        fs::create_dir(directory.join("src")).unwrap();
        fs::write(directory.join("src/main.rs"), code).unwrap();
        Project {
            manifest,
            package: None,
            target: Some(directory.join("target")),
        }
    }

    #[test]
    fn a_project_is_built_and_told_the_suite_and_the_rounds() {
        let directory = tempfile::tempdir().unwrap();
        let code = r##"fn main() {
            let row = std::env::args().skip(1).collect::<Vec<_>>().join(" ");
            println!(r#"[{{"suite":"calls","row":"{row}","subject":"peer","median":150.0,
                "unit":"ns","ratio":1.5,"floor":100.0}}]"#);
        }"##;
        let project = project(directory.path(), code);
        let rows = measure(&project, "calls", 7).unwrap();
        assert_eq!(rows, [row("calls --rounds 7", "peer")]);
    }

    #[test]
    fn why_a_project_cannot_be_measured_is_said() {
        let directory = tempfile::tempdir().unwrap();
        let mut absent = project(directory.path(), "fn main() { absent() }");
        let error = measure(&absent, "calls", 1).unwrap_err().to_string();
        assert!(
            error.starts_with("it does not build: error") && error.contains("absent"),
            "{error}"
        );
        absent.manifest = directory.path().join("elsewhere/Cargo.toml");
        let error = measure(&absent, "calls", 1).unwrap_err().to_string();
        assert!(error.starts_with("there is no "), "{error}");
    }

    #[test]
    fn medians_have_a_unit_that_fits() {
        assert_eq!(shown(91.4, "ns"), "91 ns");
        assert_eq!(shown(21_631.0, "ns"), "21.6 µs");
        assert_eq!(shown(39_372_412.0, "ns"), "39.4 ms");
    }
}
