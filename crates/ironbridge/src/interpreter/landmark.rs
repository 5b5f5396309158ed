//! Is there a standard library at all? CPython finds out in the middle of its start, prints pages, and leaves the
//! process with half an interpreter. So we look first.

use std::{
    env,
    path::{Path, PathBuf},
};

use crate::{
    Result,
    environment::Environment,
    error::{Error, Report},
};

/// The directory name that a version's library has, and its zip's: `python3.11`, `python311`.
const VERSION: &str = env!("IRONBRIDGE_LINKED_VERSION");

/// Checks that the interpreter can find its standard library when it starts as `environment`.
pub(super) fn check(environment: &Environment) -> Result<()> {
    let homes = homes(environment);
    if homes.iter().any(|home| has_library(home)) {
        return Ok(());
    }
    let looked = homes
        .iter()
        .map(|home| home.display().to_string())
        .collect::<Vec<_>>()
        .join("\n");
    let help = if env::var_os("PYTHONHOME").is_some() {
        "unset PYTHONHOME: it must name an installation of Python, which an environment is not"
            .into()
    } else {
        format!(
            "install Python {VERSION}, or name an environment made with one: VIRTUAL_ENV, or \
             `Interpreter::builder().environment(...)`"
        )
    };
    Err(Error::start(
        Report::new(format!(
            "no standard library of Python {VERSION} was found for {}",
            environment.executable().display()
        ))
        .detail("looked under", looked)
        .detail("linked with", env!("IRONBRIDGE_LINKED_EXECUTABLE"))
        .help(help),
    ))
}

/// The installations that CPython may take for its home, in its order. `PYTHONHOME` rules out all others.
fn homes(environment: &Environment) -> Vec<PathBuf> {
    if let Some(home) = env::var_os("PYTHONHOME").filter(|home| !home.is_empty()) {
        return env::split_paths(&home).collect();
    }
    let mut homes = Vec::new();
    let executable = environment.executable();
    if let Some(home) = home_of_environment(executable) {
        homes.extend(home.parent().map(Path::to_owned));
        homes.push(home);
    }
    let linked_library = Path::new(env!("IRONBRIDGE_LINKED_LIB_DIR"));
    for near in [
        executable.to_owned(),
        executable
            .canonicalize()
            .unwrap_or_else(|_| executable.to_owned()),
        PathBuf::from(env!("IRONBRIDGE_LINKED_EXECUTABLE")),
        linked_library.join("libpython"),
        linked_library.join("multiarch").join("libpython"),
    ] {
        homes.extend(near.ancestors().skip(1).take(2).map(Path::to_owned));
    }
    homes.retain(|home| !home.as_os_str().is_empty());
    let mut seen = std::collections::HashSet::new();
    homes.retain(|home| seen.insert(home.clone()));
    homes
}

/// What `home` in `pyvenv.cfg` says: the directory of the `python` that the environment was made with.
fn home_of_environment(executable: &Path) -> Option<PathBuf> {
    let directory = executable.parent()?;
    [Some(directory), directory.parent()]
        .into_iter()
        .flatten()
        .find_map(|directory| std::fs::read_to_string(directory.join("pyvenv.cfg")).ok())?
        .lines()
        .filter_map(|line| line.split_once('='))
        .find(|(key, _)| key.trim().eq_ignore_ascii_case("home"))
        .map(|(_, home)| PathBuf::from(home.trim()))
}

fn has_library(home: &Path) -> bool {
    let zip = format!("python{}.zip", VERSION.replace('.', ""));
    let suffix = if cfg!(Py_GIL_DISABLED) { "t" } else { "" };
    let directory = format!("python{VERSION}{suffix}");
    ["lib", "lib64", "Lib", ""].iter().any(|library| {
        let library = home.join(library);
        [
            library.join(&directory),
            library.join(format!("python{VERSION}")),
            library.clone(),
        ]
        .iter()
        .any(|directory| directory.join("os.py").is_file() || directory.join("os.pyc").is_file())
            || library.join(&zip).is_file()
    })
}
