//! Real packages: their summaries are those in the book.
//!
//! The packages are installed by pip, at fixed versions, into an environment that is kept in the build directory.

use std::path::{Path, PathBuf};
use std::process::Command;

use ironbridge_bindgen::{Bindings, Builder};

const REQUIREMENTS: &[&str] = &[
    "typeshed_client==2.15.0",
    "httpx==0.28.1",
    "rich==15.0.0",
    "attrs==26.1.0",
];

/// The directory with the packages.
fn packages() -> PathBuf {
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
    std::fs::write(marker, wanted).unwrap();
    target
}

/// The rows of the table in the book: module, typed, loose, skipped, lines.
fn rows() -> Vec<(String, String)> {
    let packages = packages();
    let stubs = packages.join("typeshed_client/typeshed");
    let modules: [(&str, Builder); 6] = [
        ("json", Bindings::of_module("json", [&stubs])),
        ("statistics", Bindings::of_module("statistics", [&stubs])),
        ("pathlib", Bindings::of_module("pathlib", [&stubs])),
        ("httpx", Bindings::of_module("httpx", [&packages])),
        ("rich", Bindings::of_module("rich", [&packages])),
        ("attrs", Bindings::of_module("attrs", [&packages])),
    ];
    modules
        .into_iter()
        .map(|(name, builder)| {
            let bindings = builder.generate().unwrap();
            let summary = &bindings.summary;
            let row = format!(
                "| `{name}` | {} | {} | {} | {} |",
                summary.typed,
                summary.loose.len(),
                summary.skipped.len(),
                bindings.code.lines().count()
            );
            (name.to_owned(), row)
        })
        .collect()
}

#[test]
fn the_book_has_the_summaries_of_real_packages() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/src/bindgen.md");
    let page = std::fs::read_to_string(page).unwrap();
    let rows = rows();
    let table: Vec<&str> = rows.iter().map(|(_, row)| &**row).collect();
    println!("{}", table.join("\n"));
    for (name, row) in &rows {
        assert!(page.contains(row), "{name}: the book should say\n{row}");
    }
}

#[test]
fn json_is_written_as_a_person_would() {
    let stubs = packages().join("typeshed_client/typeshed");
    let bindings = Bindings::of_module("json", [stubs])
        .only(["loads"])
        .generate()
        .unwrap();
    insta::assert_snapshot!(bindings.code);
}
