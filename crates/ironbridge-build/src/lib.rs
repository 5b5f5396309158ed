//! The one line a build script needs so that a program finds libpython at run time.
//!
//! A program links libpython, and the loader looks for it before `main` runs. Interpreters from pyenv, uv, conda or
//! `/opt` keep it where no loader looks, so the program must carry the directory itself:
//!
//! ```no_run
//! // build.rs
//! fn main() {
//!     ironbridge_build::link_libpython();
//! }
//! ```
//!
//! The package needs `ironbridge` among its dependencies and `ironbridge-build` among its build dependencies.

#![allow(
    clippy::print_stdout,
    clippy::needless_doctest_main,
    reason = "printing is how a build script speaks to Cargo; the example is a whole one"
)]

use std::env;

/// Writes the directory of the linked libpython into the programs of this package (an rpath), so that they start
/// without `LD_LIBRARY_PATH`, and do not pick up another libpython of the system's. Where `LD_LIBRARY_PATH` is set, it
/// usually goes before.
///
/// Does nothing where there are no rpaths (Windows). Where the package does not depend on `ironbridge`, the build
/// fails with a message that says so.
pub fn link_libpython() {
    match rpaths(|name| env::var(name).ok()) {
        Ok(directories) => {
            // `python!` looks at it, and warns in programs where it is not set.
            println!("cargo::rustc-env=IRONBRIDGE_LINKS_LIBPYTHON=1");
            for directory in directories {
                println!("cargo::rustc-link-arg=-Wl,-rpath,{directory}");
            }
        }
        Err(message) => println!("cargo::error={message}"),
    }
}

/// The directories to write, from the variables that Cargo gives to a build script.
fn rpaths(variable: impl Fn(&str) -> Option<String>) -> Result<Vec<String>, String> {
    let Some(libpython) = variable("DEP_IRONBRIDGE_LIBPYTHON_DIR") else {
        let package = variable("CARGO_PKG_NAME").unwrap_or_else(|| "this package".to_owned());
        return Err(format!(
            "ironbridge_build::link_libpython() was called in the build script of `{package}`, which does not \
             depend on `ironbridge` itself: add `ironbridge` to its [dependencies]"
        ));
    };
    if variable("CARGO_CFG_TARGET_OS").as_deref() == Some("windows") {
        return Ok(Vec::new());
    }
    let framework = variable("DEP_IRONBRIDGE_FRAMEWORK_DIR").unwrap_or_default();
    Ok([libpython, framework]
        .into_iter()
        .filter(|directory| !directory.is_empty())
        .collect())
}

#[cfg(test)]
mod tests {
    use super::rpaths;

    fn with<'a>(variables: &'a [(&str, &str)]) -> impl Fn(&str) -> Option<String> + 'a {
        move |name| {
            let found = variables.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| (*value).to_owned())
        }
    }

    #[test]
    fn writes_the_directory_of_libpython() {
        let found = rpaths(with(&[
            ("DEP_IRONBRIDGE_LIBPYTHON_DIR", "/opt/python/lib"),
            ("DEP_IRONBRIDGE_FRAMEWORK_DIR", ""),
            ("CARGO_CFG_TARGET_OS", "linux"),
        ]));
        assert_eq!(found, Ok(vec!["/opt/python/lib".to_owned()]));
    }

    #[test]
    fn says_what_is_missing_without_the_dependency() {
        let message = rpaths(with(&[("CARGO_PKG_NAME", "service")])).unwrap_err();
        assert!(
            message.contains("`service`") && message.contains("[dependencies]"),
            "{message}"
        );
    }
}
