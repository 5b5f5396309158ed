//! Uses of `#[awaitable]` that the compiler refuses.

use std::env;

/// What is not `async`, what borrows, what changes while others wait, what cannot go to another thread.
#[test]
fn what_cannot_be_awaited_does_not_compile() {
    // The cases are programs without a build script; whether that is worth a warning depends on the machine.
    // SAFETY: this binary has one test, and no other thread of it reads the environment.
    unsafe { env::set_var("IRONBRIDGE_LINKS_LIBPYTHON", "1") };
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/awaitable_compile_errors/*.rs");
}
