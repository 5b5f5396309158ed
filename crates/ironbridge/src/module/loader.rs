//! Settings for loading a module.

use std::fmt;
use std::marker::PhantomData;
use std::panic::Location;
use std::path::PathBuf;

use super::TypedModule;
use super::check::check;
use super::handle::{Handle, Table};
use super::source::{Place, Source};
use crate::error::{Error, Origin, Result};
use crate::interpreter::attach;

/// Loads a typed module with settings.
///
/// ```
/// use ironbridge::Result;
///
/// #[ironbridge::module("greetings")]
/// trait Greetings {
///     fn greet(&self, who: &str) -> Result<String>;
/// }
///
/// # fn main() -> Result<()> {
/// let greetings = Greetings::loader()
///     .source("def greet(who: str) -> str: return f'Hello, {who}'")
///     .load()?;
/// assert_eq!(greetings.greet("Ferris")?, "Hello, Ferris");
/// # Ok(())
/// # }
/// ```
#[must_use = "a loader does nothing until `load`"]
pub struct Loader<M> {
    name: String,
    place: Place,
    is_checked: bool,
    #[cfg(feature = "watch")]
    is_watched: bool,
    module: PhantomData<fn() -> M>,
}

impl<M: TypedModule> Loader<M> {
    pub(super) fn new() -> Self {
        let place = M::SOURCE.map_or(Place::Import, |text| Place::Text(text.to_owned()));
        Self {
            name: M::CONTRACT.python_name.to_owned(),
            place,
            is_checked: true,
            #[cfg(feature = "watch")]
            is_watched: false,
            module: PhantomData,
        }
    }

    /// Another module than the declaration names, which is declared alike: `package.submodule`.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Loads from a directory, which is put first on `sys.path`, once. A module of that name from another place is an
    /// error, not a surprise.
    pub fn module_path(mut self, directory: impl Into<PathBuf>) -> Self {
        self.place = Place::Directory(directory.into());
        self
    }

    /// Loads from text that the program carries (`include_str!`). The module has its name in `sys.modules`, so that
    /// its classes can be pickled and other modules can import it.
    pub fn source(mut self, text: impl Into<String>) -> Self {
        self.place = Place::Text(text.into());
        self
    }

    /// Looks at the module's files before each call, and reads them again when one was edited: for development. Files
    /// of the same package are watched; with [`module_path`](Self::module_path) all that were imported from there.
    ///
    /// A file that does not run, or does not fit the declaration any more, is the error of each call until it is mended.
    /// Objects that were made before keep their old class.
    #[cfg(feature = "watch")]
    pub fn watch(mut self) -> Self {
        self.is_watched = true;
        self
    }

    /// Does not compare the module with the declaration; what does not fit is the error of the call that meets it.
    pub fn unchecked(mut self) -> Self {
        self.is_checked = false;
        self
    }

    /// Imports the module, and checks it.
    ///
    /// # Errors
    ///
    /// The module is not there or raised while it was imported, or it does not fit the declaration
    /// ([`ErrorKind::Contract`](crate::ErrorKind::Contract)): the error lists everything that does not.
    #[track_caller]
    pub fn load(self) -> Result<M> {
        let origin = Origin::caller(Location::caller());
        let source = Source {
            name: self.name,
            place: self.place,
        };
        let handle = attach(|py| -> Result<Handle> {
            let module = source
                .import(py)
                .map_err(|error| Error::from_python(py, error, Some(origin)))?;
            if self.is_checked {
                check(&module, M::CONTRACT, Some(origin))?;
            }
            let table = Table::new(&module, M::CONTRACT);
            let handle = Handle::new(M::CONTRACT, source, table);
            #[cfg(feature = "watch")]
            if self.is_watched {
                handle.watch(py, self.is_checked)?;
            }
            Ok(handle)
        })??;
        Ok(M::from_handle(handle))
    }
}

impl<M: TypedModule> fmt::Debug for Loader<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Loader")
            .field("trait", &M::CONTRACT.trait_name)
            .field("name", &self.name)
            .field("place", &self.place)
            .finish_non_exhaustive()
    }
}
