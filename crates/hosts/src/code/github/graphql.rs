//! GitHub's GraphQL: lists that go over many pages.

use serde_json::{Map, Value, json};
use stagedoor_outbound::{Call, Reply};
use std::time::Duration;
use url::Url;

use super::api::{self, Access, Api, in_one_line};
use crate::client::Client;
use crate::code::address::below;
use crate::error::HostError;

/// After the host in the name of its limit.
const RESOURCE: &str = " graphql";
/// A list of more pages than this has no end.
const MOST_PAGES: usize = 20_000;

/// What is asked for page by page.
pub(crate) struct Page<'a> {
    /// Takes `$first` and `$cursor`, and what is in `variables`.
    pub(crate) query: &'a str,
    /// Beside `first` and `cursor`.
    pub(crate) variables: Map<String, Value>,
    /// Where the list is in the data, as a JSON pointer. Nothing there means that its owner is not to be found.
    pub(crate) list: &'a str,
    /// How many at once; fewer when that is too much for GitHub.
    pub(crate) first: u64,
    /// What is looked for, for the text of an error: `the organization acme`.
    pub(crate) what: &'a str,
}

/// A whole list.
#[derive(Default)]
pub(crate) struct Nodes {
    /// In GitHub's order.
    pub(crate) nodes: Vec<Value>,
    /// Why some are missing.
    pub(crate) missed: Option<String>,
}

enum Answer {
    Data {
        data: Value,
        missed: Option<String>,
    },
    /// GitHub gave up on it.
    TooMuch(String),
}

impl Api {
    /// Whether an owner's credential is that of an app, which may see less of people than a person.
    pub(crate) async fn is_app(&self, client: &Client, owner: &str) -> Result<bool, HostError> {
        Ok(self.access(client, owner).await?.is_of_app())
    }

    /// Reads a list to its end.
    ///
    /// # Errors
    /// When a page of it cannot be had.
    pub(crate) async fn pages(
        &self,
        client: &Client,
        owner: &str,
        page: &Page<'_>,
    ) -> Result<Nodes, HostError> {
        let mut all = Nodes::default();
        let (mut first, mut cursor) = (page.first.clamp(1, 100), Value::Null);
        for _ in 0..MOST_PAGES {
            let mut variables = page.variables.clone();
            variables.insert("first".to_owned(), first.into());
            variables.insert("cursor".to_owned(), cursor.clone());
            let (data, missed) = match self.ask(client, owner, page.query, &variables).await? {
                Answer::Data { data, missed } => (data, missed),
                Answer::TooMuch(_) if first > 1 => {
                    first = (first / 4).max(1);
                    continue;
                }
                Answer::TooMuch(text) => return Err(HostError::Unreachable(text)),
            };
            let list = data.pointer(page.list).filter(|list| list.is_object()).ok_or_else(|| {
                HostError::NotFound(format!("{} was not found on {}", page.what, self.host))
            })?;
            let nodes = list.get("nodes").and_then(Value::as_array).ok_or_else(|| self.broken(page.what))?;
            all.nodes.extend(nodes.iter().filter(|node| !node.is_null()).cloned());
            all.missed = all.missed.or(missed);
            match next(list) {
                Next::End => return Ok(all),
                Next::After(after) if after != cursor => cursor = after,
                _ => return Err(self.broken(page.what)),
            }
        }
        Err(self.broken(page.what))
    }

    fn broken(&self, what: &str) -> HostError {
        HostError::Unreachable(format!("{} answered with half a page of {what}", self.host))
    }

    async fn ask(
        &self,
        client: &Client,
        owner: &str,
        query: &str,
        variables: &Map<String, Value>,
    ) -> Result<Answer, HostError> {
        let url = self.graphql();
        let body = json!({ "query": query, "variables": variables }).to_string();
        let call = Call {
            method: "POST",
            headers: vec![("accept", api::JSON.to_owned()), ("content-type", "application/json".to_owned())],
            body: Some(body.into()),
            timeout: Duration::from_secs(60),
            ..Call::default()
        };
        let access = self.access(client, owner).await?;
        if access.is_anonymous() {
            return Err(HostError::Denied(format!(
                "{} tells what there is only to those it knows: a token or GitHub App is needed in integrations.github",
                self.host
            )));
        }
        let (reply, access) = self.exchange(client, &access, &url, call, RESOURCE).await?;
        if matches!(reply.status, 502 | 504) {
            return Ok(Answer::TooMuch(format!("{url} answered with status {}", reply.status)));
        }
        let reply = self.meaning(client, &access, RESOURCE, &url, reply)?;
        self.answer(client, &access, &url, &reply)
    }

    /// Takes an answer apart. Errors come with status 200.
    fn answer(
        &self,
        client: &Client,
        access: &Access,
        url: &Url,
        reply: &Reply,
    ) -> Result<Answer, HostError> {
        let mut answer = api::json(url, reply)?;
        let data = answer.get_mut("data").map(Value::take).unwrap_or_default();
        let errors = answer.get("errors").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let Some(error) = errors.first() else { return Ok(Answer::Data { data, missed: None }) };
        let message =
            in_one_line(error.get("message").and_then(Value::as_str).unwrap_or("it does not say why"));
        let text = format!("{url} refused the question of {}: {message}", Self::words(access));
        let sort = |error: &Value| error.get("type").and_then(Value::as_str).unwrap_or_default().to_owned();
        if let Some(limited) = errors.iter().map(sort).find(|sort| sort.starts_with("RATE_LIMIT")) {
            tracing::debug!(limited, "GraphQL");
            return Err(self.hold(client, access, RESOURCE, reply));
        }
        // Some of a list may be hidden from the credential while the rest is shown.
        if !data.is_null() && errors.iter().all(is_about_one) {
            return Ok(Answer::Data { data, missed: Some(text) });
        }
        match sort(error).as_str() {
            "NOT_FOUND" => Err(HostError::NotFound(text)),
            "FORBIDDEN" | "INSUFFICIENT_SCOPES" | "UNAUTHENTICATED" => Err(HostError::Denied(text)),
            "RESOURCE_LIMITS_EXCEEDED" | "MAX_NODE_LIMIT_EXCEEDED" => Ok(Answer::TooMuch(text)),
            _ if message.starts_with("Something went wrong while executing your query") => {
                Ok(Answer::TooMuch(text))
            }
            _ => Err(HostError::Unreachable(text)),
        }
    }

    /// `/graphql` beside the REST API: `https://api.github.com/graphql`, `https://<host>/api/graphql`.
    fn graphql(&self) -> Url {
        let mut base = self.base.clone();
        let path = base.path().trim_end_matches('/').to_owned();
        base.set_path(path.strip_suffix("/v3").unwrap_or(&path));
        below(&base, ["graphql"])
    }
}

/// Whether an error is about one of a list, whose number is in its path.
fn is_about_one(error: &Value) -> bool {
    let path = error.get("path").and_then(Value::as_array);
    path.is_some_and(|path| path.iter().any(Value::is_number))
}

enum Next {
    End,
    After(Value),
    Unclear,
}

/// Where a list goes on.
fn next(list: &Value) -> Next {
    let info = |key: &str| list.pointer(&format!("/pageInfo/{key}"));
    match (info("hasNextPage").and_then(Value::as_bool), info("endCursor")) {
        (Some(false), _) => Next::End,
        (Some(true), Some(cursor)) if cursor.is_string() => Next::After(cursor.clone()),
        _ => Next::Unclear,
    }
}
