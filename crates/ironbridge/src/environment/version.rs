//! Versions of Python.

use std::fmt;
use std::str::FromStr;

/// A version of Python: 3.11, or 3.11.7 where the patch is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PythonVersion {
    /// 3.
    pub major: u8,
    /// 11 of 3.11.
    pub minor: u8,
    /// 7 of 3.11.7.
    pub patch: Option<u8>,
}

impl PythonVersion {
    /// The version that the program is linked with.
    pub fn linked() -> Self {
        env!("IRONBRIDGE_LINKED_VERSION").parse().unwrap_or(Self {
            major: 3,
            minor: 0,
            patch: None,
        })
    }
}

impl FromStr for PythonVersion {
    type Err = ();

    /// Takes what follows the third number (`3.13.0rc1`, `3.11.7.final.0`) for detail.
    fn from_str(text: &str) -> Result<Self, ()> {
        let mut parts = text.trim().split('.');
        let number = |part: Option<&str>| {
            let part = part?;
            let end = part
                .find(|c: char| !c.is_ascii_digit())
                .unwrap_or(part.len());
            part[..end].parse().ok()
        };
        let major = number(parts.next()).ok_or(())?;
        let minor = number(parts.next()).ok_or(())?;
        let patch = number(parts.next());
        Ok(Self {
            major,
            minor,
            patch,
        })
    }
}

impl fmt::Display for PythonVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)?;
        match self.patch {
            Some(patch) => write!(f, ".{patch}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::PythonVersion;

    #[test]
    fn every_spelling_is_read() {
        for (text, shown) in [
            ("3.11", "3.11"),
            ("3.11.7", "3.11.7"),
            ("3.13.0rc1", "3.13.0"),
            ("3.12.1.final.0", "3.12.1"),
        ] {
            let version: PythonVersion = text.parse().unwrap();
            assert_eq!(version.to_string(), shown);
        }
        assert!("three".parse::<PythonVersion>().is_err());
    }
}
