//! `cargo xtask test`: everything that a change must pass.

use anyhow::{Result, bail};

use crate::{python, step};

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
    Step {
        name: "tests",
        arguments: &[
            "test",
            "--workspace",
            "--all-features",
            "--lib",
            "--bins",
            "--tests",
            "--examples",
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

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    if arguments.list {
        for step in STEPS {
            println!("{}", step.name);
        }
        println!("licences");
        return Ok(());
    }
    for name in arguments.only.iter().chain(&arguments.skip) {
        if name != "licences" && !STEPS.iter().any(|step| step.name == name) {
            bail!("there is no step `{name}`; `--list` lists them");
        }
    }
    let wanted = |name: &str| {
        let is_named = |names: &[String]| names.iter().any(|named| named == name);
        (arguments.only.is_empty() || is_named(&arguments.only)) && !is_named(&arguments.skip)
    };
    python::check()?;
    for step in STEPS.iter().filter(|step| wanted(step.name)) {
        step::cargo(step.name, step.arguments, step.variables)?;
    }
    if wanted("licences") {
        if which::which("cargo-deny").is_ok() {
            let arguments = ["deny", "check", "licenses", "bans", "sources"];
            step::cargo("licences", &arguments, &[])?;
        } else {
            println!(
                "==> licences: skipped, cargo-deny is not installed (cargo install cargo-deny)"
            );
        }
    }
    Ok(())
}
