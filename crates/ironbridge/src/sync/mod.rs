//! Locks, cells and channels that let the interpreter go while they wait.
