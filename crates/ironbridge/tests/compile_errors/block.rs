//! What is wrong in blocks is said at its place in this file, all of it at once.

use ironbridge::python;

fn main() {
    let known = 1;

    // Python syntax, in the parser's words; two errors of one block.
    let _ = python! {
        if known
            x = 1
        y = = 2
    };

    // A capture that does not exist.
    let _ = python! { -> i64 => 'unknown + 1 };

    // A capture that is assigned to, in several ways.
    let _ = python! {
        'known = 2
        for 'known in range(3):
            pass
        import os as 'known
    };

    let _ = python! { await known() };

    let _ = python! { return 1 };

    let _ = python! { -> i64 => x = 1 };

    let _ = python! { yield 1 };

    let _ = python! { break };

    // Floor division would be a Rust comment.
    let _ = python! {
        half = 'known // 2
    };

    // Indentation that no Python has.
    let _ = python! {
        x = 1
          y = 2
    };

    let _ = python! { "this text does nothing" };
}
