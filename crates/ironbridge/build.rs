//! Passes on what PyO3 found out about the interpreter that is linked: version flags for `cfg`; where it was, so that
//! a program without an environment starts the very interpreter it was built against; and, to the build scripts of
//! programs (`ironbridge-build`), the directory of libpython.

fn main() {
    pyo3_build_config::use_pyo3_cfgs();
    // Tests and doctests of this crate run without an installation step.
    pyo3_build_config::add_libpython_rpath_link_args();

    let config = pyo3_build_config::get();
    let version = config.target_abi().version();
    let executable = config.executable().unwrap_or_default();
    let lib_dir = config.lib_dir().unwrap_or_default().to_owned();
    println!("cargo::rustc-env=IRONBRIDGE_LINKED_VERSION={version}");
    println!("cargo::rustc-env=IRONBRIDGE_LINKED_EXECUTABLE={executable}");
    println!("cargo::rustc-env=IRONBRIDGE_LINKED_LIB_DIR={lib_dir}");

    // Where no loader looks for libpython, `python!` warns in a program whose build script does not see to it.
    println!("cargo::rustc-check-cfg=cfg(libpython_hidden)");
    if cfg!(unix) && !lib_dir.is_empty() && !is_searched(&lib_dir) {
        println!("cargo::rustc-cfg=libpython_hidden");
    }

    // Read by ironbridge-build as DEP_IRONBRIDGE_*.
    println!("cargo::metadata=PYTHON_VERSION={version}");
    println!("cargo::metadata=LIBPYTHON_DIR={lib_dir}");
    println!(
        "cargo::metadata=FRAMEWORK_DIR={}",
        config.python_framework_prefix().unwrap_or_default()
    );
}

/// Whether the loader looks into a directory without being told: the system's own ones.
fn is_searched(directory: &str) -> bool {
    let directory = directory.trim_end_matches('/');
    let own = ["/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib"];
    // Debian has one for each architecture: /usr/lib/x86_64-linux-gnu.
    let of_architecture = ["/lib/", "/usr/lib/"].iter().any(|parent| {
        directory
            .strip_prefix(parent)
            .is_some_and(|name| name.contains("-linux-") && !name.contains('/'))
    });
    own.contains(&directory) || of_architecture
}
