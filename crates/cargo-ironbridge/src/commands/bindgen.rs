//! `cargo ironbridge bindgen`: the Rust trait of a Python module.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use ironbridge_bindgen::{Bindings, Builder, Summary, agree};
use similar::TextDiff;

use crate::places;

/// Write the Rust trait of a Python module, from its type hints.
///
/// Nothing of Python runs: the module's source is read, or its stubs (`.pyi`) where there are any. The trait goes to
/// stdout, or to the file of `-o`; a summary of what is typed, loose and left out goes to stderr.
#[derive(clap::Args)]
#[command(after_help = "\
Exit codes:
  0  done; with --check: the file and the Python agree
  1  with --check: they do not, or the file is not there
  2  the module was not found or is no Python, a name of --only is not there, a file cannot be written

Examples:
  cargo ironbridge bindgen python/embedders.py -o src/embedders.rs
  cargo ironbridge bindgen python/embedders.py -o src/embedders.rs --check
  cargo ironbridge bindgen json --path stubs --only dumps,loads
  cargo ironbridge bindgen httpx --environment .venv --only Client")]
pub(crate) struct Bindgen {
    /// A file (`module.py`, `module.pyi`), the directory of a package, or the dotted name of a module.
    ///
    /// A name is looked for in the directories of --path, then in the environment: that of --environment,
    /// `VIRTUAL_ENV`, `CONDA_PREFIX`, or the nearest `.venv`.
    module_source: String,

    /// The file to write, or with --check to compare.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Only these names, and the types that they need.
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    only: Vec<String>,

    /// Write nothing; exit with 1 and show the difference where the file is not what would be written.
    #[arg(long, requires = "output")]
    check: bool,

    /// The name by which the program imports the module, where the place of the file does not say it.
    #[arg(long = "module", value_name = "NAME")]
    module_name: Option<String>,

    /// A directory in which a module given by its name is looked for; may be repeated.
    #[arg(long, value_name = "DIR")]
    path: Vec<PathBuf>,

    /// The environment in which a module given by its name is looked for.
    #[arg(long, value_name = "DIR")]
    environment: Option<PathBuf>,

    /// No summary; or with -v, all that is loose or left out, and why.
    #[arg(short, long, conflicts_with = "verbose")]
    quiet: bool,

    /// The summary with each name that is loose or left out, and why.
    #[arg(short, long)]
    verbose: bool,
}

impl Bindgen {
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        let bindings = self.builder()?.generate()?;
        if !self.quiet {
            self.summarize(&bindings.summary)?;
        }
        match &self.output {
            Some(file) if self.check => check(file, &bindings),
            Some(file) => {
                bindings.write_to(file)?;
                Ok(ExitCode::SUCCESS)
            }
            None => {
                std::io::stdout()
                    .write_all(bindings.code.as_bytes())
                    .context("stdout cannot be written")?;
                Ok(ExitCode::SUCCESS)
            }
        }
    }

    fn builder(&self) -> anyhow::Result<Builder> {
        let source = Path::new(&self.module_source);
        let is_file = source.exists()
            || source
                .extension()
                .is_some_and(|it| it == "py" || it == "pyi")
            || self.module_source.contains(std::path::is_separator);
        let by_name = !self.path.is_empty() || self.environment.is_some() || !is_file;
        let builder = if by_name && !source.is_file() {
            let directories = places::directories(&self.path, self.environment.as_deref())?;
            Bindings::of_module(&self.module_source, directories)
        } else {
            Bindings::of(source)
        };
        let builder = builder.only(&self.only);
        Ok(match &self.module_name {
            Some(name) => builder.module(name),
            None => builder,
        })
    }

    fn summarize(&self, summary: &Summary) -> anyhow::Result<()> {
        let mut stderr = std::io::stderr().lock();
        let written = if self.verbose {
            writeln!(stderr, "{summary}")
        } else {
            writeln!(stderr, "{}", short(summary))
        };
        written.context("stderr cannot be written")
    }
}

/// The numbers, and the reasons with how often each occurs.
fn short(summary: &Summary) -> String {
    const SHOWN: usize = 8;
    let full = summary.to_string();
    let mut lines = vec![full.lines().next().unwrap_or_default().to_owned()];
    let reasons = summary.reasons();
    let shown = reasons.iter().take(SHOWN);
    lines.extend(shown.map(|(reason, count)| format!("  {count} x {reason}")));
    if let Some(more) = reasons.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        lines.push(format!(
            "  and {more} other reasons; -v shows all, with their places"
        ));
    }
    lines.join("\n")
}

fn check(file: &Path, bindings: &Bindings) -> anyhow::Result<ExitCode> {
    let mut stderr = std::io::stderr().lock();
    let shown = file.display();
    let known = match std::fs::read_to_string(file) {
        Ok(known) => known,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            writeln!(
                stderr,
                "{shown} is not there; without --check it is written"
            )?;
            return Ok(ExitCode::from(1));
        }
        Err(error) => return Err(error).with_context(|| format!("{shown} cannot be read")),
    };
    if agree(&known, &bindings.code) {
        return Ok(ExitCode::SUCCESS);
    }
    writeln!(
        stderr,
        "{shown} and the Python no longer agree; without --check it is written anew"
    )?;
    let diff = TextDiff::from_lines(&known, &bindings.code);
    let diff = diff
        .unified_diff()
        .context_radius(3)
        .header(&shown.to_string(), "what the Python says")
        .to_string();
    if stderr.is_terminal() {
        for line in diff.lines() {
            let color = match line.as_bytes().first() {
                Some(b'+') => "\u{1b}[32m",
                Some(b'-') => "\u{1b}[31m",
                Some(b'@') => "\u{1b}[36m",
                _ => "",
            };
            let end = if color.is_empty() { "" } else { "\u{1b}[0m" };
            writeln!(stderr, "{color}{line}{end}")?;
        }
    } else {
        write!(stderr, "{diff}")?;
    }
    Ok(ExitCode::from(1))
}
