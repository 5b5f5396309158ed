//! Handing the settings to CPython and having it start: `PyConfig` up to 3.13, `PyInitConfig` from 3.14 on.

use std::ffi::CStr;

use super::builder::Settings;

/// Why CPython refused.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) function: Option<String>,
    pub(super) message: String,
}

/// What is handed over: the settings, with everything decided.
pub(super) struct Config<'a> {
    pub(super) executable: &'a std::path::Path,
    pub(super) argv: &'a [std::ffi::OsString],
    pub(super) signal_handlers: bool,
    pub(super) settings: &'a Settings,
}

/// A copy of what CPython says in a status or a configuration. Null is nothing.
fn text(pointer: *const std::ffi::c_char) -> Option<String> {
    if pointer.is_null() {
        return None;
    }
    // SAFETY: CPython gives a string with a terminator, which lives as long as the status it came with.
    let text = unsafe { CStr::from_ptr(pointer) };
    Some(text.to_string_lossy().into_owned())
}

pub(super) use version::initialize;

#[cfg(not(Py_3_14))]
mod version {
    use std::{
        ffi::{CString, OsStr, c_char, c_int},
        mem::MaybeUninit,
        ptr,
    };

    use pyo3::ffi;

    use super::{Config, Refusal, text};

    /// Starts CPython. On success the calling thread is attached; the caller detaches it.
    pub(in super::super) fn initialize(config: &Config<'_>) -> Result<(), Refusal> {
        preinitialize(config)?;
        let mut handed = PyConfig::new();
        handed.fill(config)?;
        // SAFETY: a configuration that was initialised and read.
        check(unsafe { ffi::Py_InitializeFromConfig(handed.as_ptr()) })
    }

    /// Encodings and allocator, which come before everything else.
    fn preinitialize(config: &Config<'_>) -> Result<(), Refusal> {
        let mut pre = MaybeUninit::<ffi::PyPreConfig>::uninit();
        // SAFETY: the call initialises all of it.
        let mut pre = unsafe {
            ffi::PyPreConfig_InitPythonConfig(pre.as_mut_ptr());
            pre.assume_init()
        };
        pre.parse_argv = 0;
        // Coercing would call `setenv`, which a program with threads cannot bear. In the C locale, UTF-8 mode does.
        pre.coerce_c_locale = 0;
        if let Some(utf8) = config.settings.utf8 {
            pre.utf8_mode = c_int::from(utf8);
        }
        if config.settings.dev_mode {
            pre.dev_mode = 1;
        }
        // SAFETY: initialised above; CPython does not run (the caller holds the lock of the start).
        check(unsafe { ffi::Py_PreInitialize(&raw const pre) })
    }

    fn check(status: ffi::PyStatus) -> Result<(), Refusal> {
        // SAFETY: takes the status by value and reads it.
        if unsafe { ffi::PyStatus_Exception(status) } == 0 {
            return Ok(());
        }
        Err(Refusal {
            function: text(status.func),
            message: text(status.err_msg)
                .unwrap_or_else(|| format!("it asked to exit with code {}", status.exitcode)),
        })
    }

    /// A `PyConfig` that is cleared when dropped.
    struct PyConfig(Box<ffi::PyConfig>);

    impl PyConfig {
        fn new() -> Self {
            let mut config = Box::<ffi::PyConfig>::new_uninit();
            // SAFETY: the call initialises all of it.
            unsafe {
                ffi::PyConfig_InitPythonConfig(config.as_mut_ptr());
                Self(config.assume_init())
            }
        }

        fn as_ptr(&mut self) -> *mut ffi::PyConfig {
            &raw mut *self.0
        }

