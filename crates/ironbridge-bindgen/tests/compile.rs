//! What is written compiles, without a warning, its documentation is made without one, and the modules that are there
//! keep the contract.
//!
//! The bindings of all fixtures and of some real packages go into one crate that depends on `ironbridge`.

use std::fmt::Write;
use std::path::Path;
use std::process::Command;

use ironbridge_bindgen::{Bindings, Builder};

mod common;

#[test]
fn bindings_compile_without_warnings() {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    let fixtures = manifest.join("tests/fixtures");
    let workspace = manifest.join("../..").canonicalize().unwrap();
    let scratch = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = scratch.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };

    let mut names: Vec<String> = std::fs::read_dir(&fixtures)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| {
            let is_python = Path::new(name).extension().is_some_and(|it| it == "py");
            is_python || name == "package"
        })
        .collect();
    names.sort();
    let mut root = String::from("//! Bindings.\n#![deny(warnings)]\n#![deny(rustdoc::all)]\n");
    let mut modules: Vec<(String, Builder)> = names
        .iter()
        .map(|name| {
            let stem = name.trim_end_matches(".py");
            (stem.to_owned(), Bindings::of(fixtures.join(name)))
        })
        .collect();
    let packages = common::modules().into_iter();
    modules.extend(packages.map(|(name, builder)| (format!("package_{name}"), builder)));
    for (name, builder) in modules {
        let bindings = builder.generate().unwrap();
        write(&format!("src/of_{name}.rs"), &bindings.code);
        // The form for build scripts has to bear the lints of its surroundings.
        write(&format!("src/include/{name}.rs"), bindings.for_include());
        writeln!(root, "pub mod of_{name};").unwrap();
        writeln!(
            root,
            "pub mod included_{name} {{ include!(\"include/{name}.rs\"); }}"
        )
        .unwrap();
    }
    write("src/lib.rs", &root);
    write("src/main.rs", &loads(&fixtures));
    write(
        "Cargo.toml",
        &format!(
            r#"[package]
name = "bindings"
version = "0.0.0"
edition = "2024"

[workspace]

[dependencies]
ironbridge = {{ path = {:?}, features = ["arrays", "jiff", "num-complex", "rust_decimal", "uuid"] }}
jiff = "0.2"
num-complex = "0.4"
rust_decimal = "1"
uuid = "1"
"#,
            workspace.join("crates/ironbridge")
        ),
    );
    // The same versions as the workspace's, which are there.
    std::fs::copy(
        workspace.join("Cargo.lock"),
        scratch.path().join("Cargo.lock"),
    )
    .unwrap();
    for command in [&["check"][..], &["doc", "--no-deps", "--lib"], &["run"]] {
        let output = Command::new(env!("CARGO"))
            .args(command)
            .current_dir(scratch.path())
            .env("CARGO_TARGET_DIR", workspace.join("target/tests/bindings"))
            .output()
            .unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "cargo {command:?}:\n{errors}");
    }
}

/// A program that loads the modules which this Python can import, and says what does not keep its contract.
fn loads(fixtures: &Path) -> String {
    let own = [
        "functions",
        "classes",
        "enums",
        "overloads",
        "iterators",
        "constants",
        "docs",
        "conditions",
        "package",
        "names",
    ];
    let standard = ["json", "statistics", "pathlib"];
    let mut program =
        String::from("//! Loads modules.\nfn main() {\n    let mut failed = false;\n");
    let mut load = |handle: String, loader: &str| {
        let lines = format!(
            "    if let Err(error) = bindings::{handle}::loader(){loader}.load() {{\n        \
             eprintln!(\"{handle}: {{error}}\");\n        failed = true;\n    }}"
        );
        program.push_str(&lines);
    };
    let directory = format!(".module_path(r#\"{}\"#)", fixtures.display());
    for name in own {
        let mut handle = name[..1].to_uppercase() + &name[1..];
        if name == "names" {
            handle.push_str("Module");
        }
        load(format!("of_{name}::{handle}"), &directory);
    }
    for name in standard {
        let handle = name[..1].to_uppercase() + &name[1..];
        load(format!("of_package_{name}::{handle}"), "");
    }
    program.push_str("    assert!(!failed);\n}\n");
    program
}
