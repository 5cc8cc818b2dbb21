//! What happened that the change log does not say: sign-ins, sessions, tokens, keys.

use std::net::IpAddr;

use serde_json::{Map, Value, json};
use stagedoor_auth::Viewer;

use crate::clock;

/// What events are about.
pub(super) const KINDS: [&str; 7] = ["session", "link", "account", "token", "organization", "entity", "run"];
/// Characters of a value that a caller made up.
const LONGEST: usize = 320;

/// Whose doing it was.
#[derive(Clone, Copy, Debug)]
pub enum By<'a> {
    /// A caller who has proved who it is.
    Viewer(&'a Viewer),
    /// Somebody who has not: whoever failed to sign in.
    Nobody {
        /// Where the request came from.
        address: Option<IpAddr>,
        /// Its `User-Agent`.
        agent: Option<&'a str>,
    },
}

impl<'a> From<&'a Viewer> for By<'a> {
    fn from(viewer: &'a Viewer) -> Self {
        Self::Viewer(viewer)
    }
}

/// Something to be written down. No field ever holds a secret: tokens, links and sessions are named by their public
/// ids. What a record of the change log says by itself (a blueprint, an entity, a permission, an organization secret)
/// needs no event.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// Somebody signed in.
    SignedIn {
        /// By `password`, `link` or `passkey`.
        how: &'a str,
    },
    /// Somebody failed to.
    SignInFailed {
        /// The account that was asked for, as it was given.
        user: &'a str,
        /// In words; for readers of the audit log only, the caller hears one text for every reason.
        why: &'a str,
    },
    /// Somebody signed out.
    SignedOut {
        /// Public id of the session.
        session: &'a str,
    },
    /// A session was ended by somebody, before its time.
    SessionEnded {
        /// Public id of the session; `all` for every one of that person.
        session: &'a str,
        /// Whose.
        user: &'a str,
    },
    /// An invitation or a reset link was made.
    LinkMade {
        /// `setup`, `invitation` or `reset`.
        kind: &'a str,
        /// For whom; empty when anybody may use it.
        user: &'a str,
    },
    /// A link was used.
    LinkUsed {
        /// `setup`, `invitation` or `reset`.
        kind: &'a str,
        /// By whom.
        user: &'a str,
    },
    /// A link was taken back.
    LinkRevoked {
        /// `setup`, `invitation` or `reset`.
        kind: &'a str,
        /// For whom it was.
        user: &'a str,
    },
    /// A password was changed.
    PasswordChanged {
        /// Whose.
        user: &'a str,
    },
    /// A token or credential was made.
    TokenMade {
        /// What it is.
        token: Token<'a>,
        /// What it is limited to; `None`: what its owner may.
        scopes: Option<&'a [String]>,
    },
    /// A token or credential got another secret.
    TokenRotated(Token<'a>),
    /// A token or credential was taken back.
    TokenRevoked(Token<'a>),
    /// Changes were taken back. What that changed is in the log by itself; this says what it was.
    Undone {
        /// Which changes, in words.
        what: &'a str,
        /// How many entities it changed.
        count: usize,
    },
    /// A person did something with a run.
    Run {
        /// `StartRun`, `AnswerRun`, `ApproveRun`, `DeclineRun`, `CancelRun`, `SettleRun`, `RetryRun`, `HandOverSecrets`.
        action: &'static str,
        /// Its id.
        id: &'a str,
        /// The action, template or workflow that it is of.
        of: &'a str,
        /// Its entity, as blueprint and identifier.
        entity: Option<(&'a str, &'a str)>,
        /// In words.
        message: &'a str,
    },
    /// The secrets are written with another key from now on.
    SecretsKeyChanged {
        /// Fingerprint of the new key.
        fingerprint: &'a str,
    },
}

/// A token or credential, by what may be known of it.
#[derive(Clone, Copy, Debug)]
pub struct Token<'a> {
    /// `personal`, `serviceAccount`, `app` or `external`.
    pub kind: &'a str,
    /// Its public id.
    pub id: &'a str,
    /// The name that its owner gave it.
    pub name: &'a str,
    /// Whose: address or identifier of a `_user` entity, or client id.
    pub owner: &'a str,
}

