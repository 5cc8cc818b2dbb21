//! Which pages are our own: a browser sends its cookies with requests that other pages make, too.
//!
//! A request that may change something and lives by a cookie has to come from a page of this very origin, and so has
//! signing in itself: nobody is signed in to an account that is not his. The browser says where a request comes from
//! (`Sec-Fetch-Site`, or `Origin`, which every browser sends with what is no plain reading); what says neither is no browser,
//! and acts for nobody but who wrote it.

use http::uri::Authority;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};

use super::{Peer, TrustedProxies, session};

const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Requests that make a cookie.
const SIGN_IN: [&str; 2] = ["/api/stagedoor/v1/session", "/api/stagedoor/v1/links/accept"];

/// Under which address this installation is reached.
#[derive(Clone, Debug, Default)]
pub(super) struct Site {
    /// Every connection is TLS.
    tls: bool,
    /// `https://portal.example.com`, as configured.
    public: Option<String>,
}

/// What a request says of the way it came.
#[derive(Clone, Copy)]
pub(super) struct Way<'r> {
    pub(super) peer: Option<Peer>,
    pub(super) headers: &'r HeaderMap,
    pub(super) authority: Option<&'r Authority>,
}

impl Site {
    pub(super) fn new(tls: bool, base_url: Option<&str>) -> Self {
        // A public address on this machine is what a try-out was configured with.
        let public = base_url.and_then(|url| url.parse::<http::Uri>().ok()).and_then(|url| {
            let authority =
                url.authority().filter(|a| !matches!(a.host(), "localhost" | "127.0.0.1" | "[::1]"))?;
            Some(format!("{}://{}", url.scheme_str()?, authority.as_str().to_lowercase()))
        });
        Self { tls, public }
    }

    /// Whether a request came over TLS, as far as the browser is concerned.
    pub(super) fn is_secure(&self, way: Way<'_>, proxies: &TrustedProxies) -> bool {
        if self.tls {
            return true;
        }
        if trusted(way, proxies)
            && let Some(scheme) = last(way.headers, &FORWARDED_PROTO)
        {
            return scheme.eq_ignore_ascii_case("https");
        }
        let public = self.public.as_deref().and_then(|url| url.strip_prefix("https://"));
        public.is_some_and(|public| host(way).is_some_and(|host| host.eq_ignore_ascii_case(public)))
    }

    /// Whether an origin is that under which the request was made.
    fn is_own(&self, origin: &str, way: Way<'_>, proxies: &TrustedProxies) -> bool {
        if self.public.as_deref().is_some_and(|public| public.eq_ignore_ascii_case(origin)) {
            return true;
        }
        let Some((scheme, of)) = origin.split_once("://") else { return false };
        let forwarded = last(way.headers, &FORWARDED_HOST).filter(|_| trusted(way, proxies));
        let Some(host) = forwarded.or_else(|| host(way)) else { return false };
        let own = if self.is_secure(way, proxies) { "https" } else { "http" };
        scheme == own && of.eq_ignore_ascii_case(host)
    }

    /// Why a request may not be made from where it comes, if it may not.
    pub(super) fn refusal(
        &self,
        method: &Method,
        path: &str,
        way: Way<'_>,
        proxies: &TrustedProxies,
    ) -> Option<&'static str> {
        if matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
            || way.headers.contains_key(header::AUTHORIZATION)
        {
            return None;
        }
        let cookie = session::cookie(way.headers, false).is_some();
        let signs_in = *method == Method::POST && SIGN_IN.contains(&path.trim_end_matches('/'));
        if !cookie && !signs_in {
            return None;
        }
        let text = |value: &HeaderValue| value.to_str().unwrap_or_default().to_owned();
        let sites: Vec<String> = way.headers.get_all(FETCH_SITE).iter().map(text).collect();
        let origins: Vec<String> = way.headers.get_all(header::ORIGIN).iter().map(text).collect();
        let good = match (sites.as_slice(), origins.as_slice()) {
            ([], []) => true,
            ([], [origin]) => self.is_own(origin, way, proxies),
            ([site], _) => matches!(site.as_str(), "same-origin" | "none"),
            _ => false,
        };
        (!good).then_some(
            "this request does not come from a page of this portal; programs use a token in place of a cookie",
        )
    }
}

fn host(way: Way<'_>) -> Option<&str> {
    let mut hosts = way.headers.get_all(header::HOST).iter();
    match (hosts.next(), hosts.next()) {
        (Some(host), None) => host.to_str().ok(),
        (None, _) => way.authority.map(Authority::as_str),
        _ => None,
    }
}

fn trusted(way: Way<'_>, proxies: &TrustedProxies) -> bool {
    way.peer.is_some_and(|Peer(address)| proxies.trust(address))
}

