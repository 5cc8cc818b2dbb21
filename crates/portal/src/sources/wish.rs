//! What the replica that reads the sources is asked for by another one.

use super::Sources;
use super::worker::Event;

/// A wish, as it travels from replica to replica.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    /// Read what has changed: this replica has just become the reader.
    Read,
    /// Read everything, URLs too.
    Sync,
    /// A person confirmed the losses of a held source.
    Confirm(String),
}

impl Wish {
    /// As it travels.
    pub(crate) fn words(&self) -> String {
        match self {
            Self::Read => "read".to_owned(),
            Self::Sync => "sync".to_owned(),
            Self::Confirm(id) => format!("confirm {id}"),
        }
    }

    /// Understands [`Wish::words`]; a newer replica may ask for more than this one knows.
    pub(crate) fn parse(words: &str) -> Option<Self> {
        match words.split_once(' ') {
            None if words == "read" => Some(Self::Read),
            None if words == "sync" => Some(Self::Sync),
            Some(("confirm", id)) => Some(Self::Confirm(id.to_owned())),
            _ => None,
        }
    }
}

impl Sources {
    /// Does as asked, some time. Nobody waits for it.
    pub(crate) fn wish(&self, wish: Wish) {
        let nobody = || tokio::sync::oneshot::channel().0;
        let event = match wish {
            Wish::Read => Event::Files,
            Wish::Sync => Event::Sync(nobody()),
            Wish::Confirm(id) => Event::Confirm(id, nobody()),
        };
        // Where no sources are read the queue has no end; the wish then waits in it.
        let _ = self.events.send(event);
    }
}

#[cfg(test)]
mod tests {
    use super::Wish;

    #[test]
    fn wishes_arrive_as_they_were_sent() {
        for wish in [Wish::Read, Wish::Sync, Wish::Confirm("file:/srv/my catalog/*.yaml".into())] {
            assert_eq!(Wish::parse(&wish.words()), Some(wish));
        }
        assert_eq!(Wish::parse("dance"), None);
    }
}
