//! Where a request points: the integration in its path, and the address under which it reached us.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use http::header;
use http::request::Parts;
use http::uri::Authority;
use stagedoor_portal::IntegrationName;

use crate::App;
use crate::error::Failure;
use crate::extract::decode;
use crate::flags::Parameters;

/// The parts of the path, as they stand in it. They are split before they are decoded: a kind may be a path.
pub(super) fn segment(parts: &Parts, n: usize) -> &str {
    let path = parts.uri.path();
    let path = path.strip_prefix("/v1").filter(|rest| rest.starts_with('/')).unwrap_or(path);
    path.split('/').skip(1).nth(n).unwrap_or_default()
}

/// The integration in `/integration/{integration}/...`.
pub(crate) struct OfIntegration(pub(super) IntegrationName);

impl<S: Sync> FromRequestParts<S> for OfIntegration {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        // Where clients send kinds they write a space as a plus in the whole path, elsewhere they do not.
        let identifier = decode(segment(parts, 1), segment(parts, 2) == "kinds");
        let Ok(parameters) = Parameters::from_request_parts(parts, state).await;
        Ok(Self(match parameters.one("byField") {
            Some("logIngestId") => IntegrationName::LogIngestId(identifier),
            _ => IntegrationName::Identifier(identifier),
        }))
    }
}

/// The kind in `/integration/{integration}/kinds/{kind}/...`.
pub(crate) struct OfKind(pub(super) String);

impl<S: Sync> FromRequestParts<S> for OfKind {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(decode(segment(parts, 3), true)))
    }
}

/// The integration in `/ingest/{logs,metrics}/{ingest_id}/...`, and the resync and kind that may follow.
pub(crate) struct OfIngest {
    pub(super) name: IntegrationName,
    pub(super) event: String,
    pub(super) kind: String,
}

impl<S: Sync> FromRequestParts<S> for OfIngest {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let name = IntegrationName::LogIngestId(decode(segment(parts, 2), false));
        // .../syncMetrics/resync/{event}/kind/{kind}
        Ok(Self { name, event: decode(segment(parts, 5), true), kind: decode(segment(parts, 7), true) })
    }
}

/// Which cursor is meant: kind, and place in the mapping.
pub(crate) struct OfCursor(pub(super) String, pub(super) String);

impl<S: Sync> FromRequestParts<S> for OfCursor {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let Ok(parameters) = Parameters::from_request_parts(parts, state).await;
        let one = |name| parameters.one(name).unwrap_or_default().to_owned();
        if one("kind").is_empty() {
            return Err(Failure::invalid("querystring must have required property 'kind'"));
        }
        Ok(Self(one("kind"), one("index")))
    }
}

/// The address of this server for links in answers: the configured one, or else the one that the caller used. It is
/// told to that caller alone, so nobody can plant an address for others.
pub(crate) struct Base(pub(crate) String);

impl FromRequestParts<App> for Base {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        if let Some(base) = &app.portal.identity().base_url {
            return Ok(Self(base.clone()));
        }
        let header = |name| parts.headers.get(name).and_then(|value| value.to_str().ok());
        let host = parts.uri.authority().cloned();
        let host = host.or_else(|| header(header::HOST)?.parse::<Authority>().ok());
        let scheme = match header(header::HeaderName::from_static("x-forwarded-proto")) {
            Some("https") => "https",
            _ => "http",
        };
        Ok(Self(match host {
            Some(host) => format!("{scheme}://{host}"),
            None => "http://localhost".into(),
        }))
    }
}

#[cfg(test)]
mod tests {
    use http::Request;
    use stagedoor_portal::IntegrationName;

    use super::*;

    #[tokio::test]
    async fn paths_are_split_before_they_are_decoded() {
        for (path, name, kind) in [
            ("/integration/my-int", "my-int", ""),
            ("/v1/integration/my-int/kinds/%2Fapi%2Fv1%2Fusers/examples", "my-int", "/api/v1/users"),
            ("/integration/a+b/kinds/apps%2Fv1%2Fdeployments/examples/", "a b", "apps/v1/deployments"),
            ("/integration/a+b%2Fc/resync-state", "a+b/c", ""),
        ] {
            let (mut parts, ()) = Request::get(path).body(()).unwrap().into_parts();
            let Ok(OfIntegration(found)) = OfIntegration::from_request_parts(&mut parts, &()).await;
            assert_eq!(found, IntegrationName::Identifier(name.into()), "{path}");
            let Ok(OfKind(found)) = OfKind::from_request_parts(&mut parts, &()).await;
            if !kind.is_empty() {
                assert_eq!(found, kind, "{path}");
            }
        }
        let path = "/ingest/metrics/secret/syncMetrics/resync/e%2F1/kind/a+b-0";
        let (mut parts, ()) = Request::put(path).body(()).unwrap().into_parts();
        let Ok(place) = OfIngest::from_request_parts(&mut parts, &()).await;
        assert_eq!(place.name, IntegrationName::LogIngestId("secret".into()));
        assert_eq!((place.event.as_str(), place.kind.as_str()), ("e/1", "a b-0"));
    }
}
