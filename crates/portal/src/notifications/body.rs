//! What is sent and what is stored.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use stagedoor_model::{Record, Timestamp};
use url::Url;

use super::Notification;
use crate::error::PortalError;

/// Longest texts, in characters.
const TEXTS: [(&str, usize); 6] = [
    ("title", 1_000),
    ("description", 10_000),
    ("link", 2_000),
    ("topic", 255),
    ("scope", 255),
    ("icon", 255),
];
/// Bytes of `metadata` as JSON.
const METADATA: usize = 16 * 1024;

/// How much it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// `low`.
    Low,
    /// `normal`.
    Normal,
    /// `high`.
    High,
    /// `critical`.
    Critical,
}

impl Severity {
    /// Of its name, in any case; what is no severity is normal, as Backstage has it.
    #[must_use]
    pub fn of(name: &str) -> Self {
        match name.to_ascii_lowercase().as_str() {
            "low" => Self::Low,
            "high" => Self::High,
            "critical" => Self::Critical,
            _ => Self::Normal,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Normal => "normal",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

/// What is to be sent.
pub(super) struct Sent {
    pub(super) recipients: Recipients,
    pub(super) payload: Map<String, Value>,
}

pub(super) enum Recipients {
    Everybody,
    Entities { refs: Vec<String>, without: Vec<String> },
}

impl Sent {
    pub(super) fn topic(&self) -> Option<&str> {
        self.payload.get("topic").and_then(Value::as_str)
    }

    pub(super) fn scope(&self) -> Option<&str> {
        self.payload.get("scope").and_then(Value::as_str)
    }
}

/// A notification as it is stored; whom it is for and its id are the record's key.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Stored {
    pub(super) origin: String,
    pub(super) created: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) updated: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) read: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) saved: Option<Timestamp>,
    pub(super) payload: Map<String, Value>,
}

/// Who has read or saved what was for everybody.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Mark {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) read: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) saved: Option<Timestamp>,
    /// Which of the same scope it was: [`Stored::updated`] of then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) of: Option<Timestamp>,
}

impl Mark {
    pub(crate) fn of(record: &Record) -> Option<Self> {
        serde_json::from_str(record.body.as_str()).ok()
    }
}

impl Stored {
    pub(super) fn new(origin: &str, created: Timestamp, payload: Map<String, Value>) -> Self {
        Self { origin: origin.to_owned(), created, updated: None, read: None, saved: None, payload }
    }

    pub(crate) fn of(record: &Record) -> Option<Self> {
        serde_json::from_str(record.body.as_str()).ok()
    }

    pub(super) fn scope(&self) -> Option<&str> {
        self.payload.get("scope").and_then(Value::as_str)
    }

    /// As somebody sees it, who has perhaps marked it.
    pub(super) fn shown(&self, id: &str, user: Option<&str>, mark: Option<Mark>) -> Notification {
        let (read, saved) = match mark {
            // A newer one of the same scope has not been read.
            Some(mark) => (mark.read.filter(|_| mark.of == self.updated), mark.saved),
            None => (self.read, self.saved),
        };
        Notification {
            id: id.to_owned(),
            user: user.map(str::to_owned),
            origin: self.origin.clone(),
            created: self.created,
            updated: self.updated,
            read,
            saved,
            payload: Value::Object(self.payload.clone()),
        }
    }
}

/// Reads what Backstage's clients post.
pub(super) fn sent(body: &Value, base_url: &str) -> Result<Sent, PortalError> {
    let payload = body.get("payload").and_then(Value::as_object);
    let title = payload.and_then(|p| p.get("title")).filter(|title| title.as_str() != Some(""));
    let recipients = body.get("recipients").filter(|recipients| recipients.is_object());
    let missing: Vec<&str> = [("title", title.is_none()), ("recipients", recipients.is_none())]
        .iter()
        .filter(|(_, m)| *m)
        .map(|(n, _)| *n)
        .collect();
    let (Some(payload), Some(recipients), []) = (payload, recipients, missing.as_slice()) else {
        let missing = missing.join(", ");
        return Err(PortalError::invalid(format!(
            "Invalid notification request received: missing {missing}"
        )));
    };
    let mut kept = Map::new();
    for (key, longest) in TEXTS {
        match payload.get(key) {
            None | Some(Value::Null) => {}
            Some(Value::String(text)) if text.chars().count() <= longest => {
                kept.insert(key.to_owned(), text.as_str().into());
            }
            Some(Value::String(_)) => {
                return Err(PortalError::invalid(format!(
                    "payload.{key} has more than {longest} characters"
                )));
            }
            Some(_) => return Err(PortalError::invalid(format!("payload.{key} must be string"))),
        }
    }
    if let Some(link) = kept.get("link").and_then(Value::as_str) {
        check_link(link, base_url)?;
    }
    let severity = payload.get("severity").and_then(Value::as_str).map_or(Severity::Normal, Severity::of);
    kept.insert("severity".into(), severity.name().into());
    if let Some(metadata) = payload.get("metadata").filter(|metadata| metadata.is_object()) {
        if metadata.to_string().len() > METADATA {
            let message = format!("payload.metadata has more than {} KiB", METADATA / 1024);
            return Err(PortalError::invalid(message));
        }
        kept.insert("metadata".into(), metadata.clone());
    }
    Ok(Sent { recipients: to_whom(recipients)?, payload: kept })
}

