//! `cargo xtask test`: everything that a change must pass.

use std::ffi::OsStr;

use anyhow::{Result, bail};

use crate::{package, python, step};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Only these steps.
    #[arg(long, value_name = "STEP", conflicts_with = "skip")]
    only: Vec<String>,
    /// All but these steps.
    #[arg(long, value_name = "STEP")]
    skip: Vec<String>,
    /// Lists the steps.
    #[arg(long)]
    list: bool,
}

struct Step {
    name: &'static str,
    arguments: &'static [&'static str],
    variables: &'static [(&'static str, &'static str)],
}

const STEPS: &[Step] = &[
    Step {
        name: "formatting",
        arguments: &["fmt", "--all", "--check"],
        variables: &[],
    },
    Step {
        name: "lints",
        arguments: &[
            "clippy",
            "--workspace",
            "--all-targets",
            "--all-features",
            "--",
            "-D",
            "warnings",
        ],
        variables: &[],
    },
    // With targets named, `cargo test` does not build the examples as the programs that their tests run.
    Step {
        name: "examples",
        arguments: &["build", "--workspace", "--all-features", "--examples"],
        variables: &[],
    },
    Step {
        name: "tests",
        arguments: &[
            "test",
            "--workspace",
            "--all-features",
            "--lib",
            "--bins",
            "--tests",
        ],
        variables: &[],
    },
    Step {
        name: "doctests",
        arguments: &["test", "--workspace", "--all-features", "--doc"],
        variables: &[],
    },
    Step {
        name: "docs",
        arguments: &["doc", "--workspace", "--all-features", "--no-deps"],
        variables: &[("RUSTDOCFLAGS", "-D warnings")],
    },
];

/// The Python packages: their names, where they are.
const PACKAGES: &[(&str, &str)] = &[("ironbpe", "packages/tokenizer/python")];

/// The step that is left out where its tool is not there.
const LICENCES: &str = "licences";

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    if arguments.list {
        names().for_each(|name| println!("{name}"));
        return Ok(());
    }
    let wanted = select(&arguments.only, &arguments.skip)?;
    let python = python::find()?;
    for step in STEPS.iter().filter(|step| wanted.contains(&step.name)) {
        let mut variables: Vec<(&str, &OsStr)> = step
            .variables
            .iter()
            .map(|(name, value)| (*name, OsStr::new(value)))
            .collect();
        if let Some(python) = &python {
            variables.push(("PYO3_PYTHON", python));
        }
        step::cargo(step.name, step.arguments, &variables)?;
    }
    for (name, path) in PACKAGES {
        if wanted.contains(name) {
            let root = crate::root();
            let target = crate::target(&root).join("packages").join(name);
            package::test(name, &root.join(path), &target, python.clone())?;
        }
    }
    if wanted.contains(&LICENCES) {
        if which::which("cargo-deny").is_ok() {
            let arguments = ["deny", "check", "licenses", "bans", "sources"];
            step::cargo(LICENCES, &arguments, &[])?;
        } else {
            println!(
                "==> {LICENCES}: skipped, cargo-deny is not installed (cargo install cargo-deny --locked)"
            );
        }
    }
    Ok(())
}

fn names() -> impl Iterator<Item = &'static str> {
    let packages = PACKAGES.iter().map(|(name, _)| *name);
    let steps = STEPS.iter().map(|step| step.name);
    steps.chain(packages).chain([LICENCES])
}

/// The names of the steps to run: those of `only`, or where it is empty all, without those of `skip`.
fn select(only: &[String], skip: &[String]) -> Result<Vec<&'static str>> {
    for name in only.iter().chain(skip) {
        if !names().any(|step| step == name) {
            let names: Vec<_> = names().collect();
            bail!("there is no step `{name}`; there are {}", names.join(", "));
        }
    }
    let is_among = |list: &[String], name: &str| list.iter().any(|listed| listed == name);
    Ok(names()
        .filter(|name| only.is_empty() || is_among(only, name))
        .filter(|name| !is_among(skip, name))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::select;

    fn list(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn all_steps_run_in_their_order_where_none_is_named() {
        let all = [
            "formatting",
            "lints",
            "examples",
            "tests",
            "doctests",
            "docs",
            "ironbpe",
            "licences",
        ];
        assert_eq!(select(&[], &[]).unwrap(), all);
    }

    #[test]
    fn named_steps_are_picked_and_left_out() {
        let only = list(&["docs", "lints"]);
        assert_eq!(select(&only, &[]).unwrap(), ["lints", "docs"]);
        let skip = list(&["examples", "tests", "doctests", "ironbpe", "licences"]);
        assert_eq!(select(&[], &skip).unwrap(), ["formatting", "lints", "docs"]);
    }

    #[test]
    fn a_step_that_is_none_is_an_error_that_names_those_there_are() {
        let error = select(&[], &list(&["test"])).unwrap_err().to_string();
        assert!(
            error.contains("`test`") && error.contains("formatting, lints"),
            "{error}"
        );
    }
}
