//! Locks, cells and channels that let the interpreter go while they wait.
//!
//! A thread that waits for a lock of [`std::sync`] while it is attached keeps the interpreter. If whoever holds the lock
//! needs the interpreter to go on, both wait for ever:
//!
//! | thread A, attached | thread B |
//! | --- | --- |
//! | | locks |
//! | waits for the lock, and keeps the interpreter | waits for the interpreter, and keeps the lock |
//!
//! What waits here detaches first, whoever attached the thread, and attaches again when it has what it waited for. Where
//! nothing is to be waited for, or where the thread is not attached, it costs what its counterpart in [`std::sync`] costs.
//!
//! ```
//! use std::thread;
//!
//! use ironbridge::sync::Mutex;
//!
//! static NAMES: Mutex<Vec<String>> = Mutex::new(Vec::new());
//!
//! # fn main() -> ironbridge::Result<()> {
//! let other = thread::spawn(|| -> ironbridge::Result<()> {
//!     let mut names = NAMES.lock();
//!     // Held over a call into Python: whoever waits for it does not hold the interpreter.
//!     names.push(ironbridge::attach(|py| py.version().to_owned())?);
//!     Ok(())
//! });
//! ironbridge::attach(|_py| NAMES.lock().push("here".to_owned()))?;
//! ironbridge::detach(|| other.join()).expect("no panic")?;
//! assert_eq!(NAMES.lock().len(), 2);
//! # Ok(())
//! # }
//! ```
//!
//! | | like | waits in |
//! | --- | --- | --- |
//! | [`Mutex`] | [`std::sync::Mutex`] | `lock` |
//! | [`RwLock`] | [`std::sync::RwLock`] | `read`, `write` |
//! | [`Condvar`] | [`std::sync::Condvar`] | `wait`, `wait_while`, `wait_timeout` |
//! | [`Once`], [`OnceLock`], [`LazyLock`] | those of [`std::sync`] | what fills them, while another thread does |
//! | [`channel`], [`sync_channel`] | those of [`std::sync::mpsc`], with receivers that clone | `recv`, `recv_timeout`, `send` |
//!
//! Whatever else waits goes into [`detach`](crate::detach): a [`JoinHandle`](std::thread::JoinHandle), a
//! [`Barrier`](std::sync::Barrier), a file, a socket.
//!
//! # Guards over calls into Python
//!
//! A guard may be held while Python is called, and while the interpreter is waited for: by [`attach`](crate::attach), or
//! since the lock came before the interpreter did. No order of the lock and the interpreter deadlocks. A deadlock is a
//! circle of threads each of which waits for what the next one keeps. Who waits for one of these locks keeps no
//! interpreter. So whoever has the interpreter does not wait here, the interpreter comes free, and is part of no circle.
//!
//! What remains are circles of locks alone, as in any Rust: two locks in two orders; or one lock taken twice by one
//! thread. The second happens where Python is called under a guard and comes back: by a callback, or by a finaliser
//! (`__del__`, a `Drop` of a class), which runs wherever an object goes or the garbage collector comes by. So what a
//! finaliser locks should not be held over calls into Python.
//!
//! # Without the global lock
//!
//! On a free-threaded build several threads are attached at a time, and nobody waits for the interpreter, except where it
//! stops all threads: for garbage collection, say. It waits until each attached thread has come by, and one that is blocked
//! does not. So there, too, what waits has to detach, and this module is as needed.
//!
//! # Panics
//!
//! No lock is poisoned. A panic while a guard is held opens the lock, and the next holder sees the value as it was left;
//! a panic that fills a cell leaves it empty, and the next one fills it. In a program that hands panics to Python as
//! exceptions one failed call must not fail all later ones; a value that must not be seen half-changed is changed at once,
//! by assigning it.
//!
//! In a `__traverse__` of a class nothing may be waited for, since there a thread cannot detach: to wait panics. Use
//! `try_lock` there.
//!
//! # Interrupts
//!
//! A wait is not interrupted by Ctrl-C: `KeyboardInterrupt` comes when Python runs again. Who waits for long uses
//! [`recv_timeout`](Receiver::recv_timeout) or [`wait_timeout`](Condvar::wait_timeout), and `py.check_signals()` in between.

mod channel;
mod condvar;
mod mutex;
mod once;
mod rw_lock;

pub use channel::{
    Iter, Receiver, RecvError, RecvTimeoutError, SendError, Sender, TryRecvError, TrySendError,
    channel, sync_channel,
};
pub use condvar::Condvar;
pub use mutex::{Mutex, MutexGuard};
pub use once::{LazyLock, Once, OnceLock};
pub use rw_lock::{RwLock, RwLockReadGuard, RwLockWriteGuard};
