//! How a text is encoded.

use std::fmt;

use crate::specials::{AllowedSpecial, DisallowedSpecial};

/// How a text is encoded: which special tokens may stand in it, and who may stop it.
///
/// By default none is allowed, and all are disallowed.
#[derive(Clone, Copy, Default)]
pub struct EncodeOptions<'a> {
    pub(super) allowed: AllowedSpecial<'a>,
    pub(super) disallowed: DisallowedSpecial<'a>,
    pub(super) interrupt: Option<&'a dyn Fn() -> bool>,
}

impl<'a> EncodeOptions<'a> {
    /// Special tokens are text like any other.
    pub fn ordinary() -> Self {
        Self {
            disallowed: DisallowedSpecial::None,
            ..Self::default()
        }
    }

    /// Which special tokens of the text become tokens.
    #[must_use]
    pub fn allowed(mut self, allowed: AllowedSpecial<'a>) -> Self {
        self.allowed = allowed;
        self
    }

    /// Which must not stand in the text.
    #[must_use]
    pub fn disallowed(mut self, disallowed: DisallowedSpecial<'a>) -> Self {
        self.disallowed = disallowed;
        self
    }

    /// Asked every few milliseconds, on the calling thread, whether to stop. Then there is
    /// [`ErrorKind::Interrupted`](crate::ErrorKind::Interrupted).
    #[must_use]
    pub fn interrupt(mut self, interrupt: &'a dyn Fn() -> bool) -> Self {
        self.interrupt = Some(interrupt);
        self
    }
}

impl fmt::Debug for EncodeOptions<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EncodeOptions")
            .field("allowed", &self.allowed)
            .field("disallowed", &self.disallowed)
            .field("interrupt", &self.interrupt.is_some())
            .finish()
    }
}
