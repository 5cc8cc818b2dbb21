//! Query strings, checked as Backstage's request validation does.

use std::borrow::Cow;

use http::Uri;

use crate::error::ApiError;

/// What a parameter may be.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    /// Texts, any number of times.
    Texts,
    /// A text, once.
    Text,
    /// An integer from 0, once.
    Integer,
    /// One of these words, once.
    Word(&'static [&'static str]),
}

/// A parameter that a route knows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parameter {
    name: &'static str,
    kind: Kind,
    required: bool,
}

impl Parameter {
    /// One that may be left out.
    pub(crate) const fn optional(name: &'static str, kind: Kind) -> Self {
        Self { name, kind, required: false }
    }

    /// One that may not.
    pub(crate) const fn required(name: &'static str, kind: Kind) -> Self {
        Self { name, kind, required: true }
    }
}

/// The parameters of a request: known ones only, each valid.
#[derive(Debug, Default)]
pub(crate) struct Query {
    pairs: Vec<(String, String)>,
}

impl Query {
    /// Reads and checks the query string of a request.
    pub(crate) fn of(uri: &Uri, known: &[Parameter]) -> Result<Self, ApiError> {
        let query = Self { pairs: pairs(uri.query().unwrap_or_default()) };
        let is_known = |name: &str| known.iter().any(|p| p.name == name);
        if let Some((unknown, _)) = query.pairs.iter().find(|(name, _)| !is_known(name)) {
            return Err(ApiError::input(format!("Unknown query parameter '{unknown}'")));
        }
        for (name, _) in &query.pairs {
            if query.all(name).iter().all(|value| value.is_empty()) {
                return Err(ApiError::input(format!("Empty value found for query parameter '{name}'")));
            }
        }
        known.iter().try_for_each(|parameter| query.check(parameter))?;
        Ok(query)
    }

    fn check(&self, parameter: &Parameter) -> Result<(), ApiError> {
        let name = parameter.name;
        let must = |what: String| Err(ApiError::input(format!("request/query/{name} must be {what}")));
        let values = self.all(name);
        if values.is_empty() && parameter.required {
            return Err(ApiError::input(format!("request/query must have required property '{name}'")));
        }
        match (parameter.kind, values.as_slice()) {
            (Kind::Texts, _) | (_, []) | (Kind::Text, [_]) => Ok(()),
            (Kind::Text, _) => must("string".into()),
            (Kind::Integer, [one]) => match integer(one) {
                Some(number) if number >= 0.0 => Ok(()),
                Some(_) => must(">= 0".into()),
                None => must("integer".into()),
            },
            (Kind::Integer, _) => must("integer".into()),
            (Kind::Word(words), [one]) if words.contains(one) => Ok(()),
            (Kind::Word(words), [_]) => {
                must(format!("equal to one of the allowed values: {}", words.join(", ")))
            }
            (Kind::Word(_), _) => must("string".into()),
        }
    }

    /// All values of a parameter, in their order.
    pub(crate) fn all(&self, name: &str) -> Vec<&str> {
        self.pairs.iter().filter(|(n, _)| n == name).map(|(_, v)| v.as_str()).collect()
    }

    /// All values of a parameter, owned; to be carried in a cursor.
    pub(crate) fn texts(&self, name: &str) -> Vec<String> {
        self.all(name).into_iter().map(str::to_owned).collect()
    }

    /// The value of a parameter that comes once.
    pub(crate) fn one(&self, name: &str) -> Option<&str> {
        self.all(name).first().copied()
    }

    /// The value of an integer parameter.
    pub(crate) fn integer(&self, name: &str) -> Option<u64> {
        // A float beyond the range becomes the nearest integer in it, which is as good as infinity here.
        self.one(name).and_then(integer).map(|number| number as u64)
    }
}

/// A number without a fraction, as a query string writes it.
fn integer(text: &str) -> Option<f64> {
    let plain = text.bytes().all(|b| b.is_ascii_digit() || b"+-.eE ".contains(&b));
    let number: f64 = text.trim().parse().ok().filter(|_| plain)?;
    (number.is_finite() && number.fract() == 0.0).then_some(number)
}

/// The pairs of a query string, decoded.
pub(crate) fn pairs(query: &str) -> Vec<(String, String)> {
    let parts = query.split('&').filter(|part| !part.is_empty());
    let pair = |part: &str| {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        (decode(&name.replace('+', " ")), decode(&value.replace('+', " ")))
    };
    parts.map(pair).collect()
}

/// The query string of pairs, encoded as browsers do it.
pub(crate) fn encode(pairs: &[(String, String)]) -> String {
    let mut out = String::new();
    for (name, value) in pairs {
        let separator = if out.is_empty() { "" } else { "&" };
        out.push_str(separator);
        encode_onto(name, &mut out);
        out.push('=');
        encode_onto(value, &mut out);
    }
    out
}

fn encode_onto(text: &str, out: &mut String) {
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'*' | b'-' | b'.' | b'_' => out.push(char::from(byte)),
            b' ' => out.push('+'),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
}

/// The segments of a request's path, decoded one by one, so that `%2F` does not separate.
pub(crate) fn segments(uri: &Uri) -> Vec<String> {
    uri.path().split('/').skip(1).map(decode).collect()
}

