//! Text to tokens. Never fails: what means nothing is a token of its own, which the parser refuses.

/// Where something stands in a text, in bytes.
pub(super) type Span = std::ops::Range<usize>;

/// One token.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) span: Span,
}

/// What a token is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    /// Parts joined by dots: `tier`, `owner.size`, `owner."odd.key"`, `"some text"`.
    Word(Vec<Part>),
    /// The same behind an `@`.
    Dynamic(Vec<Part>),
    /// A comparison.
    Operator(&'static str),
    /// A sign that stands for itself.
    Sign(char),
    /// A sign that means nothing.
    Strange(char),
}

/// A run of plain characters, dots included, or what stands between quotes.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Part {
    pub(super) text: String,
    pub(super) quoted: bool,
    /// It has its closing quote.
    pub(super) closed: bool,
}

/// The longest first.
const OPERATORS: [&str; 6] = ["!=", ">=", "<=", "=", ">", "<"];
const SIGNS: [char; 6] = ['(', ')', ',', '*', '{', '}'];

/// Whether a character may stand in a word without quotes.
fn is_plain(c: char) -> bool {
    !c.is_whitespace()
        && !c.is_control()
        && !SIGNS.contains(&c)
        && !matches!(c, '"' | '=' | '!' | '<' | '>' | '[' | ']' | '&' | '|' | '~' | '`')
}

fn is_quote(c: char) -> bool {
    matches!(c, '"' | '\'')
}

/// The tokens of a text.
pub(super) fn tokens(text: &str) -> Vec<Token> {
    let mut lexer = Lexer { text, at: 0 };
    let mut tokens = Vec::new();
    while let Some(token) = lexer.token() {
        tokens.push(token);
    }
    tokens
}

/// Whether a text is one word that says itself without quotes.
pub(super) fn is_one_word(text: &str) -> bool {
    matches!(tokens(text).as_slice(), [Token { kind: Kind::Word(parts), .. }]
        if matches!(parts.as_slice(), [Part { text: word, quoted: false, .. }] if word == text))
}

struct Lexer<'t> {
    text: &'t str,
    at: usize,
}

impl Lexer<'_> {
    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    fn token(&mut self) -> Option<Token> {
        while self.peek().is_some_and(char::is_whitespace) {
            self.next();
        }
        let from = self.at;
        let first = self.peek()?;
        let kind = if let Some(operator) = OPERATORS.iter().find(|o| self.rest().starts_with(**o)) {
            self.at += operator.len();
            Kind::Operator(operator)
        } else if SIGNS.contains(&first) {
            self.next();
            Kind::Sign(first)
        } else if first == '@' {
            self.next();
            Kind::Dynamic(self.parts())
        } else if is_quote(first) || is_plain(first) {
            Kind::Word(self.parts())
        } else {
            self.next();
            Kind::Strange(first)
        };
        Some(Token { kind, span: from..self.at })
    }

    /// Parts, as long as a dot joins them.
    fn parts(&mut self) -> Vec<Part> {
        let mut parts = Vec::new();
        loop {
            match self.peek() {
                Some(quote) if is_quote(quote) => {
                    parts.push(self.quoted(quote));
                    let mut more = self.rest().chars();
                    let joined =
                        more.next() == Some('.') && more.next().is_some_and(|c| is_quote(c) || is_plain(c));
                    if !joined {
                        return parts;
                    }
                    self.next();
                }
                Some(c) if is_plain(c) => {
                    let part = self.plain();
                    let joined = part.ends_with('.') && self.peek().is_some_and(is_quote);
                    let text = if joined { part.trim_end_matches('.').to_owned() } else { part };
                    parts.push(Part { text, quoted: false, closed: true });
                    if !joined {
                        return parts;
                    }
                }
                _ => return parts,
            }
        }
    }

    /// An apostrophe within a word belongs to it; behind a dot it begins a quoted part.
    fn plain(&mut self) -> String {
        let mut text = String::new();
        while let Some(c) = self.peek().filter(|c| is_plain(*c) && !(*c == '\'' && text.ends_with('.'))) {
            self.next();
            text.push(c);
        }
        text
    }

    fn quoted(&mut self, quote: char) -> Part {
        self.next();
        let mut text = String::new();
        while let Some(c) = self.next() {
            match c {
                c if c == quote => return Part { text, quoted: true, closed: true },
                '\\' => self.escaped(&mut text),
                c => text.push(c),
            }
        }
        Part { text, quoted: true, closed: false }
    }

    /// JSON's escapes; any other character behind a backslash is itself.
    fn escaped(&mut self, text: &mut String) {
        match self.next() {
            Some('n') => text.push('\n'),
            Some('t') => text.push('\t'),
            Some('r') => text.push('\r'),
            Some('b') => text.push('\u{8}'),
            Some('f') => text.push('\u{c}'),
            Some('u') => {
                let code = self.rest().get(..4).and_then(|hex| u32::from_str_radix(hex, 16).ok());
                match code.and_then(char::from_u32) {
                    Some(c) => {
                        self.at += 4;
                        text.push(c);
                    }
                    None => text.push_str("\\u"),
                }
            }
            Some(c) => text.push(c),
            None => text.push('\\'),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Kind, is_one_word, tokens};

    #[test]
    fn words_end_where_signs_begin() {
        let kinds: Vec<String> = tokens(r#"tier!=gold  (a."b.c",'d\'e' @me.x don't "o"."p" ~ "open"#)
            .into_iter()
            .map(|t| match t.kind {
                Kind::Word(parts) => parts.iter().map(|p| format!("<{}>", p.text)).collect(),
                Kind::Dynamic(parts) => parts.iter().map(|p| format!("@<{}>", p.text)).collect(),
                Kind::Operator(o) => o.to_owned(),
                Kind::Sign(c) => c.to_string(),
                Kind::Strange(c) => format!("?{c}"),
            })
            .collect();
        let expected = [
            "<tier>", "!=", "<gold>", "(", "<a><b.c>", ",", "<d'e>", "@<me.x>", "<don't>", "<o><p>", "?~",
            "<open>",
        ];
        assert_eq!(kinds, expected);
    }

    #[test]
    fn references_and_addresses_are_words() {
        for word in [
            "component:default/orders-service",
            "ana@example.com",
            "https://a.b/c?d#e",
            "-5",
            "1.5e3",
            "$team",
            "Größe",
        ] {
            assert!(is_one_word(word), "{word}");
        }
        for other in ["a b", "", "@me", "a=b", "'a", "a(b", "a*"] {
            assert!(!is_one_word(other), "{other}");
        }
    }
}
