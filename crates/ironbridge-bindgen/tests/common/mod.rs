//! Real packages, installed by pip at fixed versions into a directory that is kept in the build directory.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

use ironbridge_bindgen::{Bindings, Builder};

const REQUIREMENTS: &[&str] = &[
    "typeshed_client==2.15.0",
    "httpx==0.28.1",
    "rich==15.0.0",
    "attrs==26.1.0",
];

/// The directory with the packages.
pub(crate) fn packages() -> PathBuf {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _guard = ONE_AT_A_TIME.lock();
    // The name says that it is an environment, not one project.
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bindgen-packages/site-packages");
    let marker = target.join("requirements.txt");
    let wanted = REQUIREMENTS.join("\n");
    if std::fs::read_to_string(&marker).is_ok_and(|installed| installed == wanted) {
        return target;
    }
    let python = std::env::var_os("PYO3_PYTHON").unwrap_or_else(|| "python3".into());
    let output = Command::new(python)
        .args(["-m", "pip", "install", "--quiet", "--upgrade", "--target"])
        .arg(&target)
        .args(REQUIREMENTS)
        .output()
        .expect("python3 is on PATH");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "pip: {errors}");
    std::fs::write(marker, wanted).expect("the build directory can be written");
    target
}

/// Modules of them.
pub(crate) fn modules() -> Vec<(&'static str, Builder)> {
    let packages = packages();
    let stubs = packages.join("typeshed_client/typeshed");
    let of_stubs = |name: &'static str| (name, Bindings::of_module(name, [&stubs]));
    let of_packages = |name: &'static str| (name, Bindings::of_module(name, [&packages]));
    vec![
        of_stubs("json"),
        of_stubs("statistics"),
        of_stubs("pathlib"),
        of_packages("httpx"),
        of_packages("rich"),
        of_packages("attrs"),
    ]
}