impl Event<'_> {
    /// Whether callers who prove nothing can cause it. Those are written as far as there is room.
    pub(super) fn is_refusal(&self) -> bool {
        matches!(self, Self::SignInFailed { .. })
    }

    /// As one line of the journal.
    pub(super) fn line(&self, by: By<'_>) -> Value {
        let told = self.told();
        let mut line = Map::new();
        line.insert("status".into(), json!(if self.is_refusal() { "FAILURE" } else { "SUCCESS" }));
        line.insert("action".into(), json!(told.action));
        line.insert("kind".into(), json!(told.kind));
        line.insert("resource".into(), json!(cut(told.resource)));
        line.insert("message".into(), json!(cut(&told.message)));
        line.insert("details".into(), told.details);
        sign(&mut line, by);
        Value::Object(line)
    }

    fn told(&self) -> Told<'_> {
        let told = |action, kind, resource, message: String| Told {
            action,
            kind,
            resource,
            message,
            details: Value::Null,
        };
        match *self {
            Self::SignedIn { how } => told("SignIn", "session", "", format!("signed in by {how}")),
            Self::SignInFailed { user, why } => told("SignIn", "session", user, why.to_owned()),
            Self::SignedOut { session } => told("SignOut", "session", session, "signed out".into()),
            Self::SessionEnded { session, user } => {
                told("EndSession", "session", session, format!("ended a session of {user}"))
            }
            Self::LinkMade { kind, user } => {
                told("CreateLink", "link", user, format!("made a link ({kind})"))
            }
            Self::LinkUsed { kind, user } => told("UseLink", "link", user, format!("used a link ({kind})")),
            Self::LinkRevoked { kind, user } => {
                told("RevokeLink", "link", user, format!("took a link back ({kind})"))
            }
            Self::PasswordChanged { user } => {
                told("ChangePassword", "account", user, "changed the password".into())
            }
            Self::TokenMade { token, scopes } => token.told("CreateToken", "made", scopes),
            Self::TokenRotated(token) => token.told("RotateToken", "gave a new secret to", None),
            Self::TokenRevoked(token) => token.told("RevokeToken", "revoked", None),
            Self::Undone { what, count } => {
                told("UndoChanges", "entity", "", format!("took back {what}: {count} entities"))
            }
            Self::Run { action, id, of, entity, message } => {
                let (blueprint, entity) = entity.unzip();
                let details = json!({ "runId": id, "of": cut(of), "blueprint": blueprint, "entity": entity });
                Told { action, kind: "run", resource: id, message: message.to_owned(), details }
            }
            Self::SecretsKeyChanged { fingerprint } => told(
                "ChangeSecretsKey",
                "organization",
                "",
                format!("secrets are written with the key {fingerprint} from now on"),
            ),
        }
    }
}

struct Told<'a> {
    action: &'static str,
    kind: &'static str,
    resource: &'a str,
    message: String,
    details: Value,
}

impl<'a> Token<'a> {
    fn told(self, action: &'static str, verb: &str, scopes: Option<&[String]>) -> Told<'a> {
        let message = format!("{verb} {:?} of {}", cut(self.name), cut(self.owner));
        let mut details = json!({ "kind": self.kind, "name": cut(self.name), "owner": cut(self.owner) });
        if action == "CreateToken" {
            details["scopes"] = json!(scopes);
        }
        Told { action, kind: "token", resource: self.id, message, details }
    }
}

/// Adds who, from where and when.
pub(super) fn sign(line: &mut Map<String, Value>, by: By<'_>) {
    let (name, via, credential, address, agent) = match by {
        By::Viewer(v) => (Some(v.name()), v.via().kind(), v.via().id(), v.address(), v.agent()),
        By::Nobody { address, agent } => (None, "none", "", address, agent),
    };
    line.insert("actor".into(), json!(name));
    line.insert("via".into(), json!(via));
    line.insert("credential".into(), json!(credential));
    line.insert("address".into(), json!(address.map(|a| a.to_string())));
    line.insert("agent".into(), json!(agent.map(cut)));
    line.insert("at".into(), json!(clock::now().to_string()));
}

fn cut(text: &str) -> &str {
    text.char_indices().nth(LONGEST).map_or(text, |(end, _)| &text[..end])
}

#[cfg(test)]
mod tests {
    use stagedoor_auth::Viewer;

    use super::{By, Event, KINDS, Token};

    #[test]
    fn a_failed_sign_in_names_the_account_and_nobody_as_the_actor() {
        let by = By::Nobody { address: Some([192, 0, 2, 7].into()), agent: Some("curl/8") };
        let user = format!("{}\r\nSet-Cookie: a\u{1b}[2J", "a".repeat(1_000));
        let line = Event::SignInFailed { user: &user, why: "wrong password" }.line(by);
        assert_eq!(line["status"], "FAILURE");
        assert_eq!(line["actor"], serde_json::Value::Null);
        assert_eq!(line["address"], "192.0.2.7");
        assert_eq!(line["resource"].as_str().unwrap().len(), 320);
        assert!(!line.to_string().contains(['\r', '\n', '\u{1b}']));
    }

    #[test]
    fn every_kind_is_known() {
        let token = Token { kind: "app", id: "a", name: "a", owner: "a" };
        let (user, kind, session) = ("a", "reset", "s");
        for event in [
            Event::SignedIn { how: "password" },
            Event::SignInFailed { user, why: "w" },
            Event::SignedOut { session },
            Event::SessionEnded { session, user },
            Event::LinkMade { kind, user },
            Event::LinkUsed { kind, user },
            Event::LinkRevoked { kind, user },
            Event::PasswordChanged { user },
            Event::TokenMade { token, scopes: None },
            Event::TokenRotated(token),
            Event::TokenRevoked(token),
            Event::Undone { what: "41", count: 2 },
            Event::SecretsKeyChanged { fingerprint: "f" },
            Event::Run { action: "StartRun", id: "r", of: "a", entity: Some(("b", "e")), message: "m" },
        ] {
            let line = event.line((&Viewer::system("x")).into());
            assert!(KINDS.contains(&line["kind"].as_str().unwrap()), "{line}");
        }
    }

    #[test]
    fn a_token_is_told_by_its_name_and_scopes() {
        let token = Token { kind: "personal", id: "t1", name: "ci", owner: "elsa@larkfell.example" };
        let viewer = Viewer::person("elsa@larkfell.example");
        let scopes = ["read:entities".to_owned()];
        let line = Event::TokenMade { token, scopes: Some(&scopes) }.line((&viewer).into());
        assert_eq!(line["action"], "CreateToken");
        assert_eq!(line["message"], "made \"ci\" of elsa@larkfell.example");
        assert_eq!(line["details"]["scopes"][0], "read:entities");
        assert_eq!(line["actor"], "elsa@larkfell.example");
    }
}
