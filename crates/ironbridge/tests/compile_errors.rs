//! Errors that the compiler reports, with their places.

use std::{env, fs};

/// In all three forms: syntax, unknown captures, assigned captures, `await`, `return`, headers.
#[test]
fn errors_stand_where_they_belong() {
    bring_python_files();
    // The cases are programs without a build script; whether that is worth a warning depends on the machine.
    // SAFETY: this binary has one test, and no other thread of it reads the environment.
    unsafe { env::set_var("IRONBRIDGE_LINKS_LIBPYTHON", "1") };
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/compile_errors/*.rs");
}

/// Paths of `file = "…"` are relative to the package, and trybuild builds the cases as a package of its own.
fn bring_python_files() {
    let test = env::current_exe().expect("this test is a file");
    let target = test.ancestors().nth(3).expect("<target>/debug/deps/<test>");
    let there = target.join("tests/trybuild/ironbridge/tests/python");
    fs::create_dir_all(&there).expect("the target directory can be written");
    let here = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/compile_errors/python");
    for file in fs::read_dir(here).expect("the cases are there") {
        let file = file.expect("the cases can be read");
        fs::copy(file.path(), there.join(file.file_name())).expect("a case can be copied");
    }
}
