//! The guard of local try-out mode. Everyone on this machine is administrator then, so a web page from
//! elsewhere, opened in the same browser, must not be able to speak for its reader: not by its own
//! name (DNS rebinding: `Host`), not by a form or script of its own (`Origin`, `Sec-Fetch-Site`).

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, header};

/// Refuses what does not come from this machine's own pages and programs.
pub(crate) async fn local_only(request: Request, next: Next) -> Response {
    match refusal(request.headers(), request.uri().authority().map(http::uri::Authority::as_str)) {
        None => next.run(request).await,
        Some(why) => {
            (StatusCode::FORBIDDEN, format!("{why}; local try-out mode (--dev) serves this machine only\n"))
                .into_response()
        }
    }
}

fn refusal(headers: &HeaderMap, authority: Option<&str>) -> Option<&'static str> {
    let text = |name| headers.get(name).and_then(|v| v.to_str().ok());
    let host = text(header::HOST).or(authority);
    if !host.is_some_and(is_local) || headers.get_all(header::HOST).iter().count() > 1 {
        return Some("this Host is not localhost, 127.0.0.1 or [::1]");
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
        refusal(&headers, None).is_none()
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
}
