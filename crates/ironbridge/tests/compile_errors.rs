//! Errors that the compiler reports, with their places.

/// In all three forms: syntax, unknown captures, assigned captures, `await`, `return`, headers.
#[test]
fn errors_stand_where_they_belong() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/compile_errors/*.rs");
}
