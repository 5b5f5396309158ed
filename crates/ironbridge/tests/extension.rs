//! Python awaits Rust: an extension is built as those who write one do, without libpython, and loaded by a real Python.
//!
//! By the one that this crate is linked with, in an environment with uvloop; and by further ones, whose paths
//! `IRONBRIDGE_TEST_PYTHONS` names.

#![cfg(all(feature = "macros", feature = "tokio"))]
#![allow(clippy::unwrap_used, missing_docs)]

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use ironbridge::Environment;

/// What a check has before it is killed and the test fails. The checks take some ten seconds.
const LIMIT: Duration = Duration::from_mins(5);

const PACKAGE: &str = "ironbridge-test-extension";

#[test]
fn python_awaits_rust() {
    let linked = Environment::linked().unwrap();
    let module = build(linked.executable());
    let requirements: &[&str] = if cfg!(unix) { &["uvloop"] } else { &[] };
    let environment = Environment::managed(requirements.iter().copied()).unwrap();
    check(environment.executable(), &module);
}

#[test]
fn other_pythons_await_rust() {
    let Some(pythons) = env::var_os("IRONBRIDGE_TEST_PYTHONS") else {
        return;
    };
    for python in env::split_paths(&pythons) {
        check(&python, &build(&python));
    }
}

/// Builds the extension for a Python; gives the directory that it is in.
fn build(python: &Path) -> PathBuf {
    let version = Command::new(python)
        .args([
            "-c",
            "import sys; print('%d.%d' % sys.version_info[:2], end='')",
        ])
        .output()
        .unwrap();
    let version = String::from_utf8(version.stdout).unwrap();
    // What is built here is built otherwise than the rest, which it would displace.
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("extension-{version}"));
    let status = Command::new(env::var_os("CARGO").unwrap_or("cargo".into()))
        .args(["build", "--quiet", "--package", PACKAGE, "--target-dir"])
        .arg(&target)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("PYO3_PYTHON", python)
        .env("PYO3_BUILD_EXTENSION_MODULE", "1")
        .status()
        .unwrap();
    assert!(status.success(), "the extension was not built");
    let (built, module) = if cfg!(windows) {
        ("async_extension.dll", "async_extension.pyd")
    } else if cfg!(target_os = "macos") {
        ("libasync_extension.dylib", "async_extension.so")
    } else {
        ("libasync_extension.so", "async_extension.so")
    };
    let directory = target.join("module");
    fs::create_dir_all(&directory).unwrap();
    fs::copy(target.join("debug").join(built), directory.join(module)).unwrap();
    directory
}

/// Has a Python load it and look at it.
fn check(python: &Path, module: &Path) {
    let output = module.join("said");
    let said = fs::File::create(&output).unwrap();
    let mut child = Command::new(python)
        .arg(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/extension/check.py"
        ))
        .env("PYTHONPATH", module)
        .env_remove("PYTHONHOME")
        .stdin(Stdio::null())
        .stdout(said.try_clone().unwrap())
        .stderr(said)
        .spawn()
        .unwrap();
    let deadline = Instant::now() + LIMIT;
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if Instant::now() > deadline {
            child.kill().unwrap();
            panic!("it hung: {}", fs::read_to_string(&output).unwrap());
        }
        thread::sleep(Duration::from_millis(20));
    };
    let said = fs::read_to_string(&output).unwrap();
    assert!(
        status.success(),
        "{} ended by {status}: {said}",
        python.display()
    );
    assert!(said.contains("all is well on"), "{said}");
}
