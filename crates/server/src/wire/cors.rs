//! Which pages of other origins may read answers (the Fetch standard, section "CORS protocol").

use axum::response::{IntoResponse as _, Response};
use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
    ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode};

use crate::config::Cors;

/// `backend.cors`, ready to be asked.
pub(crate) struct Policy {
    /// Lower case.
    origins: Vec<String>,
    methods: Option<HeaderValue>,
    allowed_headers: Option<HeaderValue>,
    exposed_headers: Option<HeaderValue>,
    credentials: bool,
    max_age: Option<HeaderValue>,
}

impl Policy {
    pub(crate) fn new(cors: &Cors) -> Self {
        let list = |texts: &[String]| HeaderValue::from_str(&texts.join(",")).ok().filter(|v| !v.is_empty());
        Self {
            origins: cors.origins.iter().map(|origin| origin.trim_end_matches('/').to_lowercase()).collect(),
            methods: list(&cors.methods),
            allowed_headers: cors.allowed_headers.as_deref().and_then(list),
            exposed_headers: list(&cors.exposed_headers),
            credentials: cors.credentials,
            max_age: cors.max_age.map(HeaderValue::from),
        }
    }

    /// The origin of a request, where it may read the answer.
    pub(crate) fn allowed(&self, headers: &HeaderMap) -> Option<HeaderValue> {
        let origin = headers.get(ORIGIN)?;
        let text = origin.to_str().ok()?.to_ascii_lowercase();
        if headers.get_all(ORIGIN).iter().count() > 1 || !self.origins.iter().any(|p| matches(p, &text)) {
            return None;
        }
        // Everybody's answer is the same where no cookie is sent along.
        let everybody = !self.credentials && self.origins.iter().any(|pattern| pattern == "*");
        Some(if everybody { HeaderValue::from_static("*") } else { origin.clone() })
    }

    /// The answer to a preflight of an origin that is allowed.
    pub(super) fn preflight(&self, method: &Method, headers: &HeaderMap) -> Option<Response> {
        if *method != Method::OPTIONS || !headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD) {
            return None;
        }
        let origin = self.allowed(headers)?;
        let mut response = StatusCode::NO_CONTENT.into_response();
        let out = response.headers_mut();
        let asked = headers.get(ACCESS_CONTROL_REQUEST_HEADERS).cloned();
        if self.allowed_headers.is_none() && asked.is_some() {
            out.append(VARY, HeaderValue::from_static("access-control-request-headers"));
        }
        for (name, value) in [
            (ACCESS_CONTROL_ALLOW_METHODS, self.methods.clone()),
            (ACCESS_CONTROL_ALLOW_HEADERS, self.allowed_headers.clone().or(asked)),
            (ACCESS_CONTROL_MAX_AGE, self.max_age.clone()),
        ] {
            if let Some(value) = value {
                out.insert(name, value);
            }
        }
        self.allow(Some(origin), out);
        Some(response)
    }

    /// Says in an answer whether the page that asked may read it.
    pub(super) fn allow(&self, origin: Option<HeaderValue>, out: &mut HeaderMap) {
        // Even an answer for nobody else depends on who asked: a cache must know.
        out.append(VARY, HeaderValue::from_static("origin"));
        let Some(origin) = origin else { return };
        out.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        if self.credentials {
            out.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        }
        if let Some(exposed) = &self.exposed_headers {
            out.insert(ACCESS_CONTROL_EXPOSE_HEADERS, exposed.clone());
        }
    }
}

/// Whether an origin is of a pattern, in which `*` stands for any characters but `/`.
fn matches(pattern: &str, origin: &str) -> bool {
    if pattern == "*" {
        return true;
    }
    // What follows a star has to be found; the last part has to be the end.
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| origin.strip_prefix(first)) else { return false };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        let last = parts.peek().is_none();
        let found = if last { rest.len().checked_sub(part.len()) } else { rest.find(part) };
        let Some(at) = found.filter(|at| rest.is_char_boundary(*at) && rest[*at..].starts_with(part)) else {
            return false;
        };
        if rest[..at].contains(['/', '@', '?', '#']) {
            return false;
        }
        rest = &rest[at + part.len()..];
    }
    true
}

/// Whether a pattern holds for origins of strangers: its scheme and its domain have to be said. A star may stand
/// for subdomains and for a port.
pub(crate) fn is_too_wide(pattern: &str) -> bool {
    if !pattern.contains('*') {
        return false;
    }
    let Some((scheme, rest)) = pattern.split_once("://") else { return true };
    let port = rest.rfind(':').filter(|_| !rest.ends_with(']'));
    let host = port.map_or(rest, |port| &rest[..port]);
    let domain = match host.rsplit_once('*') {
        None => return scheme.contains('*'),
        Some((_, domain)) => domain,
    };
    // `.example.com` and no more than that: neither `.com`, nor `evil-example.com`.
    let named = domain.strip_prefix('.').is_some_and(|d| d.split('.').filter(|l| !l.is_empty()).count() > 1);
    scheme.contains('*') || !named
}

#[cfg(test)]
mod tests {
    use super::{is_too_wide, matches};

    #[test]
    fn patterns_hold_for_their_origins_only() {
        for (pattern, origin, holds) in [
            ("https://a.example", "https://a.example", true),
            ("https://a.example", "https://a.example.evil", false),
            ("https://a.example", "http://a.example", false),
            ("https://a.example", "https://a.example:8443", false),
            ("https://*.example.com", "https://a.example.com", true),
            ("https://*.example.com", "https://a.b.example.com", true),
            ("https://*.example.com", "https://example.com", false),
            ("https://*.example.com", "https://evilexample.com", false),
            ("https://*.example.com", "https://a.example.com.evil", false),
            ("https://*.example.com", "https://evil/.example.com", false),
            ("https://*.example.com", "https://evil?.example.com", false),
            ("https://*.example.com", "https://evil@a.example.com", false),
            ("http://localhost:*", "http://localhost:3000", true),
            ("http://localhost:*", "http://localhost", false),
            ("https://a-*-b.*.example.com", "https://a-x-b.c.example.com", true),
            ("https://a-*-b.*.example.com", "https://a-x-c.d.example.com", false),
            ("https://ab*ba.x", "https://aba.x", false),
            ("*", "null", true),
            ("https://*", "null", false),
        ] {
            assert_eq!(matches(pattern, origin), holds, "{pattern} {origin}");
        }
    }

    #[test]
    fn a_pattern_with_credentials_names_a_domain() {
        for wide in [
            "*",
            "https://*",
            "*://a.example.com",
            "https://*.com",
            "https://*example.com",
            "https://a.*",
            "https://*.",
            "https://*:443",
            "*.example.com",
        ] {
            assert!(is_too_wide(wide), "{wide}");
        }
        for narrow in
            ["https://a.example", "https://*.example.com", "http://localhost:*", "https://*.a.example.com:*"]
        {
            assert!(!is_too_wide(narrow), "{narrow}");
        }
    }
}
