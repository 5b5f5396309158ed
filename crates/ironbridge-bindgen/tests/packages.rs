//! Real packages: their summaries are those in the book.
//!
//! The packages are installed by pip, at fixed versions, into an environment that is kept in the build directory.

use std::path::Path;

use ironbridge_bindgen::Bindings;

mod common;

use common::modules;

/// The rows of the table in the book: module, typed, loose, skipped, lines.
fn rows() -> Vec<(String, String)> {
    modules()
        .into_iter()
        .map(|(name, builder)| {
            let bindings = builder.generate().expect("the module is there");
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
    let stubs = common::packages().join("typeshed_client/typeshed");
    let bindings = Bindings::of_module("json", [stubs])
        .only(["loads"])
        .generate()
        .unwrap();
    insta::assert_snapshot!(bindings.code);
}
