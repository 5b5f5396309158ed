//! So that the benches find libpython at run time.

fn main() {
    ironbridge_build::link_libpython();
}
