//! One line of the audit log, whatever it was made from: a change, an event or a refusal.

use serde_json::{Value, json};
use stagedoor_auth::Action;
use stagedoor_model::record::is_private;
use stagedoor_model::{Actor, Change, JournalLine, Timestamp};
use stagedoor_store::LoggedChange;

/// What was done or tried, coarsely.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuditAction {
    /// Something new.
    Create,
    /// Something that was there.
    Update,
    /// Something went, was revoked or ended.
    Delete,
    /// Reading; only as a refusal.
    Read,
    /// An action was triggered.
    Execute,
    /// Somebody signed in, or failed to.
    SignIn,
    /// Somebody signed out.
    SignOut,
    /// A link was used.
    Use,
}

use AuditAction::{Create, Delete, Execute, Read, SignIn, SignOut, Update, Use};

impl AuditAction {
    /// All of them.
    pub const ALL: [Self; 8] = [Create, Update, Delete, Read, Execute, SignIn, SignOut, Use];

    /// As the native API writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Create => "create",
            Update => "update",
            Delete => "delete",
            Read => "read",
            Execute => "execute",
            SignIn => "sign_in",
            SignOut => "sign_out",
            Use => "use",
        }
    }

    /// Reads what [`Self::as_str`] writes, in any case.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.as_str().eq_ignore_ascii_case(text))
    }
}

/// One line of the audit log.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditEntry {
    /// Unique, and for ever the same: `c` for a change, `e` for an event, `r` for a refusal, and its number.
    pub id: String,
    /// When.
    pub at: Timestamp,
    /// Whether it was done; false: it was refused or failed.
    pub success: bool,
    /// What was done.
    pub action: AuditAction,
    /// In particular: the right that was missing (`UpdateEntity`), or the event (`SignIn`). `None` for changes.
    pub name: Option<String>,
    /// To what: `entity`, `blueprint`, `secret`, `session`, ...
    pub kind: String,
    /// Its blueprint.
    pub blueprint: Option<String>,
    /// Its identifier.
    pub identifier: Option<String>,
    /// Who; `None` where nobody had proved who it was.
    pub actor: Option<String>,
    /// `port`, `backstage`, `native`, `source`, ...; `None` for refusals and events.
    pub through: Option<String>,
    /// By what kind of credential: `session`, `access_token`, `token`, `external`.
    pub via: Option<String>,
    /// Which one, by its public id.
    pub credential: Option<String>,
    /// From which address.
    pub address: Option<String>,
    /// By which program.
    pub agent: Option<String>,
    /// In words.
    pub message: Option<String>,
    /// Particulars of an event.
    pub details: Value,
    /// Number of the commit of a change.
    pub revision: Option<u64>,
    /// What it was: an entity in Port's form, the body of anything else.
    pub before: Option<Value>,
    /// What it is since.
    pub after: Option<Value>,
    /// Whether `before` and `after` are kept back: nobody is shown what a secret is.
    pub hidden: bool,
}

/// Records that change by being used. What people do with them are events.
const USED: [&str; 4] = ["account", "session", "sign_in", "token_use"];
/// Records whose beginning and end are events, which say more.
const BEGUN_AND_ENDED: [&str; 3] = ["token", "app", "invitation"];
/// Records that are the portal's own notes.
const OWN: [&str; 7] = [
    "source_problems",
    "declared_blueprint",
    "restored",
    // What people do with runs are events, what runs do to entities are changes of those.
    "run",
    "run_definition",
    "run_secret",
    "run_queue",
];

/// Whether a change is somebody's doing that is not told otherwise.
pub(super) fn is_shown(change: &Change) -> bool {
    let collection = match change {
        Change::PutRecord(record) => record.collection.as_str(),
        Change::DeleteRecord(collection, _) => collection.as_str(),
        Change::PutWaitingClaim(_) | Change::DeleteWaitingClaim(..) => return false,
        _ => return true,
    };
    !USED.contains(&collection) && !OWN.contains(&collection)
}

/// Whether an event tells of the same.
pub(super) fn is_told_by_event(entry: &AuditEntry) -> bool {
    BEGUN_AND_ENDED.contains(&entry.kind.as_str()) && entry.revision.is_some() && entry.action != Update
}

