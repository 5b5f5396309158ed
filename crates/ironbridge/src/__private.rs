//! What the macros' expansions call. No promise of stability: nothing else may use it.

pub use crate::aio::{PythonFuture, RunsOn, await_python};
pub use crate::session::{
    BlockSource, CallSite, CaptureByTrait, Captured, Keep, KeepByClone, KeepPy, run, run_async,
    run_for,
};

/// For `#[derive(Python)]`.
pub mod convert {
    pub use crate::convert::private::*;
}

/// For `#[module]` and `#[class]`.
pub mod module {
    pub use crate::handles::{Nothing, Something};
    pub use crate::module::{
        Arguments, Call, ClassOf, Discard, Handle, NoClass, Object, Site, share,
    };
}

/// For `#[awaitable]`.
#[cfg(feature = "tokio")]
pub mod extension {
    pub use crate::extension::private::*;
}

use crate::handles::IntoCallback;
use crate::{Callback, Result, Session};

/// The callback of a closure that was given as an argument.
#[inline]
pub fn callback<A, R>(function: impl IntoCallback<A, R>) -> Callback {
    Callback::new(function)
}

/// The session that a block without one in its header runs in.
#[inline]
pub fn shared_session() -> Result<&'static Session> {
    Session::shared()
}

/// Stands where a macro refused to expand: the program does not compile, this only has the right type.
pub fn refused<T>() -> Result<T> {
    unreachable!("the compiler has refused this program")
}

/// The same where a future was asked for.
pub fn refused_future<T>() -> PythonFuture<T> {
    unreachable!("the compiler has refused this program")
}

/// Called, so to say, by the first `python!` of a program whose build script does not call
/// `ironbridge_build::link_libpython()`. The loader speaks before `main`, so this is the place to say what to do.
#[cfg_attr(
    libpython_hidden,
    deprecated(
        note = "this program will not find libpython when it runs by itself (`error while loading shared libraries: \
                libpython3...`), or find another one than it is linked with: the linked one is where no loader looks. \
                Add `ironbridge-build` to [build-dependencies], and a build.rs with \
                `fn main() { ironbridge_build::link_libpython(); }`"
    )
)]
pub const fn link_libpython_in_the_build_script() {}
