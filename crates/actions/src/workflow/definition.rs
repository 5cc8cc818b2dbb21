//! The definition of a workflow: the body as it was sent, and what it says.

use serde_json::{Map, Value, json};
use stagedoor_model::blueprint::Invalid;

use super::check;
use crate::port::PortAction;

/// What the server sets, and a body may repeat without effect.
const AUDIT_KEYS: [&str; 7] = ["id", "_id", "version", "createdAt", "createdBy", "updatedAt", "updatedBy"];

/// A definition. Its body is kept as it was sent, key by key, so that it comes back the same.
#[derive(Clone, Debug, PartialEq)]
pub struct Workflow {
    body: Map<String, Value>,
}

/// A node of a workflow.
#[derive(Clone, Copy, Debug)]
pub struct Node<'a> {
    body: &'a Value,
    /// Which of the nodes it is, from 0.
    pub at: usize,
}

/// A way from one node to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Connection<'a> {
    /// Identifier of the node that it leaves.
    pub source: &'a str,
    /// Identifier of the node that it leads to.
    pub target: &'a str,
    /// The outlet of a condition or an input by which it leaves.
    pub outlet: Option<&'a str>,
    /// Taken where a condition chooses no outlet.
    pub fallback: bool,
}

impl Workflow {
    /// Takes a body as a client sends it.
    ///
    /// # Errors
    /// The first thing that makes it illegal, with its place, in ajv's words.
    pub fn parse(mut body: Value) -> Result<Self, Invalid> {
        check::check(&body)?;
        let Some(map) = body.as_object_mut() else { return Err(Invalid::new("", "body must be object")) };
        for key in AUDIT_KEYS {
            map.shift_remove(key);
        }
        Ok(Self { body: std::mem::take(map) })
    }

    /// One that was checked before.
    #[must_use]
    pub fn stored(body: Value) -> Self {
        match body {
            Value::Object(body) => Self { body },
            _ => Self { body: Map::new() },
        }
    }

    /// The body.
    #[must_use]
    pub fn body(&self) -> &Map<String, Value> {
        &self.body
    }

    /// Its identifier.
    #[must_use]
    pub fn identifier(&self) -> &str {
        self.text("identifier").unwrap_or_default()
    }

    /// Its title; where it has none, its identifier.
    #[must_use]
    pub fn name(&self) -> &str {
        self.text("title").filter(|title| !title.is_empty()).unwrap_or_else(|| self.identifier())
    }

    /// A text of its top level.
    #[must_use]
    pub fn text(&self, key: &str) -> Option<&str> {
        self.body.get(key).and_then(Value::as_str)
    }

    /// Whether everybody may see its runs.
    #[must_use]
    pub fn shows_runs(&self) -> bool {
        self.body.get("allowAnyoneToViewRuns") != Some(&Value::Bool(false))
    }

    /// Its nodes, in the order of the definition.
    pub fn nodes(&self) -> impl Iterator<Item = Node<'_>> {
        let nodes = self.body.get("nodes").and_then(Value::as_array).into_iter().flatten();
        nodes.enumerate().map(|(at, body)| Node { body, at })
    }

    /// One of them.
    #[must_use]
    pub fn node(&self, identifier: &str) -> Option<Node<'_>> {
        self.nodes().find(|node| node.identifier() == identifier)
    }

    /// Triggers by which a person may begin a run.
    pub fn forms(&self) -> impl Iterator<Item = Node<'_>> {
        self.nodes().filter(|node| node.kind() == "SELF_SERVE_TRIGGER" && node.is_published())
    }

    /// The ways between its nodes.
    pub fn connections(&self) -> impl Iterator<Item = Connection<'_>> {
        let all = self.body.get("connections").and_then(Value::as_array).into_iter().flatten();
        all.map(Connection::of)
    }

    /// A trigger as Port's actions and automations say the same, so that its form is filled in, its condition asked and
    /// its events matched as theirs are.
    #[must_use]
    pub fn as_action(&self, trigger: Node<'_>) -> PortAction {
        let config = trigger.config();
        let part = |key: &str| config.get(key).cloned().unwrap_or_default();
        let trigger = match trigger.kind() {
            "SELF_SERVE_TRIGGER" => json!({
                "type": "self-service", "operation": "CREATE", "userInputs": part("userInputs"),
            }),
            _ => {
                let mut event = part("event");
                if event.get("type").is_some_and(|kind| kind == "TIMER_EXPIRED") {
                    event["type"] = "TIMER_PROPERTY_EXPIRED".into();
                }
                json!({ "type": "automation", "event": event, "condition": part("condition") })
            }
        };
        let mut action = json!({ "identifier": self.identifier(), "trigger": trigger });
        for key in ["title", "icon"] {
            if let Some(value) = self.body.get(key) {
                action[key] = value.clone();
            }
        }
        PortAction::stored(action)
    }
}

impl<'a> Node<'a> {
    /// Unique within the workflow.
    #[must_use]
    pub fn identifier(self) -> &'a str {
        self.text("identifier").unwrap_or_default()
    }

    /// Its title; where it has none, its identifier.
    #[must_use]
    pub fn name(self) -> &'a str {
        self.text("title").filter(|title| !title.is_empty()).unwrap_or_else(|| self.identifier())
    }

    fn text(self, key: &str) -> Option<&'a str> {
        self.body.get(key).and_then(Value::as_str)
    }

    /// The whole of it.
    pub(super) fn whole(self) -> &'a Value {
        self.body
    }

    /// What it is: `WEBHOOK`, `CONDITION`...
    #[must_use]
    pub fn kind(self) -> &'a str {
        self.config().get("type").and_then(Value::as_str).unwrap_or_default()
    }

    /// What it is given, with templates.
    #[must_use]
    pub fn config(self) -> &'a Value {
        self.get("config")
    }

    /// One of its keys; null where it says nothing.
    #[must_use]
    pub fn get(self, key: &str) -> &'a Value {
        self.body.get(key).unwrap_or(&Value::Null)
    }

    /// Whether it begins runs.
    #[must_use]
    pub fn is_trigger(self) -> bool {
        matches!(self.kind(), "SELF_SERVE_TRIGGER" | "EVENT_TRIGGER" | "SCHEDULE_TRIGGER")
    }

    /// Whether more than one way may lead away from it, each by an outlet.
    #[must_use]
    pub fn branches(self) -> bool {
        matches!(self.kind(), "CONDITION" | "INPUT")
    }

    /// Whether it is on: a trigger may be turned off.
    #[must_use]
    pub fn is_published(self) -> bool {
        self.config().get("published") != Some(&Value::Bool(false))
    }

    /// Whether the run goes on where it fails.
    #[must_use]
    pub fn goes_on(self) -> bool {
        self.config().get("onFailure").is_some_and(|what| what == "continue")
    }

    /// Its outlets; `options` is an older name for them.
    #[must_use]
    pub fn outlets(self) -> &'a [Value] {
        let config = self.config();
        let outlets = config.get("outlets").filter(|outlets| !outlets.is_null());
        let outlets = outlets.or_else(|| config.get("options"));
        outlets.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
    }
}

impl<'a> Connection<'a> {
    pub(super) fn of(body: &'a Value) -> Self {
        let text = |key: &str| body.get(key).and_then(Value::as_str);
        Self {
            source: text("sourceIdentifier").unwrap_or_default(),
            target: text("targetIdentifier").unwrap_or_default(),
            outlet: text("sourceOutletIdentifier").or_else(|| text("sourceOptionIdentifier")),
            fallback: body.get("fallback") == Some(&Value::Bool(true)),
        }
    }
}