/// What the nearest proxy wrote: the last entry of the last header.
fn last<'r>(headers: &'r HeaderMap, name: &HeaderName) -> Option<&'r str> {
    let value = headers.get_all(name).iter().next_back()?.to_str().ok()?;
    value.rsplit(',').next().map(str::trim).filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, value.parse().unwrap());
        }
        headers
    }

    fn refused(site: &Site, method: &Method, path: &str, pairs: &[(&'static str, &str)]) -> bool {
        let proxies = TrustedProxies::parse(["10.0.0.0/8"]).unwrap();
        let headers = headers(pairs);
        let peer = Some(Peer("192.0.2.1".parse().unwrap()));
        site.refusal(method, path, Way { peer, headers: &headers, authority: None }, &proxies).is_some()
    }

    #[test]
    fn what_lives_by_a_cookie_comes_from_an_own_page() {
        let site = Site::default();
        let secret = "a".repeat(43);
        let cookie = format!("stagedoor-session={secret}");
        let (cookie, own) = (("cookie", cookie.as_str()), ("host", "portal.example:7007"));
        let post = |more: &[(&'static str, &str)]| {
            refused(&site, &Method::POST, "/v1/blueprints", &[&[cookie, own], more].concat())
        };
        for good in [
            &[("sec-fetch-site", "same-origin")][..],
            &[("sec-fetch-site", "none")],
            &[("origin", "http://portal.example:7007")],
            &[("origin", "http://PORTAL.example:7007")],
            &[("origin", "http://other.example"), ("sec-fetch-site", "same-origin")],
            &[("authorization", "Bearer x"), ("origin", "http://evil.example")],
            &[],
            &[("referer", "http://portal.example:7007/")],
        ] {
            assert!(!post(good), "{good:?}");
        }
        for bad in [
            &[("sec-fetch-site", "cross-site")][..],
            &[("sec-fetch-site", "same-site")],
            &[("sec-fetch-site", "same-site"), ("origin", "http://portal.example:7007")],
            &[("sec-fetch-site", "same-origin"), ("sec-fetch-site", "cross-site")],
            &[("origin", "null")],
            &[("origin", "https://portal.example:7007")],
            &[("origin", "http://portal.example")],
            &[("origin", "http://portal.example:7007.evil.example")],
            &[("origin", "http://portal.example:7007@evil.example")],
            &[("origin", "http://evil.example"), ("origin", "http://portal.example:7007")],
            &[("origin", "http://evil.example"), ("x-forwarded-host", "evil.example")],
        ] {
            assert!(post(bad), "{bad:?}");
        }
        for method in [Method::PUT, Method::PATCH, Method::DELETE] {
            let elsewhere = ("origin", "http://evil.example");
            assert!(refused(&site, &method, "/v1/blueprints", &[cookie, own, elsewhere]), "{method}");
        }
        assert!(!refused(
            &site,
            &Method::GET,
            "/v1/blueprints",
            &[cookie, own, ("sec-fetch-site", "cross-site")]
        ));
        assert!(!refused(&site, &Method::POST, "/v1/blueprints", &[own]), "without a cookie it is nobody's");
        for path in
            ["/api/stagedoor/v1/session", "/api/stagedoor/v1/session/", "/api/stagedoor/v1/links/accept"]
        {
            let elsewhere = ("origin", "http://evil.example");
            assert!(refused(&site, &Method::POST, path, &[own, elsewhere]), "signing in itself: {path}");
            assert!(!refused(&site, &Method::POST, path, &[own]), "no browser: {path}");
        }
    }

    #[test]
    fn tls_is_believed_of_trusted_proxies_and_the_own_address() {
        let proxies = TrustedProxies::parse(["10.0.0.0/8"]).unwrap();
        let secure = |site: &Site, peer: &str, pairs: &[(&'static str, &str)]| {
            let headers = headers(pairs);
            let peer = Some(Peer(peer.parse().unwrap()));
            site.is_secure(Way { peer, headers: &headers, authority: None }, &proxies)
        };
        let (plain, https) = (Site::default(), ("x-forwarded-proto", "https"));
        assert!(secure(&plain, "10.0.0.1", &[https]));
        assert!(secure(&plain, "10.0.0.1", &[("x-forwarded-proto", "http, https")]), "the nearest one");
        assert!(!secure(&plain, "10.0.0.1", &[("x-forwarded-proto", "http")]));
        assert!(!secure(&plain, "192.0.2.1", &[https]), "anybody can write that");
        assert!(secure(&Site::new(true, None), "192.0.2.1", &[]));
        let public = Site::new(false, Some("https://Portal.example"));
        assert!(secure(&public, "192.0.2.1", &[("host", "portal.example")]));
        assert!(!secure(&public, "192.0.2.1", &[("host", "192.0.2.9:7007")]));
        assert!(Site::new(false, Some("https://localhost:3000")).public.is_none());
    }
}
