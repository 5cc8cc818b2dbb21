//! What every reply of this dialect carries besides the server's `X-Trace-Id`: where the caller stands with its requests.

use std::time::{SystemTime, UNIX_EPOCH};

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderMap, HeaderName};

/// Seconds in which requests are counted.
const PERIOD: u64 = 300;
/// Requests in a period. Nothing counts them: clients that hold themselves back by `remaining` need not.
const LIMIT: u64 = 1_000_000;

/// Gives every reply `x-ratelimit-*`.
pub(crate) async fn every_reply(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    rate(response.headers_mut(), now);
    response
}

/// `reset` is a time in seconds, as clients read it: the end of the period in which `now` is.
fn rate(headers: &mut HeaderMap, now: u64) {
    let reset = (now / PERIOD + 1) * PERIOD;
    for (name, value) in [
        ("x-ratelimit-period", PERIOD),
        ("x-ratelimit-limit", LIMIT),
        ("x-ratelimit-remaining", LIMIT),
        ("x-ratelimit-reset", reset),
    ] {
        headers.insert(HeaderName::from_static(name), value.into());
    }
}

#[cfg(test)]
mod tests {
    use super::rate;

    #[test]
    fn the_period_ends_after_now() {
        for (now, reset) in [(0, "300"), (299, "300"), (300, "600")] {
            let mut headers = http::HeaderMap::new();
            rate(&mut headers, now);
            assert_eq!(headers["x-ratelimit-reset"], reset);
            assert_eq!(headers["x-ratelimit-remaining"], headers["x-ratelimit-limit"]);
        }
    }
}