/// What kind of thing a change is about.
pub(super) fn kind_of(change: &Change) -> &str {
    let collection = match change {
        Change::PutEntity(_) | Change::DeleteEntity(_) => return "entity",
        Change::PutBlueprint(_) | Change::DeleteBlueprint(_) => return "blueprint",
        Change::PutSource(_)
        | Change::DeleteSource(_)
        | Change::PutWaitingClaim(_)
        | Change::DeleteWaitingClaim(..) => return "source",
        Change::PutRecord(record) => record.collection.as_str(),
        Change::DeleteRecord(collection, _) => collection.as_str(),
    };
    match collection {
        "blueprint_permissions" => "permissions",
        other => other,
    }
}

/// Blueprint and identifier, as far as the change says them.
pub(super) fn name_of(change: &Change) -> (Option<&str>, Option<&str>) {
    match change {
        Change::PutEntity(e) => (Some(&e.blueprint), Some(&e.identifier)),
        Change::DeleteEntity(_) => (None, None),
        Change::PutBlueprint(b) => (Some(&b.identifier), Some(&b.identifier)),
        Change::DeleteBlueprint(identifier) => (Some(identifier), Some(identifier)),
        Change::PutSource(s) => (None, Some(&s.id)),
        Change::DeleteSource(id) => (None, Some(id)),
        Change::PutWaitingClaim(_) | Change::DeleteWaitingClaim(..) => (None, None),
        Change::PutRecord(r) => (of_blueprint(&r.collection, &r.key), Some(&r.key)),
        Change::DeleteRecord(collection, key) => (of_blueprint(collection, key), Some(key)),
    }
}

fn of_blueprint<'k>(collection: &str, key: &'k str) -> Option<&'k str> {
    (collection == "blueprint_permissions").then_some(key)
}

/// An entry without values: of a change and the one before it of the same thing.
pub(super) fn of_change(logged: &LoggedChange, before: Option<&Change>) -> AuditEntry {
    let change = &logged.change;
    let was = before.filter(|before| !is_gone(before));
    let action = match (was, is_gone(change)) {
        (_, true) => Delete,
        (Some(_), false) => Update,
        // Their history is not asked for: what is said of a source is how it does now.
        (None, false) if matches!(change, Change::PutSource(_)) => Update,
        (None, false) => Create,
    };
    let (mut blueprint, mut identifier) = name_of(change);
    if let Some(Change::PutEntity(e)) = was.filter(|_| identifier.is_none()) {
        (blueprint, identifier) = (Some(&*e.blueprint), Some(&*e.identifier));
    }
    let (via, address) = from_of(&logged.actor);
    AuditEntry {
        id: format!("c{}", logged.id),
        at: logged.at,
        success: true,
        action,
        name: None,
        kind: kind_of(change).to_owned(),
        blueprint: blueprint.map(str::to_owned),
        identifier: identifier.map(str::to_owned),
        actor: Some(logged.actor.name.clone()),
        through: Some(logged.actor.through.clone()),
        via,
        credential: None,
        address,
        agent: agent_of(change),
        message: None,
        details: run_of(&logged.actor),
        revision: Some(logged.revision),
        before: None,
        after: None,
        hidden: is_hidden(change),
    }
}

fn is_gone(change: &Change) -> bool {
    matches!(
        change,
        Change::DeleteEntity(_)
            | Change::DeleteBlueprint(_)
            | Change::DeleteSource(_)
            | Change::DeleteRecord(..)
            | Change::DeleteWaitingClaim(..)
    )
}

fn is_hidden(change: &Change) -> bool {
    match change {
        Change::PutRecord(record) => record.is_private(),
        Change::DeleteRecord(collection, _) => is_private(collection),
        _ => false,
    }
}

/// `session 192.0.2.7` is the kind of credential and the address.
fn from_of(actor: &Actor) -> (Option<String>, Option<String>) {
    let Some(from) = &actor.from else { return (None, None) };
    let from = from.split_once(RUN).map_or(from.as_str(), |(from, _)| from);
    match from.split_once(' ') {
        Some((via, address)) => (Some(via.to_owned()), Some(address.to_owned())),
        None => (Some(from.to_owned()), None),
    }
}

/// What stands before the id of the run that made a change.
const RUN: &str = " run=";

/// The run that made a change.
fn run_of(actor: &Actor) -> Value {
    let run = actor.from.as_deref().and_then(|from| from.split_once(RUN));
    run.map_or(Value::Null, |(_, run)| json!({ "runId": run }))
}

