//! The part of the input up to `=>`: session, `async`, result type.

use proc_macro2::{Spacing, TokenStream, TokenTree};
use syn::parse::{ParseStream, Parser};
use syn::{Expr, Token, Type};

/// What stands before `=>`.
#[derive(Default)]
pub(crate) struct Header {
    pub(crate) async_token: Option<Token![async]>,
    pub(crate) session: Option<Expr>,
    pub(crate) result: Option<Type>,
}

impl Header {
    /// Parses the tokens before `=>`. They are parted at `->` first: to an expression's parser that is a minus.
    fn parse(tokens: &[TokenTree]) -> syn::Result<Self> {
        let arrow = position(tokens, '-');
        let (before, result) = match arrow {
            Some(arrow) => (&tokens[..arrow], Some(&tokens[arrow + 2..])),
            None => (tokens, None),
        };
        let front = |input: ParseStream<'_>| {
            let async_token: Option<Token![async]> = input.parse()?;
            let session = if input.is_empty() {
                None
            } else {
                let start = input.span();
                Some(input.parse().map_err(|_| grammar(start))?)
            };
            if input.is_empty() {
                Ok((async_token, session))
            } else {
                Err(grammar(input.span()))
            }
        };
        let (async_token, session) = front.parse2(tokens_of(before))?;
        let result = match result {
            Some([]) => return Err(grammar(tokens[tokens.len() - 1].span())),
            Some(result) => Some(syn::parse2(tokens_of(result))?),
            None => None,
        };
        Ok(Self {
            async_token,
            session,
            result,
        })
    }
}

/// Where `first` and `>` stand joined, as in `=>` and `->`.
fn position(tokens: &[TokenTree], first: char) -> Option<usize> {
    tokens.windows(2).position(|pair| match pair {
        [TokenTree::Punct(one), TokenTree::Punct(two)] => {
            one.as_char() == first && one.spacing() == Spacing::Joint && two.as_char() == '>'
        }
        _ => false,
    })
}

fn tokens_of(tokens: &[TokenTree]) -> TokenStream {
    tokens.iter().cloned().collect()
}

fn grammar(span: proc_macro2::Span) -> syn::Error {
    syn::Error::new(
        span,
        "this is no header: expected `[async] [session] [-> Type] =>` before the code",
    )
}

/// Splits the input at its first `=>`, which is no Python, and parses what stands before it.
pub(crate) fn split(input: TokenStream) -> syn::Result<(Header, TokenStream)> {
    let tokens: Vec<TokenTree> = input.into_iter().collect();
    let Some(arrow) = position(&tokens, '=') else {
        return Ok((Header::default(), tokens.into_iter().collect()));
    };
    let code = tokens_of(&tokens[arrow + 2..]);
    if arrow == 0 {
        return Err(grammar(tokens[arrow].span()));
    }
    Ok((Header::parse(&tokens[..arrow])?, code))
}