fn to_whom(recipients: &Value) -> Result<Recipients, PortalError> {
    match recipients.get("type").and_then(Value::as_str) {
        Some("broadcast") => Ok(Recipients::Everybody),
        Some("entity") => {
            let refs = texts(recipients, "entityRef")?;
            let without = texts(recipients, "excludeEntityRef")?;
            if refs.is_empty() {
                return Err(PortalError::invalid("recipients.entityRef is missing"));
            }
            Ok(Recipients::Entities { refs, without })
        }
        _ => {
            let message = "Invalid recipients type, please use either 'broadcast' or 'entity'";
            Err(PortalError::invalid(message))
        }
    }
}

/// One text or a list of them.
fn texts(of: &Value, key: &str) -> Result<Vec<String>, PortalError> {
    let wrong = || PortalError::invalid(format!("recipients.{key} must be a reference or a list of them"));
    match of.get(key) {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::String(one)) => Ok(vec![one.clone()]),
        Some(Value::Array(all)) => {
            all.iter().map(|one| one.as_str().map(str::to_owned).ok_or_else(wrong)).collect()
        }
        Some(_) => Err(wrong()),
    }
}

/// A link is opened by whoever reads it, so that it may not be `javascript:`.
fn check_link(link: &str, base_url: &str) -> Result<(), PortalError> {
    let wrong =
        || PortalError::invalid("Invalid link provided: only http and https, or a path of the portal");
    let base = Url::parse(&format!("{}/", base_url.trim_end_matches('/'))).map_err(|_| wrong())?;
    let url = base.join(link.strip_prefix('/').unwrap_or(link)).map_err(|_| wrong())?;
    if matches!(url.scheme(), "http" | "https") { Ok(()) } else { Err(wrong()) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refused(body: Value) -> String {
        match sent(&body, "https://portal.example") {
            Err(error) => error.to_string(),
            Ok(_) => panic!("taken: {body}"),
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        let to = json!({ "type": "broadcast" });
        assert!(refused(json!({})).contains("missing title, recipients"));
        assert!(refused(json!({ "recipients": to, "payload": {} })).contains("missing title"));
        assert!(refused(json!({ "payload": { "title": "x" } })).contains("missing recipients"));
        let with = |key: &str, value: Value| {
            let mut payload = json!({ "title": "x" });
            payload[key] = value;
            refused(json!({ "recipients": to, "payload": payload }))
        };
        assert!(with("description", json!("a".repeat(10_001))).contains("payload.description"));
        assert!(with("topic", json!(1)).contains("payload.topic"));
        assert!(with("metadata", json!({ "a": "a".repeat(20_000) })).contains("payload.metadata"));
        for link in ["javascript:alert(1)", "data:text/html,x", "\tjavascript:alert(1)", "file:///etc/passwd"]
        {
            assert!(with("link", json!(link)).contains("Invalid link"), "{link}");
        }
        let to = |to: Value| refused(json!({ "recipients": to, "payload": { "title": "x" } }));
        assert!(to(json!({ "type": "planet" })).contains("'broadcast' or 'entity'"));
        assert!(to(json!({ "type": "entity" })).contains("entityRef"));
        assert!(to(json!({ "type": "entity", "entityRef": [1] })).contains("entityRef"));
    }

    #[test]
    fn what_is_kept_is_what_is_known() {
        let body = json!({ "recipients": { "type": "entity", "entityRef": "user:default/elsa" },
            "payload": { "title": "x", "severity": "HIGH", "other": 1, "link": "/catalog", "metadata": { "a": 1 } } });
        let sent = sent(&body, "https://portal.example").unwrap_or_else(|error| panic!("{error}"));
        let kept = json!({ "title": "x", "link": "/catalog", "severity": "high", "metadata": { "a": 1 } });
        assert_eq!(Value::Object(sent.payload), kept);
    }
}
