//! What replicas say to each other about sources.

use serde_json::{Value, json};
use stagedoor_hosts::{Priority, ProviderEvent};
use stagedoor_model::Timestamp;

use super::event::{Asked, Event};
use super::{Sources, Status};

/// What is said between replicas is shorter than this, in bytes (PostgreSQL sends at most 8000).
const LONGEST: usize = 7000;

/// A wish, as it travels from replica to replica.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    /// Look which sources are yours: that may have changed. Nobody says it to another one.
    Duty,
    /// Read everything that is yours, URLs too.
    Sync,
    /// A person confirmed the losses of a held source.
    Confirm(String),
    /// Read one source.
    Ask(Asked),
    /// A host told something.
    Host(ProviderEvent),
    /// A source has been read: when, and when it is again, in milliseconds since 1970.
    Told {
        /// Of the source.
        id: String,
        last: i64,
        next: Option<i64>,
    },
}

impl Wish {
    /// As it travels.
    pub(crate) fn words(&self) -> String {
        match self {
            Self::Duty => "duty".to_owned(),
            Self::Sync => "sync".to_owned(),
            Self::Confirm(id) => format!("confirm {id}"),
            Self::Ask(asked) => {
                let Asked { id, place, priority, first } = asked;
                let priority = word_of(*priority);
                format!("ask {}", json!({ "id": id, "place": place, "priority": priority, "first": first }))
            }
            Self::Told { id, last, next } => {
                format!("told {}", json!({ "id": id, "last": last, "next": next }))
            }
            Self::Host(event) => {
                let words = format!("host {}", written(event, true));
                // Without its files a push concerns every file of its repository.
                if words.len() < LONGEST { words } else { format!("host {}", written(event, false)) }
            }
        }
    }

    /// Understands [`Wish::words`]; a newer replica may ask for more than this one knows.
    pub(crate) fn parse(words: &str) -> Option<Self> {
        match words.split_once(' ') {
            None if words == "sync" => Some(Self::Sync),
            Some(("confirm", id)) => Some(Self::Confirm(id.to_owned())),
            Some(("ask", body)) => {
                let body: Value = serde_json::from_str(body).ok()?;
                let text = |key: &str| body.get(key).and_then(Value::as_str);
                let priority = PRIORITIES.iter().find(|(_, word)| text("priority") == Some(*word))?.0;
                Some(Self::Ask(Asked {
                    id: text("id")?.to_owned(),
                    place: text("place").map(str::to_owned),
                    priority,
                    first: body.get("first").and_then(Value::as_bool).unwrap_or(false),
                }))
            }
            Some(("told", body)) => {
                let body: Value = serde_json::from_str(body).ok()?;
                let (id, number) =
                    (body.get("id")?.as_str()?.to_owned(), |key| body.get(key).and_then(Value::as_i64));
                Some(Self::Told { id, last: number("last")?, next: number("next") })
            }
            Some(("host", body)) => read(&serde_json::from_str(body).ok()?).map(Self::Host),
            _ => None,
        }
    }
}

const PRIORITIES: [(Priority, &str); 3] =
    [(Priority::Poll, "poll"), (Priority::Webhook, "webhook"), (Priority::Person, "person")];

fn word_of(priority: Priority) -> &'static str {
    PRIORITIES.iter().find(|(known, _)| *known == priority).map_or("poll", |(_, word)| word)
}

fn written(event: &ProviderEvent, whole: bool) -> Value {
    match event {
        ProviderEvent::Push { host, repository, branch, paths } => {
            let paths = paths.as_ref().filter(|_| whole);
            json!({ "push": repository, "host": host, "branch": branch, "paths": paths })
        }
        ProviderEvent::Repositories { host, owner } => json!({ "repositories": owner, "host": host }),
        ProviderEvent::People { host, owner } => json!({ "people": owner, "host": host }),
    }
}

fn read(event: &Value) -> Option<ProviderEvent> {
    let text = |key: &str| event.get(key).and_then(Value::as_str).map(str::to_owned);
    let host = text("host")?;
    if let Some(owner) = text("repositories") {
        return Some(ProviderEvent::Repositories { host, owner });
    }
    if let Some(owner) = text("people") {
        return Some(ProviderEvent::People { host, owner });
    }
    let paths = event.get("paths").and_then(Value::as_array);
    let paths = paths.map(|paths| paths.iter().filter_map(|p| p.as_str().map(str::to_owned)).collect());
    Some(ProviderEvent::Push { host, repository: text("push")?, branch: text("branch")?, paths })
}

impl Sources {
    /// Does as asked, some time, as far as it is this replica's. Nobody waits for it.
    pub(crate) fn wish(&self, wish: Wish) {
        let event = match wish {
            Wish::Duty => Event::Duty,
            Wish::Sync => Event::Sync(None),
            Wish::Confirm(id) => Event::Confirm(id, None),
            Wish::Ask(asked) => Event::Ask(asked, None),
            Wish::Host(event) => Event::Host(event),
            Wish::Told { id, last, next } => return self.told(id, Timestamp(last), next.map(Timestamp)),
        };
        self.send(event);
    }

    /// Another replica has read a source.
    fn told(&self, id: String, last: Timestamp, next: Option<Timestamp>) {
        let mut status = self.status.lock();
        let status: &mut Status = status.entry(id).or_default();
        (status.last_run, status.next_run) = (Some(last), next);
        status.told += 1;
        self.told.send_modify(|count| *count += 1);
    }
}

#[cfg(test)]
mod tests {
    use stagedoor_hosts::{Priority, ProviderEvent};

    use super::{Asked, LONGEST, Wish};

    fn push(files: usize) -> ProviderEvent {
        ProviderEvent::Push {
            host: "h:1".into(),
            repository: "o/r".into(),
            branch: "main".into(),
            paths: Some((0..files).map(|n| format!("folder/{n}.yaml")).collect()),
        }
    }

    #[test]
    fn wishes_arrive_as_they_were_sent() {
        let ask = |place, priority| {
            let first = priority == Priority::Webhook;
            Wish::Ask(Asked { id: "url:https://h/a b".into(), place, priority, first })
        };
        let (host, owner) = ("h".to_owned(), "o".to_owned());
        for wish in [
            Wish::Sync,
            Wish::Confirm("file:/srv/my catalog/*.yaml".into()),
            Wish::Told { id: "url:https://h/a b".into(), last: 7, next: Some(8) },
            Wish::Told { id: "p".into(), last: 7, next: None },
            ask(None, Priority::Person),
            ask(Some("url:https://h/c".into()), Priority::Webhook),
            Wish::Host(push(3)),
            Wish::Host(ProviderEvent::Repositories { host: host.clone(), owner: owner.clone() }),
            Wish::Host(ProviderEvent::People { host, owner }),
        ] {
            assert_eq!(Wish::parse(&wish.words()), Some(wish));
        }
        let long = Wish::Host(push(1000)).words();
        assert!(long.len() < LONGEST);
        assert!(matches!(Wish::parse(&long), Some(Wish::Host(ProviderEvent::Push { paths: None, .. }))));
        assert_eq!(Wish::parse("dance"), None);
    }
}
