//! Microsoft Graph v1.0: a token by client credentials, collections page by page.
//!
//! Queries: learn.microsoft.com/graph/query-parameters and /graph/aad-advanced-queries; throttling: /graph/throttling.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use parking_lot::Mutex;
use serde_json::Value;
use stagedoor_outbound::{Call, Reply};
use url::Url;

use super::super::people::encoded;
use super::settings::{Part, Settings};
use crate::client::{Client, now, shown};
use crate::error::HostError;

/// Entries of a page: the most there is.
const PAGE: &str = "999";
/// More pages than any tenant has.
const MOST_PAGES: usize = 100_000;
/// How often a request is repeated that came too early, and how long each time is waited at most.
const REPEATS: usize = 10;
const LONGEST_WAIT: i64 = 120;
/// The height up to which a photo is a small one.
const SMALL: u64 = 120;

/// A token of this tenant, while it is good.
#[derive(Default)]
pub(super) struct Token(Mutex<Option<(String, i64)>>);

/// The way to one tenant.
pub(super) struct Api<'a> {
    pub(super) client: Client,
    pub(super) settings: &'a Settings,
    pub(super) token: &'a Token,
}

impl Api<'_> {
    /// Everything that a collection has. A page that is no page is an error, and so is one on another host.
    pub(super) async fn all(&self, path: &str, part: &Part, eventual: bool) -> Result<Vec<Value>, HostError> {
        let mut url = self.url(path, part, eventual)?;
        let mut found = Vec::new();
        for _ in 0..MOST_PAGES {
            let page = self.json(&url, eventual || part.search.is_some()).await?;
            let Value::Object(mut page) = page else { return Err(no_page(&url)) };
            let Some(Value::Array(items)) = page.remove("value") else { return Err(no_page(&url)) };
            found.extend(items);
            let Some(next) = page.remove("@odata.nextLink") else { return Ok(found) };
            let next = next.as_str().and_then(|next| Url::parse(next).ok()).ok_or_else(|| no_page(&url))?;
            if next.origin() != url.origin() {
                let text =
                    format!("the next page of {} is on another host, where no token goes", shown(&url));
                return Err(HostError::Unreachable(text));
            }
            if next == url {
                return Err(HostError::Unreachable(format!(
                    "{} leads to itself as the next page",
                    shown(&url)
                )));
            }
            url = next;
        }
        Err(HostError::Unreachable(format!("{} has pages without end", shown(&url))))
    }

    /// One thing.
    pub(super) async fn one(&self, path: &str, select: &str) -> Result<Value, HostError> {
        let mut url = self.address(path)?;
        url.set_query(Some(&format!("$select={select}")));
        self.json(&url, false).await
    }

    /// The largest of somebody's small photos, as a data URI.
    pub(super) async fn photo(&self, user: &str) -> Result<Option<String>, HostError> {
        let path = format!("users/{}/photos", encoded(user));
        let listed = match self.json(&self.address(&path)?, false).await {
            Ok(listed) => listed,
            Err(HostError::NotFound(_)) => return Ok(None),
            Err(error) => return Err(error),
        };
        let photos = listed["value"].as_array().into_iter().flatten();
        let sized = photos.filter_map(|photo| Some((photo["height"].as_u64()?, photo["id"].as_str()?)));
        let best = sized
            .max_by_key(|(height, _)| if *height <= SMALL { (1, *height) } else { (0, u64::MAX - height) });
        let Some((_, id)) = best else { return Ok(None) };
        let url = self.address(&format!("{path}/{}/$value", encoded(id)))?;
        match self.get(&url, false).await {
            Ok(reply) => {
                let kind =
                    reply.header("content-type").filter(|kind| matches!(*kind, "image/png" | "image/gif"));
                let kind = kind.unwrap_or("image/jpeg");
                Ok(Some(format!("data:{kind};base64,{}", STANDARD.encode(&reply.body))))
            }
            Err(HostError::NotFound(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn address(&self, path: &str) -> Result<Url, HostError> {
        let wrong = |_| HostError::Unreachable(format!("{path} makes no address of Microsoft Graph"));
        self.settings.target.join(path).map_err(wrong).and_then(|url| {
            // A path of the configuration must not lead elsewhere either.
            if url.origin() == self.settings.target.origin() {
                Ok(url)
            } else {
                Err(wrong(url::ParseError::EmptyHost))
            }
        })
    }

    fn url(&self, path: &str, part: &Part, eventual: bool) -> Result<Url, HostError> {
        let mut url = self.address(path)?;
        let mut query = vec![format!("$top={PAGE}")];
        let mut add = |name: &str, value: &str| query.push(format!("{name}={}", encoded(value)));
        if let Some(search) = &part.search {
            add("$search", search);
        }
        if let Some(filter) = &part.filter {
            add("$filter", filter);
        }
        if !part.select.is_empty() {
            add("$select", &part.select.join(","));
        }
        if let Some(expand) = &part.expand {
            add("$expand", expand);
        }
        if eventual || part.search.is_some() {
            add("$count", "true");
        }
        url.set_query(Some(&query.join("&")));
        Ok(url)
    }

    async fn json(&self, url: &Url, eventual: bool) -> Result<Value, HostError> {
        let reply = self.get(url, eventual).await?;
        serde_json::from_slice(&reply.body)
            .map_err(|error| HostError::Unreachable(format!("{} answered with no JSON: {error}", shown(url))))
    }

    async fn get(&self, url: &Url, eventual: bool) -> Result<Reply, HostError> {
        let mut headers = vec![("authorization", format!("Bearer {}", self.token().await?))];
        if eventual {
            headers.push(("consistencylevel", "eventual".to_owned()));
        }
        self.patiently(url, Call { headers, ..Call::default() }).await.map_err(|error| match error {
            HostError::Denied(_) => HostError::Denied(format!(
                "{} may not be read: the application needs User.Read.All, GroupMember.Read.All and \
                 Organization.Read.All, consented by an administrator",
                shown(url)
            )),
            other => other,
        })
    }

    /// A token that is good for another minute at least.
    async fn token(&self) -> Result<String, HostError> {
        if let Some((token, until)) = self.token.0.lock().as_ref()
            && *until > now() + 60
        {
            return Ok(token.clone());
        }
        let settings = self.settings;
        let form = [
            ("client_id", settings.client.as_str()),
            ("client_secret", settings.secret.as_str()),
            ("scope", &settings.scope()),
            ("grant_type", "client_credentials"),
        ];
        let form: Vec<String> =
            form.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        let call = Call {
            method: "POST",
            headers: vec![("content-type", "application/x-www-form-urlencoded".to_owned())],
            body: Some(Bytes::from(form.join("&"))),
            ..Call::default()
        };
        let hint = |why: &str| {
            format!("no token of tenant {}: {why}: look at clientId and clientSecret", settings.tenant)
        };
        let reply = self.patiently(&settings.token_url, call).await.map_err(|error| match error {
            HostError::Denied(why) | HostError::NotFound(why) => HostError::Denied(hint(&why)),
            HostError::Unreachable(why) => HostError::Unreachable(hint(&why)),
            exhausted @ HostError::Exhausted { .. } => exhausted,
        })?;
        let answer: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
        let token = answer["access_token"].as_str().filter(|token| !token.is_empty());
        let token = token.ok_or_else(|| HostError::Unreachable(hint("the answer has none")))?.to_owned();
        let seconds = answer["expires_in"].as_i64().unwrap_or(300);
        *self.token.0.lock() = Some((token.clone(), now() + seconds));
        Ok(token)
    }

    /// Graph asks for pauses of seconds in the middle of a large tenant. To begin again after each would never end.
    async fn patiently(&self, url: &Url, call: Call) -> Result<Reply, HostError> {
        for _ in 0..REPEATS {
            match self.client.send(url, call.clone()).await {
                Err(HostError::Exhausted { until, .. }) if until - now() <= LONGEST_WAIT => {
                    let wait = u64::try_from((until - now()).max(0)).unwrap_or(0);
                    tokio::time::sleep(Duration::from_millis(wait * 1000 + 50)).await;
                }
                answer => return answer,
            }
        }
        self.client.send(url, call).await
    }
}

fn no_page(url: &Url) -> HostError {
    HostError::Unreachable(format!("{} answered with something that is no page of a collection", shown(url)))
}
