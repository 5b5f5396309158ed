//! Uses of arrays that the compiler refuses.

use std::env;

/// Views that outlive their array, writing what is only read, sharing what is written, elements of any type.
#[test]
fn unsound_uses_do_not_compile() {
    // The cases are programs without a build script; whether that is worth a warning depends on the machine.
    // SAFETY: this binary has one test, and no other thread of it reads the environment.
    unsafe { env::set_var("IRONBRIDGE_LINKS_LIBPYTHON", "1") };
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/arrays_compile_errors/*.rs");
}