/// Undoes percent-encoding. Never fails: what is no UTF-8 becomes U+FFFD.
fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let decoded = match (first, tail) {
            (b'%', [high, low, ..]) => hex(*high).zip(hex(*low)).map(|(h, l)| h * 16 + l),
            _ => None,
        };
        bytes.push(decoded.unwrap_or(*first));
        rest = if decoded.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8_lossy(&join_surrogates(&bytes)).into_owned()
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).map(|d| d as u8)
}

/// Backstage's own client writes a character beyond U+FFFF as two surrogates of three bytes each.
fn join_surrogates(bytes: &[u8]) -> Cow<'_, [u8]> {
    let pair = |at: usize| match bytes.get(at..at + 6)? {
        [0xED, a @ 0xA0..=0xAF, b @ 0x80..=0xBF, 0xED, c @ 0xB0..=0xBF, d @ 0x80..=0xBF] => {
            let high = (u32::from(*a) & 0x0F) << 6 | u32::from(*b) & 0x3F;
            let low = (u32::from(*c) & 0x0F) << 6 | u32::from(*d) & 0x3F;
            char::from_u32(0x1_0000 + (high << 10 | low))
        }
        _ => None,
    };
    if !bytes.contains(&0xED) {
        return bytes.into();
    }
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        if let Some(joined) = pair(at) {
            out.extend_from_slice(joined.encode_utf8(&mut [0; 4]).as_bytes());
            at += 6;
        } else {
            out.push(*byte);
            at += 1;
        }
    }
    out.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: &[Parameter] = &[
        Parameter::optional("filter", Kind::Texts),
        Parameter::optional("limit", Kind::Integer),
        Parameter::optional("cursor", Kind::Text),
        Parameter::optional("totalItems", Kind::Word(&["include", "exclude"])),
    ];

    fn refusal(query: &str, known: &[Parameter]) -> String {
        let uri: Uri = format!("/entities?{query}").parse().unwrap();
        Query::of(&uri, known).map_or_else(|e| e.message, |_| "fine".into())
    }

    #[test]
    fn parameters_are_checked_as_backstage_checks_them() {
        for (query, expected) in [
            ("", "fine"),
            ("filter=a&filter=b&limit=5&cursor=x&totalItems=exclude", "fine"),
            ("filter=&filter=kind=domain", "fine"),
            ("limit=0", "fine"),
            ("limit=1e3", "fine"),
            ("nope=1", "Unknown query parameter 'nope'"),
            ("filter=&nope=1", "Unknown query parameter 'nope'"),
            ("filter", "Empty value found for query parameter 'filter'"),
            ("filter=&filter=", "Empty value found for query parameter 'filter'"),
            ("cursor=", "Empty value found for query parameter 'cursor'"),
            ("limit=", "Empty value found for query parameter 'limit'"),
            ("limit=asdf", "request/query/limit must be integer"),
            ("limit=1.5", "request/query/limit must be integer"),
            ("limit=inf", "request/query/limit must be integer"),
            ("limit=1&limit=2", "request/query/limit must be integer"),
            ("limit=-1", "request/query/limit must be >= 0"),
            ("cursor=a&cursor=b", "request/query/cursor must be string"),
            (
                "totalItems=maybe",
                "request/query/totalItems must be equal to one of the allowed values: include, exclude",
            ),
        ] {
            assert_eq!(refusal(query, KNOWN), expected, "{query}");
        }
        let facet = [Parameter::required("facet", Kind::Texts)];
        assert_eq!(refusal("", &facet), "request/query must have required property 'facet'");
        assert_eq!(refusal("facet=", &facet), "Empty value found for query parameter 'facet'");
    }

    #[test]
    fn values_are_decoded() {
        for (sent, expected) in [
            ("a+b%20c", "a b c"),
            ("kind%3Dcomponent%2Cspec", "kind=component,spec"),
            ("a=b", "a=b"),
            ("100%", "100%"),
            ("%zz", "%zz"),
            ("%C3%A9", "é"),
            ("%F0%9F%9A%80", "🚀"),
            ("%ED%A0%BD%ED%BA%80", "🚀"),
            ("%ED%A0%BD", "\u{FFFD}\u{FFFD}\u{FFFD}"),
            ("%FF", "\u{FFFD}"),
            ("%ED%95%9C", "한"),
        ] {
            assert_eq!(
                pairs(&format!("filter={sent}")),
                [("filter".to_owned(), expected.to_owned())],
                "{sent}"
            );
        }
    }

    #[test]
    fn encoding_is_undone_by_decoding() {
        let all = [("filter".to_owned(), "kind=a b,ü/+&%".to_owned()), ("x".to_owned(), String::new())];
        assert_eq!(encode(&all), "filter=kind%3Da+b%2C%C3%BC%2F%2B%26%25&x=");
        assert_eq!(pairs(&encode(&all)), all);
    }

    #[test]
    fn an_encoded_slash_does_not_separate() {
        let uri: Uri = "/entities/by-name/component/default/a%2Fb?x=1".parse().unwrap();
        assert_eq!(segments(&uri)[2..], ["component", "default", "a/b"]);
    }
}
