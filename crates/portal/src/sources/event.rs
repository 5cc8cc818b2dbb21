//! Why the thread that reads sources wakes up.

use std::path::PathBuf;

use stagedoor_hosts::{Discovery, Found, HostError, Priority, ProviderEvent};
use tokio::sync::oneshot;

use super::scope::Pending;

/// One thing that happened.
pub(crate) enum Event {
    /// Something has changed at these watched paths; none where it cannot be told what.
    Files(Vec<PathBuf>),
    /// The portal starts, and waits for the end of the first reading: of its files, and of everything.
    First(oneshot::Sender<()>, oneshot::Sender<()>),
    /// Which sources this replica reads may have changed.
    Duty,
    /// The list of sources, or the kinds there are, may have changed.
    Catalog,
    /// Someone asks for a reading of everything, and may wait for its end.
    Sync(Option<oneshot::Sender<()>>),
    /// Someone asks for one source, or for what it says at one place.
    Ask(Asked, Option<oneshot::Sender<()>>),
    /// A person confirmed the losses of a held source.
    Confirm(String, Option<oneshot::Sender<()>>),
    /// A host tells that something has changed there.
    Host(ProviderEvent),
    /// A target has been read for a job.
    Fetched(u64, Pending, Result<Vec<Found>, HostError>),
    /// What a placeholder names has been read for a job.
    Included(u64, String, Result<String, HostError>),
    /// A provider has answered a job.
    Discovered(u64, Result<Discovery, HostError>),
    /// The portal is gone.
    Stop,
}

/// What somebody asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    /// Of the source.
    pub(crate) id: String,
    /// One of its places, `<type>:<file or url>`, where the rest need not be read.
    pub(crate) place: Option<String>,
    pub(crate) priority: Priority,
    /// It is new: its first reading will do, whoever has begun it.
    pub(crate) first: bool,
}
