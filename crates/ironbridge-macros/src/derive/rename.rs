//! Rename rules, with the names that serde gave them.

use syn::LitStr;

use super::errors::Errors;

/// How Rust's names become Python's.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Rule {
    #[default]
    None,
    Lower,
    Upper,
    Pascal,
    Camel,
    Snake,
    ScreamingSnake,
    Kebab,
    ScreamingKebab,
}

const RULES: [(&str, Rule); 8] = [
    ("lowercase", Rule::Lower),
    ("UPPERCASE", Rule::Upper),
    ("PascalCase", Rule::Pascal),
    ("camelCase", Rule::Camel),
    ("snake_case", Rule::Snake),
    ("SCREAMING_SNAKE_CASE", Rule::ScreamingSnake),
    ("kebab-case", Rule::Kebab),
    ("SCREAMING-KEBAB-CASE", Rule::ScreamingKebab),
];

impl Rule {
    pub(super) fn read(text: Option<&LitStr>, errors: &mut Errors) -> Self {
        let Some(text) = text else {
            return Self::None;
        };
        let value = text.value();
        if let Some((_, rule)) = RULES.iter().find(|(name, _)| *name == value) {
            return *rule;
        }
        let names: Vec<_> = RULES
            .iter()
            .map(|(name, _)| format!("\"{name}\""))
            .collect();
        errors.at(
            text,
            format!("there is no rule {value:?}; there are {}", names.join(", ")),
        );
        Self::None
    }

    /// The Python name of a field (`snake_case`) or variant (`PascalCase`).
    pub(super) fn apply(self, name: &str) -> String {
        if self == Self::None {
            return name.to_owned();
        }
        let words = words(name);
        let lower = |separator: &str| words.join(separator);
        match self {
            Self::None => name.to_owned(),
            Self::Lower => lower(""),
            Self::Upper => lower("").to_uppercase(),
            Self::Snake => lower("_"),
            Self::ScreamingSnake => lower("_").to_uppercase(),
            Self::Kebab => lower("-"),
            Self::ScreamingKebab => lower("-").to_uppercase(),
            Self::Pascal => words.iter().map(|word| capital(word)).collect(),
            Self::Camel => words
                .iter()
                .enumerate()
                .map(|(index, word)| {
                    if index == 0 {
                        word.clone()
                    } else {
                        capital(word)
                    }
                })
                .collect(),
        }
    }
}

/// `max_tokens` and `MaxTokens` are both `max`, `tokens`; `HTTPCode` is `h`, `t`, `t`, `p`, `code`, as to serde.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for c in name.chars() {
        let begins = c == '_' || c.is_uppercase();
        if begins && words.last().is_some_and(|word| !word.is_empty()) {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut()
            && c != '_'
        {
            word.extend(c.to_lowercase());
        }
    }
    words
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::Rule;

    #[test]
    fn names_follow_the_rules() {
        for (rule, field, variant) in [
            (Rule::Lower, "maxtokens", "verylarge"),
            (Rule::Upper, "MAXTOKENS", "VERYLARGE"),
            (Rule::Pascal, "MaxTokens", "VeryLarge"),
            (Rule::Camel, "maxTokens", "veryLarge"),
            (Rule::Snake, "max_tokens", "very_large"),
            (Rule::ScreamingSnake, "MAX_TOKENS", "VERY_LARGE"),
            (Rule::Kebab, "max-tokens", "very-large"),
            (Rule::ScreamingKebab, "MAX-TOKENS", "VERY-LARGE"),
            (Rule::None, "max_tokens", "VeryLarge"),
        ] {
            assert_eq!(rule.apply("max_tokens"), field);
            assert_eq!(rule.apply("VeryLarge"), variant);
        }
    }
}
