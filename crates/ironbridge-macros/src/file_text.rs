//! The file form: `file = "scripts/setup.py"`, relative to the package (the directory of its Cargo.toml).

use std::path::{Path, PathBuf};
use std::{env, fs};

use proc_macro2::{Span, TokenStream, TokenTree};
use syn::LitStr;

use crate::captures;
use crate::code::{Code, Places};

/// Brings in the code of `file = "…", captures…`.
pub(crate) fn read(code: TokenStream) -> syn::Result<Code> {
    let mut tokens = code.into_iter().skip(2);
    let Some(path @ TokenTree::Literal(_)) = tokens.next() else {
        return Err(syn::Error::new(
            Span::call_site(),
            "expected `file = \"path\"`",
        ));
    };
    let path: LitStr = syn::parse2(path.into())?;
    let package = env::var_os("CARGO_MANIFEST_DIR").map_or_else(PathBuf::new, PathBuf::from);
    let full_path = package.join(path.value());
    let text = fs::read_to_string(&full_path).map_err(|error| {
        syn::Error::new(
            path.span(),
            format!(
                "cannot read `{}`: {error}; the path is relative to the package, {}",
                path.value(),
                package.display()
            ),
        )
    })?;
    let captures = captures::parse_list(tokens.collect(), &text)?;
    let line_starts = (1..=text.lines().count().max(1))
        .map(|line| (line, 1))
        .collect();
    Ok(Code {
        text,
        file: shown_path(&full_path),
        line: 1,
        captures,
        places: Places::Inside {
            token: path.span(),
            line_starts,
        },
        tracked_file: Some(full_path.to_string_lossy().into_owned()),
    })
}

/// Relative to where the compiler runs (the workspace), as `file!()` is: no directory of the building machine goes
/// into the program.
fn shown_path(path: &Path) -> String {
    let here = env::current_dir().unwrap_or_default();
    path.strip_prefix(here)
        .unwrap_or(path)
        .to_string_lossy()
        .into_owned()
}
