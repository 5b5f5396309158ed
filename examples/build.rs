//! What a program of your own needs: one line, so that it finds libpython at run time.

fn main() {
    ironbridge_build::link_libpython();
}
