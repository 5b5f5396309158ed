//! Writes the call: a static that holds the code, and an expression that runs it.

use std::env;
use std::sync::atomic::{AtomicBool, Ordering};

use ironbridge_python_ast::{Block, BlockOptions, ResultKind};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};

use crate::code::Code;
use crate::form::{self, Form};
use crate::header::{self, Header};
use crate::{block_text, captures, file_text, literal_text};

/// The expansion of `python!`.
pub(crate) fn python(input: TokenStream) -> TokenStream {
    let (header, tokens) = match header::split(input) {
        Ok(parts) => parts,
        Err(error) => return refused(&error, &Header::default()),
    };
    expand(&header, tokens).unwrap_or_else(|error| refused(&error, &header))
}

/// The errors, and a value of the type that was asked for, so that none about the type of nothing follow.
fn refused(error: &syn::Error, header: &Header) -> TokenStream {
    let errors = error.to_compile_error();
    let result = result_type(header);
    let refused = if header.async_token.is_some() {
        quote!(refused_future)
    } else {
        quote!(refused)
    };
    quote!({ #errors ::ironbridge::__private::#refused::<#result>() })
}

/// What the block's value is in Rust.
fn result_type(header: &Header) -> TokenStream {
    let result = header.result.as_ref();
    result.map_or_else(|| quote!(()), |result| quote!(#result))
}

fn expand(header: &Header, tokens: TokenStream) -> syn::Result<TokenStream> {
    let form = form::of(&tokens, header.result.is_some())?;
    let code = match form {
        Form::Block => block_text::read(tokens)?,
        Form::Literal => literal_text::read(tokens)?,
        Form::File => file_text::read(tokens)?,
    };
    let parameters: Vec<String> = code
        .captures
        .iter()
        .map(|capture| capture.parameter.clone())
        .collect();
    let options = BlockOptions {
        captures: &parameters,
        shown_as: matches!(form, Form::Block).then_some(captures::shown as fn(&str) -> String),
        is_async: header.async_token.is_some(),
        result: if header.result.is_some() {
            ResultKind::Value
        } else {
            ResultKind::Nothing
        },
    };
    let block = Block::parse(&code.text, &options).map_err(|errors| code.error(errors))?;
    Ok(call(header, &code, &block))
}

fn call(header: &Header, code: &Code, block: &Block) -> TokenStream {
    let private = quote!(::ironbridge::__private);
    let start = Span::call_site().start();
    let rust_file = Span::call_site().file();
    let (rust_line, rust_column) = (narrow(start.line), narrow(start.column + 1));

    let Code {
        text,
        file,
        captures,
        ..
    } = code;
    let source = if let Some(path) = &code.tracked_file {
        // Read again by the compiler, so that a change of the file builds the program anew.
        quote!(::core::include_str!(#path))
    } else {
        quote!(#text)
    };
    let line = narrow(code.line);
    let parameters = captures.iter().map(|capture| &capture.parameter);
    let shown = captures.iter().map(|capture| &capture.shown);
    let bound_names = &block.bound_names;
    let gives_value = header.result.is_some() && block.ends_in_expression;

    let is_async = header.async_token.is_some();
    let run = if is_async {
        run_async(header, code)
    } else {
        run_now(header, code)
    };
    let hint = needs_hint().then(|| quote!(#private::link_libpython_in_the_build_script();));
    quote! {{
        #hint
        static __IRONBRIDGE_SITE: #private::CallSite = #private::CallSite::new(#private::BlockSource {
            text: #source,
            file: #file,
            line: #line,
            rust_file: #rust_file,
            rust_line: #rust_line,
            rust_column: #rust_column,
            parameters: &[#(#parameters),*],
            captures: &[#(#shown),*],
            bound_names: &[#(#bound_names),*],
            gives_value: #gives_value,
            is_async: #is_async,
        });
        #run
    }}
}

/// The call of a block whose value is wanted now.
fn run_now(header: &Header, code: &Code) -> TokenStream {
    let private = quote!(::ironbridge::__private);
    let values = code.captures.iter().map(|capture| &capture.value);
    let names = names(code);
    let py = py();
    let conversions = names.iter().enumerate().map(|(index, name)| {
        quote_spanned!(name.span()=> #private::Captured(#name).capture(#py, &__IRONBRIDGE_SITE, #index)?)
    });
    let session = session(header).unwrap_or_else(|| quote!(#private::shared_session()?));
    let run = if let Some(result) = &header.result {
        quote!(#private::run_for::<#result, _, _>)
    } else {
        quote!(#private::run)
    };
    quote! {
        // Values are taken before the interpreter is, and live until the call is over.
        match (#(&(#values),)*) {
            (#(#names,)*) => (|| -> ::ironbridge::Result<_> {
                #[allow(unused_imports)]
                use #private::CaptureByTrait as _;
                #run(&__IRONBRIDGE_SITE, #session, |#py| ::core::result::Result::Ok([#(#conversions),*]))
            })(),
        }
    }
}

/// The future of a block: it owns what it captured.
fn run_async(header: &Header, code: &Code) -> TokenStream {
    let private = quote!(::ironbridge::__private);
    let values = code.captures.iter().map(|capture| &capture.value);
    let names = names(code);
    let py = py();
    let kept = names
        .iter()
        .map(|name| quote_spanned!(name.span()=> let #name = (&&#private::Keep(#name)).keep();));
    let conversions = names.iter().enumerate().map(|(index, name)| {
        quote_spanned!(name.span()=> #private::Captured(&#name).capture(#py, &__IRONBRIDGE_SITE, #index)?)
    });
    let session = session(header).map_or_else(
        || quote!(::core::option::Option::None),
        |session| quote!(::core::option::Option::Some(::core::clone::Clone::clone(#session))),
    );
    let result = result_type(header);
    let kind = if header.result.is_some() {
        quote!(Something)
    } else {
        quote!(Nothing)
    };
    quote! {
        match (#(&(#values),)*) {
            (#(#names,)*) => {
                #[allow(unused_imports)]
                use #private::{CaptureByTrait as _, KeepByClone as _, KeepPy as _};
                #(#kept)*
                #private::run_async::<#result, #private::module::#kind, _, _>(
                    &__IRONBRIDGE_SITE,
                    #session,
                    move |#py| ::core::result::Result::Ok([#(#conversions),*]),
                )
            }
        }
    }
}

/// A name for each capture. It carries the place of its value, for the error where there is none.
fn names(code: &Code) -> Vec<Ident> {
    let captures = code.captures.iter().enumerate();
    captures
        .map(|(index, capture)| {
            format_ident!("__capture_{index}", span = hidden_at(&capture.value))
        })
        .collect()
}

fn py() -> Ident {
    format_ident!("py", span = Span::mixed_site())
}

/// The session that the header names, borrowed.
fn session(header: &Header) -> Option<TokenStream> {
    header.session.as_ref().map(|session| {
        quote_spanned!(hidden_at(session)=> ::core::borrow::Borrow::<::ironbridge::Session>::borrow(&(#session)))
    })
}

/// Whether to remind a program, once, that its build script does not see to libpython. Cargo names the binary or
/// example that it builds; tests it runs itself, and libraries are not run.
fn needs_hint() -> bool {
    static GIVEN: AtomicBool = AtomicBool::new(false);
    env::var_os("CARGO_BIN_NAME").is_some()
        && env::var_os("IRONBRIDGE_LINKS_LIBPYTHON").is_none()
        && !GIVEN.swap(true, Ordering::Relaxed)
}

/// A span that errors are shown at but whose names a user cannot meet.
fn hidden_at(tokens: &impl quote::ToTokens) -> Span {
    use syn::spanned::Spanned as _;
    Span::mixed_site().located_at(tokens.span())
}

fn narrow(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
