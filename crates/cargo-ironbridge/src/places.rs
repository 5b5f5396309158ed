//! Where Python modules are looked for by name.

use std::path::{Path, PathBuf};

use anyhow::bail;

/// The directories given, then those of an environment: the one given, else the first of `VIRTUAL_ENV`, `CONDA_PREFIX`,
/// the nearest `.venv`. With directories given, only a given environment counts.
pub(crate) fn directories(
    given: &[PathBuf],
    environment: Option<&Path>,
) -> anyhow::Result<Vec<PathBuf>> {
    let mut directories = given.to_vec();
    match environment {
        Some(environment) => {
            let found = site_packages(environment);
            if found.is_empty() {
                bail!(
                    "{} is no Python environment: it has no site-packages",
                    environment.display()
                );
            }
            directories.extend(found);
        }
        None if given.is_empty() => {
            if let Some(environment) = active() {
                directories.extend(site_packages(&environment));
            }
        }
        None => {}
    }
    Ok(directories)
}

fn active() -> Option<PathBuf> {
    let variable = |name: &str| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    variable("VIRTUAL_ENV")
        .or_else(|| variable("CONDA_PREFIX"))
        .or_else(|| {
            let here = std::env::current_dir().ok()?;
            here.ancestors()
                .map(|directory| directory.join(".venv"))
                .find(|it| it.join("pyvenv.cfg").is_file())
        })
}

/// `lib/python3.x/site-packages`, `Lib/site-packages` on Windows.
fn site_packages(environment: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for lib in ["lib", "lib64"] {
        let Ok(entries) = std::fs::read_dir(environment.join(lib)) else {
            continue;
        };
        for entry in entries.flatten() {
            let is_python = entry.file_name().to_string_lossy().starts_with("python3");
            let packages = entry.path().join("site-packages");
            if is_python && packages.is_dir() {
                found.push(packages);
            }
        }
    }
    let windows = environment.join("Lib").join("site-packages");
    if found.is_empty() && windows.is_dir() {
        found.push(windows);
    }
    found.sort();
    found
}