        fn fill(&mut self, config: &Config<'_>) -> Result<(), Refusal> {
            let settings = config.settings;
            let raw = &mut *self.0;
            raw.parse_argv = 0;
            raw.install_signal_handlers = c_int::from(config.signal_handlers);
            if settings.dev_mode {
                raw.dev_mode = 1;
            }
            if let Some(level) = settings.optimization {
                raw.optimization_level = c_int::from(level);
            }
            let raw = self.as_ptr();
            // SAFETY: `raw` is initialised; each field is one of its string fields; the strings live for the calls,
            // which copy them. `PyConfig_Read` completes what was filled in.
            unsafe {
                let executable = c_string(config.executable.as_os_str())?;
                set_string(raw, &raw mut (*raw).program_name, &executable)?;
                set_string(raw, &raw mut (*raw).executable, &executable)?;
                let arguments = config
                    .argv
                    .iter()
                    .map(|argument| c_string(argument))
                    .collect::<Result<Vec<_>, _>>()?;
                let mut pointers: Vec<*const c_char> =
                    arguments.iter().map(|argument| argument.as_ptr()).collect();
                check(ffi::PyConfig_SetBytesArgv(
                    raw,
                    pointers.len().cast_signed(),
                    pointers.as_mut_ptr(),
                ))?;
                for option in &settings.warnings {
                    let option = c_string(OsStr::new(option))?;
                    append(raw, &raw mut (*raw).warnoptions, &option)?;
                }
                check(ffi::PyConfig_Read(raw))
            }
        }
    }

    impl Drop for PyConfig {
        fn drop(&mut self) {
            // SAFETY: initialised in `new`, cleared once.
            unsafe { ffi::PyConfig_Clear(self.as_ptr()) };
        }
    }

    /// # Safety
    ///
    /// `config` is initialised and `field` is one of its string fields.
    unsafe fn set_string(
        config: *mut ffi::PyConfig,
        field: *mut *mut libc::wchar_t,
        value: &CString,
    ) -> Result<(), Refusal> {
        // SAFETY: the caller's promise; `value` has a terminator and is copied.
        check(unsafe { ffi::PyConfig_SetBytesString(config, field, value.as_ptr()) })
    }

    /// # Safety
    ///
    /// `config` is initialised and `list` is one of its list fields.
    unsafe fn append(
        config: *mut ffi::PyConfig,
        list: *mut ffi::PyWideStringList,
        value: &CString,
    ) -> Result<(), Refusal> {
        let mut wide: *mut libc::wchar_t = ptr::null_mut();
        // SAFETY: the caller's promise; CPython decodes into `wide`, which is copied by the append and then freed by
        // setting it to null.
        unsafe {
            set_string(config, &raw mut wide, value)?;
            let appended = check(ffi::PyWideStringList_Append(list, wide));
            check(ffi::PyConfig_SetString(config, &raw mut wide, ptr::null()))?;
            appended
        }
    }

    #[cfg(unix)]
    fn c_string(value: &OsStr) -> Result<CString, Refusal> {
        use std::os::unix::ffi::OsStrExt;
        CString::new(value.as_bytes()).map_err(|_| nul(value))
    }

    #[cfg(not(unix))]
    fn c_string(value: &OsStr) -> Result<CString, Refusal> {
        CString::new(value.to_string_lossy().into_owned()).map_err(|_| nul(value))
    }

    fn nul(value: &OsStr) -> Refusal {
        Refusal {
            function: None,
            message: format!("{} contains a NUL character", value.display()),
        }
    }
}

#[cfg(Py_3_14)]
mod version {
    use std::{
        ffi::{CStr, CString, OsStr, c_char, c_int},
        ptr,
    };

    use pyo3::ffi;

    use super::{Config, Refusal, text};

    /// Starts CPython. On success the calling thread is attached; the caller detaches it.
    pub(in super::super) fn initialize(config: &Config<'_>) -> Result<(), Refusal> {
        let settings = config.settings;
        let handed = PyInitConfig::new()?;
        // A `PyInitConfig` begins isolated; a program's interpreter is to be as its `python` is.
        handed.set(c"isolated", 0)?;
        handed.set(c"use_environment", 1)?;
        handed.set(c"user_site_directory", 1)?;
        handed.set(c"safe_path", 0)?;
        handed.set(c"configure_locale", 1)?;
        // Coercing would call `setenv`, which a program with threads cannot bear.
        handed.set(c"coerce_c_locale", 0)?;
        let utf8 = settings.utf8.unwrap_or_else(utf8_by_default);
        handed.set(c"utf8_mode", u64::from(utf8))?;
        handed.set(c"parse_argv", 0)?;
        handed.set(
            c"install_signal_handlers",
            u64::from(config.signal_handlers),
        )?;
        handed.set(c"dev_mode", u64::from(settings.dev_mode))?;
        if let Some(level) = settings.optimization {
            handed.set(c"optimization_level", u64::from(level))?;
        }
        let executable = config.executable.as_os_str();
        handed.set_string(c"program_name", executable)?;
        handed.set_string(c"executable", executable)?;
        handed.set_strings(c"argv", config.argv.iter().map(AsRef::as_ref))?;
        handed.set_strings(c"warnoptions", settings.warnings.iter().map(OsStr::new))?;
        // SAFETY: a live configuration; CPython does not run (the caller holds the lock of the start).
        handed.check(unsafe { ffi::Py_InitializeFromInitConfig(handed.0) })
    }

