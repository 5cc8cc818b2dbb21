//! Taking the URLs of people apart, and putting those of an API together.

use url::Url;

use crate::client::host_of;
use crate::config::ConfigProblem;
use crate::error::HostError;
use crate::fields::Fields;

/// The segments of a path, decoded once, where an encoded slash belongs to a name (a branch). What could mean another
/// place when it is put together again is refused: `.` and `..` in whatever spelling, a backslash, a control character.
pub(crate) fn segments(url: &Url) -> Result<Vec<String>, HostError> {
    let parts = url.path().split('/').filter(|part| !part.is_empty());
    parts.map(|part| decoded(part).filter(|part| is_plain(part)).ok_or_else(|| strange(url))).collect()
}

/// The names in a path such as `/a/b.yaml`, under the same rules.
pub(crate) fn names(url: &Url, path: &str) -> Result<Vec<String>, HostError> {
    let parts = path.split('/').filter(|part| !part.is_empty());
    parts.map(|part| Some(part.to_owned()).filter(|p| is_plain(p)).ok_or_else(|| strange(url))).collect()
}

/// Refuses names of files that have a slash in them.
pub(crate) fn files(url: &Url, parts: &[String]) -> Result<(), HostError> {
    if parts.iter().any(|part| part.contains('/')) { Err(strange(url)) } else { Ok(()) }
}

/// The first value of a key of the query, decoded.
pub(crate) fn query(url: &Url, key: &str) -> Option<String> {
    url.query_pairs()
        .find(|(name, _)| name == key)
        .map(|(_, value)| value.into_owned())
        .filter(|v| !v.is_empty())
}

/// An address below another. What a part holds is encoded, slashes included.
pub(crate) fn below<S: AsRef<str>>(base: &Url, parts: impl IntoIterator<Item = S>) -> Url {
    let mut url = base.clone();
    url.set_query(None);
    url.set_fragment(None);
    // Fails only for addresses without a path, which `base` refuses.
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(parts);
    }
    url
}

/// An address with a query.
pub(crate) fn asking<'a>(mut url: Url, pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Url {
    url.query_pairs_mut().extend_pairs(pairs);
    url
}

/// Text for a place where only letters, digits, `-._~` and what `keep` names stand for themselves (RFC 3986).
pub(crate) fn encoded(text: &str, keep: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) || keep.as_bytes().contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.extend([byte >> 4, byte & 15].map(|half| char::from(b"0123456789ABCDEF"[usize::from(half)])));
        }
    }
    out
}

/// Text without its `%xx`; none where they are none or not UTF-8.
pub(crate) fn decoded(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let mut half = || char::from(bytes.next()?).to_digit(16);
            out.push(u8::try_from(half()? * 16 + half()?).ok()?);
        } else {
            out.push(byte);
        }
    }
    String::from_utf8(out).ok()
}

/// The host of an entry of the configuration, as [`host_of`] writes it.
pub(crate) fn host(
    fields: &Fields<'_>,
    default: Option<&str>,
    problems: &mut Vec<ConfigProblem>,
) -> Option<String> {
    let host = match default {
        Some(default) => fields.text(problems).unwrap_or_else(|| default.to_owned()),
        None => fields.required(problems)?,
    };
    let url = Url::parse(&format!("https://{host}/")).ok();
    let is_host = |url: &Url| url.path() == "/" && url.query().is_none() && url.username().is_empty();
    match url.filter(|url| is_host(url) && !host.contains(['/', '#', '?', '@'])) {
        Some(url) => Some(host_of(&url)),
        None => {
            fields.wrong(problems, "a host is expected, such as git.example.com or git.example.com:8443");
            None
        }
    }
}

/// The address of an API in the configuration, or what it is by default.
pub(crate) fn base(fields: &Fields<'_>, default: &str, problems: &mut Vec<ConfigProblem>) -> Option<Url> {
    let text = fields.text(problems);
    let url = Url::parse(text.as_deref().unwrap_or(default)).ok();
    let fits = |url: &Url| {
        matches!(url.scheme(), "http" | "https")
            && url.has_host()
            && url.query().is_none()
            && url.username().is_empty()
            && url.password().is_none()
    };
    if url.as_ref().is_none_or(|url| !fits(url)) {
        fields.wrong(
            problems,
            "a URL is expected, such as https://git.example.com/api, without a credential in it",
        );
        return None;
    }
    url
}

