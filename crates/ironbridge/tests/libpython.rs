//! A program that does not find libpython ends at once, with the loader's words, and nothing of it runs.

#[cfg(target_os = "linux")]
#[test]
fn a_program_without_libpython_says_so_and_ends() {
    use std::path::Path;
    use std::process::Command;

    let loaders = ["/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1"];
    let loader = loaders.into_iter().find(|path| Path::new(path).exists());
    let Some(loader) = loader else {
        return;
    };
    let this = std::env::current_exe().expect("this test is a file");
    // As if nothing had written the directory of libpython into the program.
    let output = Command::new(loader)
        .args(["--inhibit-rpath", ""])
        .arg(this)
        .arg("--list")
        .env_remove("LD_LIBRARY_PATH")
        .output()
        .expect("the loader runs");
    let said = String::from_utf8_lossy(&output.stderr);
    if output.status.success() {
        // A libpython that the system's loader finds by itself.
        return;
    }
    assert_eq!(output.status.code(), Some(127), "{said}");
    assert!(said.contains("libpython3."), "{said}");
    assert!(output.stdout.is_empty());
}

/// Links this test with libpython.
#[test]
fn with_libpython_it_runs() {
    assert_eq!(
        ironbridge::Session::shared()
            .and_then(|s| s.eval::<i64>("1 + 1"))
            .ok(),
        Some(2)
    );
}
