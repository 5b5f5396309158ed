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
    let lib_dir = config.lib_dir().unwrap_or_default();
    println!("cargo::rustc-env=IRONBRIDGE_LINKED_VERSION={version}");
    println!("cargo::rustc-env=IRONBRIDGE_LINKED_EXECUTABLE={executable}");
    println!("cargo::rustc-env=IRONBRIDGE_LINKED_LIB_DIR={lib_dir}");

    // Read by ironbridge-build as DEP_IRONBRIDGE_*.
    println!("cargo::metadata=PYTHON_VERSION={version}");
    println!("cargo::metadata=LIBPYTHON_DIR={lib_dir}");
    println!(
        "cargo::metadata=FRAMEWORK_DIR={}",
        config.python_framework_prefix().unwrap_or_default()
    );
}