/// Whether an address that an answer names lies within the API: only there the credential is sent.
pub(crate) fn is_below(base: &Url, url: &Url) -> bool {
    let path = base.path().trim_end_matches('/');
    let rest = url.path().strip_prefix(path);
    base.origin() == url.origin() && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// A URL that names nothing its host could have.
pub(crate) fn strange(url: &Url) -> HostError {
    let host = host_of(url);
    HostError::NotFound(format!("{} names no file of {host}", crate::client::shown(url)))
}

fn is_plain(part: &str) -> bool {
    !part.chars().any(|c| c.is_control() || c == '\\')
        && part.split('/').all(|name| name != "." && name != "..")
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use url::Url;

    use super::{base, below, decoded, encoded, host, is_below, segments};
    use crate::fields::Fields;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn nothing_leads_out_of_its_place() {
        for bad in [
            "https://h/o/r/src/main/..%2f..%2fuser",
            "https://h/o/r/src/main/a%2F..%2Fb",
            "https://h/o/r/src/main/a%5C..%5Cb",
            "https://h/o/r/src/main/%00",
            "https://h/o/r/src/main/%ff",
            "https://h/o/r/src/main/%zz",
            "https://h/o/r/src/main/a%",
        ] {
            assert!(segments(&url(bad)).is_err(), "{bad}");
        }
        // Encoded twice it is a name like any other, and stays one.
        let parts = segments(&url("https://h/o/%252e%252e%252fx")).unwrap();
        assert_eq!(parts, ["o", "%2e%2e%2fx"]);
        let made = below(&url("https://api/2.0"), &parts);
        assert_eq!(made.as_str(), "https://api/2.0/o/%252e%252e%252fx");
        assert_eq!(
            below(&url("https://api/2.0/"), ["a/b", "c d", ""]).as_str(),
            "https://api/2.0/a%2Fb/c%20d/"
        );
    }

    #[test]
    fn text_goes_through_encoding_and_back() {
        for text in ["a b/c+d%é&=?#", "", "plain-._~"] {
            assert_eq!(decoded(&encoded(text, "")).as_deref(), Some(text));
        }
        assert_eq!(encoded("a/b c", "/"), "a/b%20c");
    }

    #[test]
    fn only_the_api_gets_the_credential() {
        let api = url("https://api.example.com/2.0");
        assert!(is_below(&api, &url("https://api.example.com/2.0/x?page=2")));
        for other in [
            "https://api.example.com/2.0x",
            "https://api.example.com/1.0",
            "http://api.example.com/2.0/x",
            "https://api.example.com:8443/2.0/x",
            "https://evil.example.com/2.0/x",
        ] {
            assert!(!is_below(&api, &url(other)), "{other}");
        }
    }

    #[test]
    fn the_configuration_is_checked() {
        let host = |value| {
            let mut problems = Vec::new();
            (host(&Fields::at(Some(&value), &["h"]), None, &mut problems), problems.len())
        };
        assert_eq!(host(json!("Git.Example.com:8443")), (Some("git.example.com:8443".into()), 0));
        for wrong in [json!("https://git.example.com"), json!("a@b"), json!("a/b"), json!(true), json!("")] {
            assert_eq!(host(wrong), (None, 1));
        }
        let base = |value| {
            let mut problems = Vec::new();
            (base(&Fields::at(Some(&value), &["b"]), "https://d/", &mut problems).is_some(), problems.len())
        };
        assert_eq!(base(json!("http://git.example.com/api")), (true, 0));
        assert_eq!(base(json!(null)), (true, 0));
        for wrong in [json!("ftp://x"), json!("https://u:p@x/"), json!("x"), json!("https://x/?token=1")] {
            assert_eq!(base(wrong), (false, 1));
        }
    }
}
