//! A loaded module as its handle holds it: each declared member found once, ready to be called.

use std::fmt;
use std::ops::Deref;
use std::panic::Location;
use std::sync::Arc;

use pyo3::conversion::FromPyObjectOwned;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyModule;

use super::call::{Arguments, Call};
use super::contract::{Contract, Member, MemberKind};
use super::{Site, source::Source};
use crate::aio::{AsyncIter, PythonFuture, RunsOn, await_python};
use crate::error::{Origin, Result};
use crate::handles::Returns;
use crate::interpreter::attach_started;
use crate::vectorcall;

/// What the handle of a module holds. Clones share it.
#[derive(Clone)]
pub struct Handle(Arc<Inner>);

struct Inner {
    contract: &'static Contract,
    source: Source,
    #[cfg(not(feature = "watch"))]
    table: Table,
    #[cfg(feature = "watch")]
    table: super::watch::Watched,
}

/// The module and its members.
pub(super) struct Table {
    pub(super) module: Py<PyModule>,
    contract: &'static Contract,
    /// Where those run that nobody waits for.
    runs_on: Box<[RunsOn]>,
    /// For each member of the contract what is called; of an attribute, what has it. `None` where it was not there.
    members: Box<[Option<Py<PyAny>>]>,
}

impl Table {
    /// Finds the members. Those that are not there are looked for again when they are called.
    pub(super) fn new(module: &Bound<'_, PyModule>, contract: &'static Contract) -> Self {
        let members = contract.members.iter();
        let members: Vec<_> = members.map(|member| find(module, member).ok()).collect();
        let runs_on = members
            .iter()
            .zip(contract.members)
            .map(|(found, member)| match found {
                Some(found) if does_nothing(found, member).unwrap_or(false) => RunsOn::Loop,
                _ => RunsOn::Pool,
            });
        Self {
            contract,
            runs_on: runs_on.collect(),
            members: members
                .into_iter()
                .map(|found| found.map(Bound::unbind))
                .collect(),
            module: module.clone().unbind(),
        }
    }

    /// Gives `f` what is called for the member of a call.
    #[inline]
    fn member<'py, R>(
        &self,
        call: &Call<'py>,
        f: impl FnOnce(&Bound<'py, PyAny>) -> Result<R>,
    ) -> Result<R> {
        let found;
        let member = if let Some(member) = &self.members[call.site.index] {
            member.bind(call.py)
        } else {
            found = self.find_again(call)?;
            &found
        };
        // Called at one place, so that it becomes part of this.
        f(member)
    }

    #[cold]
    fn find_again<'py>(&self, call: &Call<'py>) -> Result<Bound<'py, PyAny>> {
        let member = &self.contract.members[call.site.index];
        find(self.module.bind(call.py), member).map_err(|error| call.raised(error))
    }
}

/// Whether calling does nothing but make a coroutine, or an asynchronous generator.
fn does_nothing(function: &Bound<'_, PyAny>, member: &Member) -> PyResult<bool> {
    static COROUTINE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    static GENERATOR: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let (cell, name) = if member.is_async {
        (&COROUTINE, "iscoroutinefunction")
    } else if member.result.starts_with("AsyncIterator") {
        (&GENERATOR, "isasyncgenfunction")
    } else {
        return Ok(false);
    };
    let tell = cell.import(function.py(), "inspect", name)?;
    tell.call1((function,))?.extract()
}

/// What is called for a member; of an attribute, what has it.
fn find<'py>(module: &Bound<'py, PyModule>, member: &Member) -> PyResult<Bound<'py, PyAny>> {
    let name = member.python_name;
    let path = match member.kind {
        MemberKind::Function | MemberKind::Class => Some(name),
        MemberKind::Get | MemberKind::Set => name.rsplit_once('.').map(|(owner, _)| owner),
    };
    path.into_iter()
        .flat_map(|path| path.split('.'))
        .try_fold(module.as_any().clone(), |object, name| object.getattr(name))
}

impl Handle {
    pub(super) fn new(contract: &'static Contract, source: Source, table: Table) -> Self {
        #[cfg(feature = "watch")]
        let table = super::watch::Watched::new(&source, table);
        Self(Arc::new(Inner {
            contract,
            source,
            table,
        }))
    }

    /// Begins to watch the module's files.
    #[cfg(feature = "watch")]
    pub(super) fn watch(&self, py: Python<'_>, is_checked: bool) -> Result<()> {
        self.0.table.watch(py, is_checked)
    }

