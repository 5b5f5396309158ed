//! A program whose build script does not see to libpython is told so when it is compiled.

use std::process::Command;
use std::{env, fs};

#[test]
fn a_program_without_the_line_is_warned_and_one_with_it_is_not() {
    let library = env!("CARGO_MANIFEST_DIR");
    let build = format!("{library}/../ironbridge-build");
    let directory = tempfile::tempdir().expect("a temporary directory");
    let here = directory.path();
    let write =
        |name: &str, text: &str| fs::write(here.join(name), text).expect("it can be written");
    let manifest = format!(
        "[package]\nname = \"program\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[workspace]\n\n\
         [dependencies]\nironbridge = {{ path = {library:?} }}\n\n\
         [build-dependencies]\nironbridge-build = {{ path = {build:?} }}\n"
    );
    fs::create_dir(here.join("src")).expect("it can be made");
    write("Cargo.toml", &manifest);
    // The versions of this workspace, which are here already.
    fs::copy(
        format!("{library}/../../Cargo.lock"),
        here.join("Cargo.lock"),
    )
    .expect("it can be copied");
    write(
        "src/main.rs",
        "fn main() {\n    let _ = ironbridge::python! { print(1) };\n    let _ = ironbridge::python! { print(2) };\n}\n",
    );
    // Beside what trybuild builds, so that what is built stays for the next time.
    let test = env::current_exe().expect("this test is a file");
    let target = test
        .ancestors()
        .nth(3)
        .expect("<target>/debug/deps/<test>")
        .join("tests/hint");
    let check = || {
        let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let output = Command::new(cargo)
            .args(["check", "--quiet"])
            .current_dir(here)
            .env("CARGO_TARGET_DIR", &target)
            .env_remove("IRONBRIDGE_LINKS_LIBPYTHON")
            .output()
            .expect("cargo runs");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{said}");
        said
    };

    let said = check();
    if cfg!(libpython_hidden) {
        assert_eq!(
            said.matches("ironbridge_build::link_libpython()").count(),
            1,
            "{said}"
        );
        assert!(said.contains("src/main.rs:2:13"), "{said}");
    } else {
        assert!(!said.contains("link_libpython"), "{said}");
    }
    write(
        "build.rs",
        "fn main() {\n    ironbridge_build::link_libpython();\n}\n",
    );
    let said = check();
    assert!(!said.contains("warning"), "{said}");
}
