//! Steps that are a call or two of a host's API: what each asks for, as data, and one performer for all of them.

use async_trait::async_trait;
use serde_json::{Map, Value, json};
use stagedoor_hosts::Act;

use super::input::{done, read, say};
use super::publish::{Remote, RepoUrl, meant};
use crate::performer::{Call, Description, Effect, Failure, Outcome, Performer, Probe};
use crate::services::Services;

/// What calls are made of: the repository, and the step's input.
pub(super) type Calls = fn(&RepoUrl, &Map<String, Value>) -> Result<Vec<Act>, Failure>;

/// One such step.
pub(super) struct Small {
    pub(super) id: &'static str,
    /// The host's key in `integrations`.
    pub(super) kind: &'static str,
    pub(super) text: &'static str,
    /// JSON schemas of its inputs beside `repoUrl` and `token`, and those that it needs.
    pub(super) properties: fn() -> Value,
    pub(super) required: &'static [&'static str],
    pub(super) calls: Calls,
    /// What later steps read, of the answer to the last call.
    pub(super) output: fn(&Value) -> Value,
    pub(super) example: (&'static str, &'static str),
    /// Done twice it is as if it were done once.
    pub(super) repeatable: bool,
    /// An answer that says in these words that it is so already is as good.
    pub(super) already: Option<(u16, &'static str)>,
}

#[async_trait]
impl Performer for Small {
    fn id(&self) -> &'static str {
        self.id
    }

    fn effect(&self) -> Effect {
        Effect::Outside
    }

    fn describe(&self) -> Description {
        let mut properties = (self.properties)();
        properties["repoUrl"] = json!({ "type": "string", "title": "Repository Location", "description": "Such as github.com?repo=reponame&owner=owner" });
        properties["token"] =
            json!({ "type": "string", "title": "The token to use, in place of the one in integrations" });
        let required: Vec<&str> = std::iter::once("repoUrl").chain(self.required.iter().copied()).collect();
        Description {
            text: self.text,
            input: json!({ "type": "object", "required": required, "properties": properties }),
            output: json!({ "type": "object" }),
            examples: vec![self.example],
            dry_run: false,
        }
    }

    async fn perform(&self, call: &Call<'_>, services: &Services) -> Result<Outcome, Failure> {
        let input: Map<String, Value> = read(self, call)?;
        let text = |key: &str| input.get(key).and_then(Value::as_str);
        let url = RepoUrl::parse(text("repoUrl").unwrap_or_default())?;
        let owner = url.owner.as_deref().unwrap_or_default();
        let remote = Remote::of(services, self.kind, &url.host, owner, text("token")).await?;
        let mut last = Value::Null;
        for act in (self.calls)(&url, &input)? {
            let answer = remote.send(&act).await?;
            let so_already = self.already.is_some_and(|(status, words)| {
                answer.status == status && String::from_utf8_lossy(&answer.body).contains(words)
            });
            if so_already {
                say(services, call, "It is there already");
            } else {
                last = meant(&act, answer)?;
            }
        }
        done((self.output)(&last))
    }

    async fn probe(&self, _call: &Call<'_>, _services: &Services) -> Probe {
        if self.repeatable { Probe::Repeat } else { Probe::Unknown }
    }
}

/// Nothing for later steps.
pub(super) fn nothing(_: &Value) -> Value {
    json!({})
}

/// The members of an input under other names, where they are there.
pub(super) fn renamed(input: &Map<String, Value>, names: &[(&str, &str)]) -> Value {
    let pairs = names.iter().filter_map(|(from, to)| {
        let value = input.get(*from).filter(|value| !value.is_null())?;
        Some(((*to).to_owned(), value.clone()))
    });
    Value::Object(pairs.collect())
}

/// A text or number of an input, as one segment of an address.
pub(super) fn segment(input: &Map<String, Value>, key: &str) -> Result<String, Failure> {
    match input.get(key) {
        Some(Value::String(text)) if !text.is_empty() && text != "." && text != ".." => Ok(text.clone()),
        Some(Value::Number(number)) => Ok(number.to_string()),
        _ => Err(Failure::new(format!("{key} is expected to be a name or a number"))),
    }
}
