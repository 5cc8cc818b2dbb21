//! The guard of local try-out mode. Everyone on this machine is administrator then, so a web page from
//! elsewhere, opened in the same browser, must not be able to speak for its reader: not by its own
//! name (DNS rebinding: `Host`), not by a form or script of its own (`Origin`, `Sec-Fetch-Site`). Pages that another
//! server on this machine serves may, where `backend.cors` names their origin: a frontend under development.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, header};

use crate::config::WireConfig;
use crate::wire::Policy;

/// Which other servers' pages on this machine may ask.
#[derive(Clone, Default)]
pub(crate) struct Local(Option<Arc<Policy>>);

impl Local {
    pub(crate) fn new(wire: &WireConfig) -> Self {
        Self(wire.cors.as_ref().map(|cors| Arc::new(Policy::new(cors))))
    }

    /// Whether the request says that it comes from such a page. A pattern that holds for more than this machine holds
    /// for no more than this machine here.
    fn admits(&self, headers: &HeaderMap) -> bool {
        let origin = headers.get(header::ORIGIN).and_then(|origin| origin.to_str().ok());
        let host =
            origin.and_then(|origin| origin.strip_prefix("http://").or(origin.strip_prefix("https://")));
        host.is_some_and(is_local) && self.0.as_ref().is_some_and(|policy| policy.allowed(headers).is_some())
    }
}

/// Refuses what does not come from this machine's own pages and programs.
pub(crate) async fn local_only(State(local): State<Local>, request: Request, next: Next) -> Response {
    let authority = request.uri().authority().map(http::uri::Authority::as_str);
    match refusal(&local, request.headers(), authority) {
        None => next.run(request).await,
        Some(why) => {
            (StatusCode::FORBIDDEN, format!("{why}; local try-out mode (--dev) serves this machine only\n"))
                .into_response()
        }
    }
}

fn refusal(local: &Local, headers: &HeaderMap, authority: Option<&str>) -> Option<&'static str> {
    let text = |name| headers.get(name).and_then(|v| v.to_str().ok());
    let host = text(header::HOST).or(authority);
    if !host.is_some_and(is_local) || headers.get_all(header::HOST).iter().count() > 1 {
        return Some("this Host is not localhost, 127.0.0.1 or [::1]");
    }
    if local.admits(headers) {
        return None;
    }
    if headers.get_all("sec-fetch-site").iter().any(|v| v.as_bytes().eq_ignore_ascii_case(b"cross-site")) {
        return Some("this request comes from another site");
    }
    let own =
        |origin: &http::HeaderValue| origin.to_str().ok().and_then(|o| o.strip_prefix("http://")) == host;
    if !headers.get_all(header::ORIGIN).iter().all(own) {
        return Some("this Origin is foreign");
    }
    None
}

fn is_local(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if !port.contains(']') && port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    };
    matches!(name, "localhost" | "127.0.0.1" | "[::1]")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(pairs: &[(&'static str, &str)]) -> bool {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, value.parse().unwrap());
        }
        refusal(&Local::default(), &headers, None).is_none()
    }

    #[test]
    fn only_this_machines_own_pages_pass() {
        for host in ["localhost", "localhost:7007", "127.0.0.1:7007", "[::1]", "[::1]:7007"] {
            assert!(verdict(&[("host", host)]), "{host}");
        }
        for host in [
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.nip.io:7007",
            "127.0.0.2",
            "localhost:7007@evil",
            "[::1].x",
            "",
        ] {
            assert!(!verdict(&[("host", host)]), "{host}");
        }
        let own = ("host", "localhost:7007");
        assert!(verdict(&[own, ("origin", "http://localhost:7007"), ("sec-fetch-site", "same-origin")]));
        for origin in [
            "http://localhost:3000",
            "https://localhost:7007",
            "null",
            "http://evil.example",
            "http://localhost:7007.evil.example",
        ] {
            assert!(!verdict(&[own, ("origin", origin)]), "{origin}");
        }
        assert!(!verdict(&[own, ("sec-fetch-site", "cross-site")]));
        assert!(verdict(&[own, ("sec-fetch-site", "none")]));
        assert!(!verdict(&[]));
        assert!(!verdict(&[own, ("host", "evil.example")]));
    }

    #[test]
    fn pages_of_a_frontend_under_development_pass_where_they_are_named() {
        use crate::config::Cors;
        let local = |origins: &[&str]| {
            let cors = Cors {
                origins: origins.iter().map(|origin| (*origin).to_owned()).collect(),
                methods: Vec::new(),
                allowed_headers: None,
                exposed_headers: Vec::new(),
                credentials: true,
                max_age: None,
            };
            Local::new(&WireConfig { cors: Some(cors), ..WireConfig::default() })
        };
        let passes = |local: &Local, host: &str, origin: &str, site: &str| {
            let mut headers = HeaderMap::new();
            for (name, value) in [("host", host), ("origin", origin), ("sec-fetch-site", site)] {
                headers.insert(name, value.parse().unwrap());
            }
            refusal(local, &headers, None).is_none()
        };
        let stock = local(&["http://localhost:3000"]);
        assert!(passes(&stock, "localhost:7007", "http://localhost:3000", "same-site"));
        assert!(passes(&stock, "127.0.0.1:7007", "http://localhost:3000", "cross-site"));
        assert!(!passes(&stock, "localhost:7007", "http://localhost:3001", "same-site"));
        assert!(
            !passes(&stock, "evil.example:7007", "http://localhost:3000", "cross-site"),
            "the name still counts"
        );
        for wide in ["*", "https://evil.example", "http://*.evil.example"] {
            let wide = local(&[wide]);
            assert!(!passes(&wide, "localhost:7007", "https://evil.example", "cross-site"));
            assert!(!passes(&wide, "localhost:7007", "http://localhost.evil.example", "cross-site"));
            assert!(!passes(&wide, "localhost:7007", "null", "cross-site"));
        }
    }
}