    /// What CPython decides by itself for a configuration that is not isolated.
    fn utf8_by_default() -> bool {
        if let Some(choice) = std::env::var_os("PYTHONUTF8") {
            return choice == "1";
        }
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
            .into_iter()
            .filter_map(std::env::var_os)
            .find(|value| !value.is_empty());
        cfg!(Py_3_15) || locale.is_none_or(|locale| locale == "C" || locale == "POSIX")
    }

    /// A `PyInitConfig` that is freed when dropped.
    struct PyInitConfig(*mut ffi::PyInitConfig);

    impl PyInitConfig {
        fn new() -> Result<Self, Refusal> {
            // SAFETY: always safe to call.
            let config = unsafe { ffi::PyInitConfig_Create() };
            if config.is_null() {
                return Err(Refusal {
                    function: None,
                    message: "out of memory".into(),
                });
            }
            Ok(Self(config))
        }

        fn set(&self, name: &CStr, value: u64) -> Result<(), Refusal> {
            // SAFETY: a live configuration and a string with a terminator.
            self.check(unsafe { ffi::PyInitConfig_SetInt(self.0, name.as_ptr(), value) })
        }

        fn set_string(&self, name: &CStr, value: &OsStr) -> Result<(), Refusal> {
            let value = c_string(value)?;
            // SAFETY: a live configuration and two strings with terminators, which are copied.
            self.check(unsafe { ffi::PyInitConfig_SetStr(self.0, name.as_ptr(), value.as_ptr()) })
        }

        fn set_strings<'v>(
            &self,
            name: &CStr,
            values: impl Iterator<Item = &'v OsStr>,
        ) -> Result<(), Refusal> {
            let values = values.map(c_string).collect::<Result<Vec<_>, _>>()?;
            let mut pointers: Vec<*const c_char> =
                values.iter().map(|value| value.as_ptr()).collect();
            // SAFETY: a live configuration, and as many strings with terminators as is said, which are copied.
            self.check(unsafe {
                ffi::PyInitConfig_SetStrList(
                    self.0,
                    name.as_ptr(),
                    pointers.len(),
                    pointers.as_mut_ptr(),
                )
            })
        }

        fn check(&self, result: c_int) -> Result<(), Refusal> {
            if result == 0 {
                return Ok(());
            }
            let mut message = ptr::null();
            let mut code = 0;
            // SAFETY: a live configuration and places to write to; the message lives as long as the configuration.
            unsafe {
                if ffi::PyInitConfig_GetExitCode(self.0, &raw mut code) == 1 {
                    return Err(Refusal {
                        function: None,
                        message: format!("it asked to exit with code {code}"),
                    });
                }
                ffi::PyInitConfig_GetError(self.0, &raw mut message);
            }
            Err(Refusal {
                function: None,
                message: text(message).unwrap_or_else(|| "no reason was given".into()),
            })
        }
    }

    impl Drop for PyInitConfig {
        fn drop(&mut self) {
            // SAFETY: made in `new`, freed once.
            unsafe { ffi::PyInitConfig_Free(self.0) };
        }
    }

    /// `PyInitConfig` takes UTF-8.
    fn c_string(value: &OsStr) -> Result<CString, Refusal> {
        let refuse = |what| Refusal {
            function: None,
            message: format!("{} {what}", value.display()),
        };
        let text = value.to_str().ok_or_else(|| refuse("is not UTF-8"))?;
        CString::new(text).map_err(|_| refuse("contains a NUL character"))
    }
}