fn agent_of(change: &Change) -> Option<String> {
    let stamps = match change {
        Change::PutEntity(e) => &e.stamps,
        Change::PutBlueprint(b) => &b.stamps,
        Change::PutRecord(r) => &r.stamps,
        _ => return None,
    };
    stamps.datasource.as_deref().map(str::to_owned)
}

/// An entry from a line of a journal; `prefix` tells journals apart.
pub(super) fn of_line(line: &JournalLine, prefix: char) -> AuditEntry {
    let body = line.body.value();
    let text = |key: &str| body.get(key).and_then(Value::as_str).filter(|t| !t.is_empty()).map(str::to_owned);
    let name = text("action");
    let (action, noun) = name.as_deref().map_or((Read, "refusal"), meaning);
    let kind = text("kind").unwrap_or_else(|| noun.to_owned());
    let resource = text("resource");
    let dropped = body.get("dropped").and_then(Value::as_u64);
    let lost = dropped.map(|count| format!("{count} refused attempts were counted and not written down"));
    AuditEntry {
        id: format!("{prefix}{}", line.id),
        at: text("at").and_then(|at| Timestamp::parse(&at)).unwrap_or(line.at),
        success: text("status").as_deref() == Some("SUCCESS"),
        action,
        blueprint: resource.clone().filter(|_| kind == "entity" || kind == "blueprint"),
        identifier: resource.filter(|_| kind != "entity"),
        kind,
        name,
        actor: text("actor"),
        through: None,
        via: text("via").filter(|via| via != "none"),
        credential: text("credential"),
        address: text("address"),
        agent: text("agent"),
        message: text("message").or(lost),
        details: body.get("details").cloned().unwrap_or_default(),
        revision: None,
        before: None,
        after: None,
        hidden: false,
    }
}

/// Action and kind of thing, from the name of a right or of an event.
fn meaning(name: &str) -> (AuditAction, &'static str) {
    let verb = |verb: &str| match verb {
        "create" => Create,
        "update" => Update,
        "delete" => Delete,
        "execute" => Execute,
        _ => Read,
    };
    match name {
        "SignIn" => (SignIn, "session"),
        "SignOut" => (SignOut, "session"),
        "UseLink" => (Use, "link"),
        "CreateLink" => (Create, "link"),
        "RevokeLink" => (Delete, "link"),
        "ChangePassword" => (Update, "account"),
        "RotateToken" => (Update, "token"),
        "ChangeSecretsKey" => (Update, "organization"),
        "StartRun" => (Execute, "run"),
        "HandOverSecrets" => (Read, "run"),
        "AnswerRun" | "ApproveRun" | "CancelRun" | "DeclineRun" | "RetryRun" | "SettleRun" => (Update, "run"),
        name => Action::ALL
            .iter()
            .find(|action| action.name() == name)
            .and_then(|action| action.scope().split_once(':'))
            .map_or((Read, "refusal"), |(v, noun)| (verb(v), singular(noun))),
    }
}

/// What the noun of a scope is called where there is one of it.
fn singular(noun: &'static str) -> &'static str {
    match noun {
        "entities" => "entity",
        "audit-log" | "metrics" | "organization" => noun,
        noun => noun.strip_suffix('s').unwrap_or(noun),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use stagedoor_auth::Action;
    use stagedoor_model::{JournalLine, JsonText, Timestamp};

    use super::{AuditAction, meaning, of_line};

    #[test]
    fn every_right_is_an_action_on_a_kind() {
        for action in Action::ALL {
            let (_, kind) = meaning(action.name());
            assert!(kind != "refusal" && (kind == "metrics" || !kind.ends_with('s')), "{action:?}: {kind}");
        }
        assert_eq!(meaning("UnregisterEntity"), (AuditAction::Delete, "entity"));
        assert_eq!(meaning("RevokeToken"), (AuditAction::Delete, "token"));
    }

    #[test]
    fn a_line_of_lost_refusals_says_so() {
        let body = JsonText::of(&json!({ "status": "FAILURE", "dropped": 7 }));
        let entry = of_line(&JournalLine { id: 3, at: Timestamp(5), body }, 'r');
        assert_eq!((entry.id.as_str(), entry.success, entry.at), ("r3", false, Timestamp(5)));
        assert!(entry.message.unwrap().starts_with("7 refused attempts"));
    }
}
