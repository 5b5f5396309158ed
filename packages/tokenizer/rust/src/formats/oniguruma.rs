//! Expressions as Hugging Face's tokenizers read them, by Oniguruma in Ruby's syntax, where some signs mean something else.

use std::iter::Peekable;
use std::str::Chars;

use crate::error::{Error, ErrorKind, Result};
use crate::pattern::Pattern;

/// `cl100k` without what Ruby's syntax reads otherwise: `$`, which is the end of a line, and `{1,3}+`, which repeats again.
const CL100K: &str = r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++\z|\s*[\r\n]|\s+(?!\S)|\s";

/// The pattern of an expression.
pub(super) fn read(regex: &str) -> Result<Pattern> {
    if regex == CL100K {
        return Ok(Pattern::cl100k());
    }
    check(regex)?;
    Pattern::new(regex)
}

/// The expression of a pattern.
pub(super) fn write(pattern: &Pattern) -> Result<&str> {
    if *pattern == Pattern::cl100k() {
        return Ok(CL100K);
    }
    check(pattern.as_str())?;
    Ok(pattern.as_str())
}

/// Refuses what the two syntaxes read differently.
fn check(regex: &str) -> Result<()> {
    let refuse = |what: &str| {
        let message = format!(
            "the expression {regex:?} has {what}, which Hugging Face's tokenizers read otherwise"
        );
        Err(Error::new(ErrorKind::Inexpressible, message))
    };
    let mut rest = regex.chars().peekable();
    let mut depth = 0_usize;
    while let Some(char) = rest.next() {
        match char {
            '\\' => skip_escaped(&mut rest),
            '[' => {
                depth += 1;
                // A bracket that follows at once stands for itself.
                rest.next_if_eq(&'^');
                rest.next_if_eq(&']');
            }
            ']' => depth = depth.saturating_sub(1),
            _ if depth > 0 => {}
            '^' | '$' => return refuse(&format!("`{char}`")),
            '}' if rest.peek() == Some(&'+') => return refuse("`}+`"),
            '(' if rest.peek() == Some(&'?') => {
                rest.next();
                while let Some(flag) =
                    rest.next_if(|flag| flag.is_ascii_alphabetic() || *flag == '-')
                {
                    if !matches!(flag, 'i' | '-') {
                        return refuse(&format!("`(?{flag}`"));
                    }
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// Passes over what follows a backslash.
fn skip_escaped(rest: &mut Peekable<Chars<'_>>) {
    if matches!(rest.next(), Some('p' | 'P' | 'x' | 'u')) && rest.peek() == Some(&'{') {
        rest.by_ref().find(|char| *char == '}');
    }
}
