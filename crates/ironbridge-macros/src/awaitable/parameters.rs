//! The parameters of an `async fn`, for the function that Python calls and for the one that runs.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote};
use syn::spanned::Spanned;
use syn::{Error, FnArg, Pat, PatType, Type};

/// Without the receiver.
#[derive(Default)]
pub(super) struct Parameters {
    /// As PyO3 is to see them, with its attributes.
    pub(super) called: Vec<TokenStream>,
    /// As the body has them.
    pub(super) run: Vec<TokenStream>,
    pub(super) names: Vec<Ident>,
}

impl Parameters {
    pub(super) fn read<'a>(inputs: impl Iterator<Item = &'a FnArg>) -> syn::Result<Self> {
        let mut parameters = Self::default();
        for input in inputs {
            if let FnArg::Typed(parameter) = input {
                parameters.add(parameter)?;
            }
        }
        Ok(parameters)
    }

    fn add(&mut self, parameter: &PatType) -> syn::Result<()> {
        let PatType { attrs, pat, ty, .. } = parameter;
        let Pat::Ident(pattern) = &**pat else {
            return Err(Error::new(pat.span(), "an argument of Python's has a name"));
        };
        refuse_borrowed(ty)?;
        let name = &pattern.ident;
        self.called.push(quote!(#(#attrs)* #name: #ty));
        self.run.push(quote!(#pat: #ty));
        self.names.push(name.clone());
        Ok(())
    }
}

fn refuse_borrowed(ty: &Type) -> syn::Result<()> {
    match ty {
        Type::Reference(reference) => {
            let owned = match &*reference.elem {
                Type::Path(path) if path.path.is_ident("str") => "`String`".to_owned(),
                Type::Path(path) if is_named(path, "Path") => "`PathBuf`".to_owned(),
                Type::Slice(slice) => format!("`Vec<{}>`", slice.elem.to_token_stream()),
                Type::Path(path) if is_named(path, "Bound") => "`Py<…>`".to_owned(),
                _ => "an owned type".to_owned(),
            };
            Err(Error::new(
                ty.span(),
                format!(
                    "the future runs when the call has returned, so it cannot borrow from it: take {owned}"
                ),
            ))
        }
        Type::Path(path) if is_named(path, "Python") => Err(Error::new(
            ty.span(),
            "the future runs detached: use `ironbridge::attach` where it needs Python",
        )),
        Type::Path(path) if is_named(path, "Bound") => Err(Error::new(
            ty.span(),
            "the future runs detached: take `Py<…>`, and bind it in `ironbridge::attach`",
        )),
        _ => Ok(()),
    }
}

fn is_named(path: &syn::TypePath, name: &str) -> bool {
    let last = path.path.segments.last();
    last.is_some_and(|segment| segment.ident == name)
}