    /// The module. With `watch`, as it was read last.
    pub(super) fn module<'py>(&self, py: Python<'py>) -> Bound<'py, PyModule> {
        self.table().module.bind(py).clone()
    }

    #[inline]
    fn table(&self) -> impl Deref<Target = Table> {
        #[cfg(not(feature = "watch"))]
        return &self.0.table;
        #[cfg(feature = "watch")]
        return self.0.table.current();
    }

    /// Where files are watched, reads those that were edited.
    #[inline]
    #[cfg_attr(
        not(feature = "watch"),
        allow(
            clippy::unused_self,
            clippy::unnecessary_wraps,
            reason = "nothing is watched"
        )
    )]
    fn refresh(&self) -> Result<()> {
        #[cfg(feature = "watch")]
        self.0.table.refresh(self.0.contract)?;
        Ok(())
    }

    /// Runs `f` attached, with the members; where files are watched, those of the files as they are now.
    #[inline]
    fn with<R>(&self, f: impl FnOnce(Python<'_>, &Table) -> Result<R>) -> Result<R> {
        self.refresh()?;
        let table = self.table();
        attach_started(|py| f(py, &table))
    }

    /// Calls a function or class whose arguments are all passed.
    #[track_caller]
    #[inline]
    pub fn call<T, F, const N: usize>(&self, site: &'static Site, arguments: F) -> Result<T>
    where
        T: for<'py> FromPyObjectOwned<'py>,
        F: for<'py> FnOnce(Call<'py>) -> Result<[Bound<'py, PyAny>; N]>,
    {
        let location = Location::caller();
        self.with(|py, table| {
            let call = Call::new(py, site, location);
            let arguments = arguments(call)?;
            let names = site.names(py).map_err(|error| call.raised(error))?;
            table.member(&call, |callable| {
                call.finish(vectorcall::call(callable, &arguments, names))
            })
        })
    }

    /// Calls a function or class with the arguments that `arguments` adds.
    #[track_caller]
    pub fn call_with<T, F>(&self, site: &'static Site, arguments: F) -> Result<T>
    where
        T: for<'py> FromPyObjectOwned<'py>,
        F: for<'py> FnOnce(&mut Arguments<'py>) -> Result<()>,
    {
        let location = Location::caller();
        self.with(|py, table| {
            let call = Call::new(py, site, location);
            let passed = Arguments::of(call, arguments)?;
            table.member(&call, |callable| {
                let value =
                    passed.call(|values, names| vectorcall::call(callable, values, names))?;
                call.convert(&value, "()")
            })
        })
    }

    /// Calls an `async def` on the event loop, or a plain function on a thread of Python's; not before the future is
    /// polled.
    #[track_caller]
    pub fn call_async<T, Kind, F>(
        &self,
        site: &'static Site,
        what: &'static str,
        arguments: F,
    ) -> PythonFuture<T>
    where
        T: Returns<Kind> + Send + 'static,
        F: for<'py> FnOnce(&mut Arguments<'py>) -> Result<()> + Send + 'static,
        Kind: 'static,
    {
        let location = Location::caller();
        let make = self.make(site, location, arguments);
        let runs_on = self.table().runs_on[site.index];
        await_python::<T, _, Kind>(runs_on, what, make)
    }

    /// Iterates over what an asynchronous generator gives, on the event loop; nothing is called before the first item is
    /// asked for.
    #[track_caller]
    pub fn stream<T, F>(
        &self,
        site: &'static Site,
        what: &'static str,
        arguments: F,
    ) -> AsyncIter<T>
    where
        F: for<'py> FnOnce(&mut Arguments<'py>) -> Result<()> + Send + 'static,
    {
        let location = Location::caller();
        let make = self.make(site, location, arguments);
        let runs_on = self.table().runs_on[site.index];
        AsyncIter::of(runs_on, what.into(), Some(Origin::caller(location)), make)
    }

    /// What makes a call on a thread of Python's. Where files are watched, those that were edited are read now.
    fn make<F>(
        &self,
        site: &'static Site,
        location: &'static Location<'static>,
        arguments: F,
    ) -> impl for<'py> FnOnce(Python<'py>) -> Result<Bound<'py, PyAny>> + Send + 'static + use<F>
    where
        F: for<'py> FnOnce(&mut Arguments<'py>) -> Result<()> + Send + 'static,
    {
        let handle = self.clone();
        let is_current = self.refresh();
        move |py: Python<'_>| {
            is_current?;
            let call = Call::new(py, site, location);
            let passed = Arguments::of(call, arguments)?;
            handle.table().member(&call, |callable| {
                passed.call(|values, names| vectorcall::call(callable, values, names))
            })
        }
    }

    /// Reads an attribute.
    #[track_caller]
    pub fn get<T>(&self, site: &'static Site) -> Result<T>
    where
        T: for<'py> FromPyObjectOwned<'py>,
    {
        let location = Location::caller();
        self.with(|py, table| {
            let call = Call::new(py, site, location);
            table.member(&call, |owner| call.read(owner))
        })
    }

    /// Writes an attribute.
    #[track_caller]
    pub fn set<T>(&self, site: &'static Site, value: T) -> Result<()>
    where
        T: for<'py> IntoPyObject<'py>,
    {
        let location = Location::caller();
        self.with(|py, table| {
            let call = Call::new(py, site, location);
            let value = call.argument(0, value)?;
            table.member(&call, |owner| call.write(owner, value))
        })
    }
}

impl fmt::Debug for Handle {
    /// `Embedders(module embedders from directory /srv/models)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner {
            contract, source, ..
        } = &*self.0;
        write!(f, "{}(module {source})", contract.trait_name)
    }
}
