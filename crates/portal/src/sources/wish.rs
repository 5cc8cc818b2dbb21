//! What the replica that reads the sources is asked for by another one.

use serde_json::{Value, json};
use stagedoor_hosts::{Priority, ProviderEvent};

use super::Sources;
use super::event::{Asked, Event};

/// What is said between replicas is shorter than this, in bytes (PostgreSQL sends at most 8000).
const LONGEST: usize = 7000;

/// A wish, as it travels from replica to replica.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    /// Read what has changed: this replica has just become the reader.
    Read,
    /// Read everything, URLs too.
    Sync,
    /// A person confirmed the losses of a held source.
    Confirm(String),
    /// Read one source.
    Ask(Asked),
    /// A host told something.
    Host(ProviderEvent),
}

impl Wish {
    /// As it travels.
    pub(crate) fn words(&self) -> String {
        match self {
            Self::Read => "read".to_owned(),
            Self::Sync => "sync".to_owned(),
            Self::Confirm(id) => format!("confirm {id}"),
            Self::Ask(asked) => {
                let Asked { id, place, priority } = asked;
                format!("ask {}", json!({ "id": id, "place": place, "priority": word_of(*priority) }))
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
            None if words == "read" => Some(Self::Read),
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
                }))
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
    /// Does as asked, some time. Nobody waits for it.
    pub(crate) fn wish(&self, wish: Wish) {
        let nobody = || tokio::sync::oneshot::channel().0;
        let event = match wish {
            Wish::Read => Event::Lead,
            Wish::Sync => Event::Sync(nobody()),
            Wish::Confirm(id) => Event::Confirm(id, nobody()),
            Wish::Ask(asked) => Event::Ask(asked, nobody()),
            Wish::Host(event) => Event::Host(event),
        };
        // Where no sources are read the queue has no end; the wish then waits in it.
        let _ = self.events.send(event);
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
        let ask = |place, priority| Wish::Ask(Asked { id: "url:https://h/a b".into(), place, priority });
        let (host, owner) = ("h".to_owned(), "o".to_owned());
        for wish in [
            Wish::Read,
            Wish::Sync,
            Wish::Confirm("file:/srv/my catalog/*.yaml".into()),
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
