//! What the macros' expansions call. No promise of stability: nothing else may use it.

pub use crate::session::{BlockSource, CallSite, CaptureByTrait, Captured, run, run_for};

use crate::{Result, Session};

/// The session that a block without one in its header runs in.
#[inline]
pub fn shared_session() -> Result<&'static Session> {
    Session::shared()
}

/// Stands where a macro refused to expand: the program does not compile, this only has the right type.
pub fn refused<T>() -> Result<T> {
    unreachable!("the compiler has refused this program")
}
