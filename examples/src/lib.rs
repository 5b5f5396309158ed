//! The examples are targets of their own; this package only gathers them.
