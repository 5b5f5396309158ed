//! The Python that the workspace is built with.

use std::ffi::{OsStr, OsString};
use std::process::Command;

use anyhow::{Result, bail};

/// The oldest CPython that is served.
const OLDEST: (u32, u32) = (3, 11);

/// What an interpreter says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Interpreter {
    implementation: String,
    version: (u32, u32),
}

/// Finds a CPython that will do, before a build fails with less to say, and tells which.
///
/// Gives the value that the steps need for `PYO3_PYTHON`, where PyO3 would choose another by itself. Elsewhere the
/// variable is left alone: setting it has everything built anew.
pub(crate) fn find() -> Result<Option<OsString>> {
    let named = std::env::var_os("PYO3_PYTHON").filter(|python| !python.is_empty());
    // PyO3's order.
    let candidates: Vec<OsString> = match named {
        Some(python) => vec![python],
        None => vec!["python".into(), "python3".into()],
    };
    let (index, version) = choose(&candidates, ask)?;
    let chosen = &candidates[index];
    println!(
        "==> python: {} is CPython {}.{}",
        chosen.display(),
        version.0,
        version.1
    );
    Ok((index > 0).then(|| chosen.clone()))
}

/// The first candidate that will do, and its version; or what is wrong with each, and what to do.
fn choose(
    candidates: &[OsString],
    ask: impl Fn(&OsStr) -> Option<Interpreter>,
) -> Result<(usize, (u32, u32))> {
    let mut found = Vec::new();
    for (index, candidate) in candidates.iter().enumerate() {
        match ask(candidate) {
            Some(python) if python.implementation == "cpython" && python.version >= OLDEST => {
                return Ok((index, python.version));
            }
            Some(python) => found.push(format!(
                "{} is {} {}.{}",
                candidate.display(),
                python.implementation,
                python.version.0,
                python.version.1
            )),
            None => found.push(format!("{} does not run", candidate.display())),
        }
    }
    bail!(
        "no CPython {}.{} or newer: {}. Install one with its shared library, or name it: \
         PYO3_PYTHON=/path/to/python3.13 cargo xtask test",
        OLDEST.0,
        OLDEST.1,
        found.join(", ")
    )
}

fn ask(python: &OsStr) -> Option<Interpreter> {
    let code = "import sys; print(sys.implementation.name, *sys.version_info[:2])";
    let output = Command::new(python).args(["-c", code]).output().ok()?;
    read(&String::from_utf8(output.stdout).ok()?)
}

fn read(answer: &str) -> Option<Interpreter> {
    let mut words = answer.split_whitespace();
    Some(Interpreter {
        implementation: words.next()?.to_owned(),
        version: (words.next()?.parse().ok()?, words.next()?.parse().ok()?),
    })
}

#[cfg(test)]
mod tests {
    use std::ffi::{OsStr, OsString};

    use super::{Interpreter, choose, read};

    fn named(names: &[&str]) -> Vec<OsString> {
        names.iter().map(OsString::from).collect()
    }

    #[test]
    fn the_first_that_will_do_is_taken() {
        let ask = |python: &OsStr| match python.to_str() {
            Some("python") => read("cpython 3 9"),
            _ => read("cpython 3 13\n"),
        };
        let chosen = choose(&named(&["python", "python3"]), ask).unwrap();
        assert_eq!(chosen, (1, (3, 13)));
    }

    #[test]
    fn where_none_will_do_each_is_named_and_what_to_do() {
        let ask = |python: &OsStr| match python.to_str() {
            Some("python") => read("pypy 3 11"),
            _ => None,
        };
        let error = choose(&named(&["python", "python3"]), ask).unwrap_err();
        let text = error.to_string();
        for part in [
            "python is pypy 3.11",
            "python3 does not run",
            "PYO3_PYTHON=",
        ] {
            assert!(text.contains(part), "{text}");
        }
    }

    #[test]
    fn an_answer_that_is_none_is_not_read() {
        assert_eq!(read("Python 2.7.18"), None);
        let python = Interpreter {
            implementation: "cpython".into(),
            version: (3, 11),
        };
        assert_eq!(read("cpython 3 11\n"), Some(python));
    }
}
