//! Tokens that stand for themselves: they are found in a text before it is cut into pieces, and only where that is allowed.

use std::fmt;
use std::ops::Range;

use aho_corasick::{AhoCorasick, Input, MatchKind};
use memchr::memmem;
use rustc_hash::FxHashMap;

use crate::error::{Error, ErrorKind, Result};
use crate::vocabulary::TokenId;

/// Special tokens: texts and their ids, each of them once.
///
/// In a text the leftmost is found first, and of those that begin at one place the longest.
///
/// ```
/// use ironbpe::Specials;
///
/// let specials = Specials::new([("<|endoftext|>", 50256)])?;
/// assert_eq!(specials.id("<|endoftext|>"), Some(50256));
/// assert_eq!(specials.text(50256), Some("<|endoftext|>"));
/// # Ok::<(), ironbpe::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct Specials {
    /// By ascending id.
    tokens: Vec<(TokenId, Box<str>)>,
    /// Where in `tokens`.
    places: FxHashMap<Box<str>, usize>,
    search: Option<AhoCorasick>,
}

/// Which special tokens of a text become tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AllowedSpecial<'a> {
    /// Every one.
    All,
    /// None: they are encoded as if they were text, or refused by [`DisallowedSpecial`].
    #[default]
    None,
    /// These. What is no special token is passed over.
    Set(&'a [&'a str]),
}

/// Which special tokens must not stand in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DisallowedSpecial<'a> {
    /// Every one that is not allowed. The default, so that text of others cannot smuggle one in.
    #[default]
    All,
    /// None.
    None,
    /// These texts, special tokens or not, even where they are allowed.
    Set(&'a [&'a str]),
}

impl Specials {
    /// The special tokens, in any order.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Setting`]: an empty one, or a text or an id that comes twice.
    pub fn new<T: AsRef<str>>(tokens: impl IntoIterator<Item = (T, TokenId)>) -> Result<Self> {
        let mut tokens: Vec<(TokenId, Box<str>)> = tokens
            .into_iter()
            .map(|(text, id)| (id, text.as_ref().into()))
            .collect();
        tokens.sort_unstable();
        let mut places = FxHashMap::default();
        for (place, (id, text)) in tokens.iter().enumerate() {
            if text.is_empty() {
                let message = format!("the special token {id} is empty");
                return Err(Error::new(ErrorKind::Setting, message));
            }
            if place > 0 && tokens[place - 1].0 == *id {
                let other = &tokens[place - 1].1;
                let message = format!("the special tokens {other:?} and {text:?} have the id {id}");
                return Err(Error::new(ErrorKind::Setting, message));
            }
            if let Some(other) = places.insert(text.clone(), place) {
                let other = tokens[other].0;
                let message = format!("the special token {text:?} has the ids {other} and {id}");
                return Err(Error::new(ErrorKind::Setting, message));
            }
        }
        let search = if tokens.is_empty() {
            None
        } else {
            let search = AhoCorasick::builder()
                .match_kind(MatchKind::LeftmostLongest)
                .build(tokens.iter().map(|(_, text)| text.as_bytes()))
                .map_err(|error| {
                    Error::new(
                        ErrorKind::Setting,
                        format!("the special tokens are too many or too long: {error}"),
                    )
                })?;
            Some(search)
        };
        Ok(Self {
            tokens,
            places,
            search,
        })
    }

    /// The id of one.
    pub fn id(&self, text: &str) -> Option<TokenId> {
        Some(self.tokens[*self.places.get(text)?].0)
    }

    /// The text of one.
    pub fn text(&self, id: TokenId) -> Option<&str> {
        let place = self.tokens.binary_search_by_key(&id, |(id, _)| *id).ok()?;
        Some(&self.tokens[place].1)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.tokens.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.tokens.is_empty()
    }

    /// They by ascending id.
    pub fn iter(&self) -> impl Iterator<Item = (TokenId, &str)> {
        self.tokens.iter().map(|(id, text)| (*id, &**text))
    }

    /// The next one that is allowed: where it stands and its id.
    pub(crate) fn find(
        &self,
        bytes: &[u8],
        mut from: usize,
        allowed: &AllowedSpecial<'_>,
    ) -> Option<(Range<usize>, TokenId)> {
        let search = self.search.as_ref()?;
        if matches!(allowed, AllowedSpecial::None) {
            return None;
        }
        loop {
            let found = search.find(Input::new(bytes).range(from..))?;
            let AllowedSpecial::Set(set) = allowed else {
                return Some((found.range(), self.tokens[found.pattern().as_usize()].0));
            };
            // A longer one that is not allowed must not hide a shorter one that is.
            let here = &bytes[found.start()..];
            let longest = set
                .iter()
                .filter(|text| here.starts_with(text.as_bytes()))
                .filter_map(|text| Some((text.len(), self.id(text)?)))
                .max();
            if let Some((len, id)) = longest {
                return Some((found.start()..found.start() + len, id));
            }
            from = found.start() + 1;
        }
    }

    /// Refuses a text in which one stands that must not.
    pub(crate) fn check(
        &self,
        bytes: &[u8],
        allowed: &AllowedSpecial<'_>,
        disallowed: &DisallowedSpecial<'_>,
    ) -> Result<()> {
        let found = match disallowed {
            DisallowedSpecial::None => None,
            DisallowedSpecial::All => self.find_not_allowed(bytes, allowed),
            DisallowedSpecial::Set(set) => set
                .iter()
                .filter(|text| !text.is_empty())
                .filter_map(|text| Some((memmem::find(bytes, text.as_bytes())?, *text)))
                .min_by_key(|(at, text)| (*at, std::cmp::Reverse(text.len()))),
        };
        match found {
            None => Ok(()),
            Some((at, text)) => Err(Error::new(
                ErrorKind::DisallowedSpecial,
                format!(
                    "the special token {text:?} stands at byte {at} of a text that must not have it"
                ),
            )
            .help("allow it to make it a token, or disallow less to encode it as plain text")),
        }
    }

    fn find_not_allowed(
        &self,
        bytes: &[u8],
        allowed: &AllowedSpecial<'_>,
    ) -> Option<(usize, &str)> {
        let search = self.search.as_ref()?;
        if matches!(allowed, AllowedSpecial::All) {
            return None;
        }
        let is_allowed = |text: &str| match allowed {
            AllowedSpecial::All => true,
            AllowedSpecial::None => false,
            AllowedSpecial::Set(set) => set.contains(&text),
        };
        let mut from = 0;
        loop {
            let found = search.find(Input::new(bytes).range(from..))?;
            let here = &bytes[found.start()..];
            let longest = &*self.tokens[found.pattern().as_usize()].1;
            if !is_allowed(longest) {
                return Some((found.start(), longest));
            }
            // One that is allowed may hide a shorter one that is not.
            let shorter = self
                .iter()
                .filter(|(_, text)| here.starts_with(text.as_bytes()) && !is_allowed(text))
                .max_by_key(|(_, text)| text.len());
            if let Some((_, text)) = shorter {
                return Some((found.start(), text));
            }
            from = found.start() + 1;
        }
    }
}

impl PartialEq for Specials {
    fn eq(&self, other: &Self) -> bool {
        self.tokens == other.tokens
    }
}

impl Eq for Specials {}

impl fmt::Debug for Specials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map()
            .entries(self.iter().map(|(id, text)| (text, id)))
            .finish()
    }
}
