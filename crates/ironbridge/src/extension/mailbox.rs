//! What has completed goes to the event loop that awaits it, gathered: of completions that come together, one wakes it.
//!
//! A byte through a socket does, which a thread of the runtime writes without attaching. Loops that listen to no socket
//! (those of Windows) are called by `call_soon_threadsafe`.

use std::mem;
use std::sync::Arc;
#[cfg(unix)]
use std::{
    io::{self, Read, Write},
    os::{fd::AsRawFd, unix::net::UnixStream},
};

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyWeakrefReference;

use super::call::Call;
use super::runtime;
use crate::sync::Mutex;

/// Of one event loop.
pub(super) struct Mailbox {
    completed: Mutex<Vec<Arc<Call>>>,
    bell: Bell,
}

enum Bell {
    #[cfg(unix)]
    Socket {
        rings: UnixStream,
        hears: UnixStream,
    },
    Threadsafe(Py<PyWeakrefReference>),
}

struct Registered {
    address: usize,
    /// The process that listens: a forked child has the loop, but should not wake its parent's.
    process: u32,
    event_loop: Py<PyWeakrefReference>,
    mailbox: Arc<Mailbox>,
}

/// Those of the loops that there are. Held for a few moves.
static MAILBOXES: Mutex<Vec<Registered>> = Mutex::new(Vec::new());

impl Mailbox {
    /// That of a loop that runs on this thread.
    pub(super) fn of(event_loop: &Bound<'_, PyAny>) -> PyResult<Arc<Self>> {
        let py = event_loop.py();
        let address = event_loop.as_ptr().addr();
        let found = {
            let mailboxes = MAILBOXES.lock();
            let process = std::process::id();
            let registered = mailboxes
                .iter()
                .find(|this| this.address == address && this.process == process);
            registered.map(|this| (this.event_loop.clone_ref(py), this.mailbox.clone()))
        };
        // Another loop may have been where this one is.
        if let Some((reference, mailbox)) = found
            && reference
                .bind(py)
                .upgrade()
                .is_some_and(|there| there.is(event_loop))
        {
            return Ok(mailbox);
        }
        Self::register(event_loop)
    }

    #[cold]
    fn register(event_loop: &Bound<'_, PyAny>) -> PyResult<Arc<Self>> {
        let py = event_loop.py();
        runtime::end_with_python(py)?;
        let reference = PyWeakrefReference::new(event_loop)?.unbind();
        let mailbox = Self::listened_to_by(event_loop, &reference)?;
        let mut mailboxes = MAILBOXES.lock();
        let (live, gone) = mem::take(&mut *mailboxes)
            .into_iter()
            .partition::<Vec<_>, _>(|this| this.event_loop.bind(py).upgrade().is_some());
        *mailboxes = live;
        mailboxes.push(Registered {
            address: event_loop.as_ptr().addr(),
            process: std::process::id(),
            event_loop: reference,
            mailbox: mailbox.clone(),
        });
        drop(mailboxes);
        drop(gone);
        Ok(mailbox)
    }

    fn listened_to_by(
        event_loop: &Bound<'_, PyAny>,
        reference: &Py<PyWeakrefReference>,
    ) -> PyResult<Arc<Self>> {
        let py = event_loop.py();
        #[cfg(unix)]
        {
            let (rings, hears) = UnixStream::pair()?;
            rings.set_nonblocking(true)?;
            hears.set_nonblocking(true)?;
            let descriptor = hears.as_raw_fd();
            let mailbox = Arc::new(Self {
                completed: Mutex::default(),
                bell: Bell::Socket { rings, hears },
            });
            let delivery = Delivery(mailbox.clone());
            match event_loop.call_method1(intern!(py, "add_reader"), (descriptor, delivery)) {
                Ok(_) => return Ok(mailbox),
                Err(error)
                    if error.is_instance_of::<pyo3::exceptions::PyNotImplementedError>(py) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Arc::new(Self {
            completed: Mutex::default(),
            bell: Bell::Threadsafe(reference.clone_ref(py)),
        }))
    }

    /// Puts in a call that has completed. Neither attaches nor waits.
    pub(super) fn put(self: &Arc<Self>, call: Arc<Call>) {
        let mut completed = self.completed.lock();
        completed.push(call);
        let is_first = completed.len() == 1;
        drop(completed);
        if is_first {
            self.ring();
        }
    }

    fn ring(self: &Arc<Self>) {
        match &self.bell {
            #[cfg(unix)]
            // Where there is no room for a byte more, there are enough to wake it.
            Bell::Socket { rings, .. } => drop((&mut &*rings).write(&[1])),
            Bell::Threadsafe(_) => {
                let this = self.clone();
                if let Ok(runtime) = runtime::handle() {
                    runtime.spawn_blocking(move || this.call_soon());
                }
            }
        }
    }

    /// Has the loop take what there is, where it is open still.
    fn call_soon(self: Arc<Self>) {
        let _ = Python::try_attach(|py| {
            let Bell::Threadsafe(reference) = &self.bell else {
                return Ok(());
            };
            let Some(event_loop) = reference.bind(py).upgrade() else {
                return Ok(());
            };
            let name = intern!(py, "call_soon_threadsafe");
            let delivery = Delivery(self.clone());
            // A loop that was closed raises; then nobody awaits.
            event_loop.call_method1(name, (delivery,)).map(drop)
        });
    }

    /// On the loop's thread: wakes the tasks that await what has completed.
    fn deliver(&self, py: Python<'_>) {
        #[cfg(unix)]
        if let Bell::Socket { hears, .. } = &self.bell {
            // Before the calls are taken: a byte that comes later stands for one that is not among them.
            let mut bytes = [0; 64];
            loop {
                match (&mut &*hears).read(&mut bytes) {
                    Ok(read) if read == bytes.len() => {}
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    _ => break,
                }
            }
        }
        let completed = mem::take(&mut *self.completed.lock());
        for call in completed {
            call.wake(py);
        }
    }
}

/// What the loop calls when it is woken.
#[pyclass(frozen, module = "ironbridge")]
struct Delivery(Arc<Mailbox>);

#[pymethods]
impl Delivery {
    fn __call__(&self, py: Python<'_>) {
        self.0.deliver(py);
    }
}
