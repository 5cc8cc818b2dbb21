//! One repository at a git server: where its references stand, and what has been fetched of it.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::pack::{Broken, Kind, LARGEST, Oid, Pack};
use super::protocol::{self, Able, Greeting, Trouble};
use super::tree::{self, Files};
use super::wire::{Asked, LARGEST_PACK, Service, Wire};
use crate::client::Client;
use crate::error::HostError;

/// What was fetched is kept this long after its last use: the files of one reading are asked for one by one.
const KEPT: Duration = Duration::from_secs(60);
/// Contents that are asked for at once.
const AT_ONCE: usize = 2_000;

/// A repository. Whoever asks it something has it alone.
#[derive(Default)]
pub(super) struct Repository {
    /// How it is spoken to, once that is known.
    spoken: Option<(Wire, Able, bool)>,
    /// Where a reference stood, when that was asked.
    tips: HashMap<String, (Instant, Oid)>,
    snapshots: HashMap<Oid, Snapshot>,
    /// It takes no wishes for single contents.
    whole_only: bool,
}

/// A commit that was fetched.
pub(super) struct Snapshot {
    pub(super) files: Files,
    packs: Vec<Pack>,
    /// Without the contents of its files.
    bare: bool,
    used: Instant,
}

/// What one asks with.
pub(super) struct Way<'a> {
    pub(super) client: &'a Client,
    pub(super) wire: Wire,
    /// The host, for its budget and for errors.
    pub(super) host: &'a str,
    /// The repository, for errors.
    pub(super) name: String,
    /// The address names a commit.
    pub(super) by_commit: bool,
}

impl Repository {
    /// The commit that a reference stands at. Who began to wait at `since` takes an answer that was asked for later.
    pub(super) async fn tip(
        &mut self,
        way: &Way<'_>,
        reference: Option<&str>,
        since: Instant,
    ) -> Result<Oid, HostError> {
        // A commit stays what it is.
        if let Some(oid) = reference.and_then(Oid::parse) {
            return Ok(oid);
        }
        let key = reference.unwrap_or("HEAD").to_owned();
        if let Some((_, oid)) = self.tips.get(&key).filter(|(asked, _)| *asked >= since) {
            return Ok(*oid);
        }
        let asked = Instant::now();
        let names = protocol::meanings(reference);
        let refs = self.refs(way, &names).await?;
        let found = names.iter().find_map(|name| refs.get(name)).copied();
        let oid = found.ok_or_else(|| {
            let what = if reference.is_none() && refs.is_empty() {
                "no commit yet".to_owned()
            } else {
                format!("no branch or tag {key}")
            };
            HostError::NotFound(format!("{} has {what}", way.name))
        })?;
        self.tips.insert(key, (asked, oid));
        Ok(oid)
    }

    async fn refs(&mut self, way: &Way<'_>, names: &[String]) -> Result<HashMap<String, Oid>, HostError> {
        if let Some((wire, able, true)) = &self.spoken {
            let body = protocol::where_stand(able, names);
            let answer = match wire.ask(way.client, way.host, body, Asked::List).await {
                Ok(answer) => answer,
                Err(error) => {
                    // It may have become another one.
                    self.spoken = None;
                    return Err(error);
                }
            };
            return protocol::they_stand(&answer).map_err(|trouble| way.explained(trouble));
        }
        let (greeting, wire) = way.wire.greeting(way.client, way.host, Service::Fetch).await?;
        match protocol::greeting(&greeting).map_err(|trouble| way.explained(trouble))? {
            Greeting::Listing(refs, able) => {
                self.spoken = Some((wire, able, false));
                Ok(refs)
            }
            Greeting::Able(able) => {
                let body = protocol::where_stand(&able, names);
                let answer = wire.ask(way.client, way.host, body, Asked::List).await?;
                self.spoken = Some((wire, able, true));
                protocol::they_stand(&answer).map_err(|trouble| way.explained(trouble))
            }
        }
    }

    /// A commit with all of its trees, fetched where that has not been done a moment ago.
    pub(super) async fn snapshot(&mut self, way: &Way<'_>, commit: Oid) -> Result<&mut Snapshot, HostError> {
        if !self.snapshots.contains_key(&commit) {
            let snapshot = self.fetched(way, commit).await?;
            self.snapshots.insert(commit, snapshot);
        }
        let snapshot = self.snapshots.get_mut(&commit).ok_or_else(|| way.broken("it was lost"))?;
        snapshot.used = Instant::now();
        Ok(snapshot)
    }

    async fn fetched(&mut self, way: &Way<'_>, commit: Oid) -> Result<Snapshot, HostError> {
        if self.spoken.is_none() {
            self.refs(way, &["HEAD".to_owned()]).await?;
        }
        let Some((wire, able, is_new)) = &self.spoken else { return Err(way.broken("it was lost")) };
        let bare = *is_new && able.filter && !self.whole_only;
        let pack = if *is_new {
            let body = protocol::fetch(able, &[commit], !able.shallow, !bare);
            protocol::fetched(&way.asked(wire, body).await?)
        } else {
            let body = protocol::fetch_of_old(able, commit);
            protocol::fetched_of_old(able, &way.asked(wire, body).await?)
        };
        let pack = read(way, pack.map_err(|trouble| way.explained(trouble))?).await?;
        let (pack, files) = blocking(way, move || {
            let files = tree::files(&pack, &commit)?;
            Ok((pack, files))
        })
        .await?;
        Ok(Snapshot { files, packs: vec![pack], bare, used: Instant::now() })
    }

    /// The contents of some files of a commit, in their order.
    pub(super) async fn contents(
        &mut self,
        way: &Way<'_>,
        commit: Oid,
        wanted: &[Oid],
    ) -> Result<Vec<Bytes>, HostError> {
        let snapshot = self.snapshot(way, commit).await?;
        let missing: Vec<Oid> = wanted.iter().filter(|oid| !snapshot.has(oid)).copied().collect();
        if !missing.is_empty() {
            let is_bare = snapshot.bare;
            let refused = match is_bare {
                true => self.add(way, commit, &missing).await.err(),
                false => Some(HostError::Unreachable(format!("{} sent no pack with every file", way.name))),
            };
            match refused {
                None => {}
                // It leaves contents out, and does not give them one by one: then all of it.
                Some(HostError::Unreachable(_) | HostError::NotFound(_)) if is_bare => {
                    self.whole_only = true;
                    self.snapshots.remove(&commit);
                }
                Some(error) => return Err(error),
            }
        }
        let snapshot = self.snapshot(way, commit).await?;
        wanted.iter().map(|oid| snapshot.content(way, oid)).collect()
    }

    async fn add(&mut self, way: &Way<'_>, commit: Oid, missing: &[Oid]) -> Result<(), HostError> {
        let Some((wire, able, true)) = &self.spoken else { return Err(way.broken("it was lost")) };
        let mut packs = Vec::new();
        for some in missing.chunks(AT_ONCE) {
            let body = protocol::fetch(able, some, true, true);
            let pack = protocol::fetched(&way.asked(wire, body).await?);
            let pack = read(way, pack.map_err(|trouble| way.explained(trouble))?).await?;
            if let Some(oid) = some.iter().find(|oid| !pack.has(oid)) {
                return Err(way.broken(&format!("it did not send {oid}")));
            }
            packs.push(pack);
        }
        self.snapshot(way, commit).await?.packs.extend(packs);
        Ok(())
    }

    /// A commit with all of its trees, for whoever wants no more of this repository.
    pub(super) async fn trees(mut self, way: &Way<'_>, commit: Oid) -> Result<Pack, HostError> {
        self.snapshot(way, commit).await?;
        let found = self.snapshots.remove(&commit).and_then(|snapshot| snapshot.packs.into_iter().next());
        found.ok_or_else(|| way.broken("it was lost"))
    }

    /// Where a reference stood when that was asked last.
    pub(super) fn last_tip(&self, reference: Option<&str>) -> Option<Oid> {
        let commit = reference.and_then(Oid::parse);
        commit.or_else(|| self.tips.get(reference.unwrap_or("HEAD")).map(|(_, oid)| *oid))
    }

    /// Forgets what has not been used for a while.
    pub(super) fn tidy(&mut self) {
        self.snapshots.retain(|_, snapshot| snapshot.used.elapsed() < KEPT);
        self.tips.retain(|_, (asked, _)| asked.elapsed() < KEPT);
    }

    /// Forgets what was fetched.
    pub(super) fn forget(&mut self) {
        self.snapshots.clear();
    }

    /// The memory that it takes.
    pub(super) fn size(&self) -> usize {
        self.snapshots.values().flat_map(|snapshot| &snapshot.packs).map(Pack::size).sum()
    }
}

impl Snapshot {
    fn has(&self, oid: &Oid) -> bool {
        self.packs.iter().any(|pack| pack.has(oid))
    }

    fn content(&self, way: &Way<'_>, oid: &Oid) -> Result<Bytes, HostError> {
        let pack = self.packs.iter().find(|pack| pack.has(oid));
        let object = pack.map_or(Ok(None), |pack| pack.object(oid));
        match object {
            Ok(Some((Kind::Blob, content))) => Ok(content.into()),
            Ok(_) => Err(way.broken(&format!("{oid} is missing"))),
            Err(Broken::TooLarge) => Err(HostError::Unreachable(format!(
                "a file of {} is larger than the {LARGEST} bytes that are read",
                way.name
            ))),
            Err(Broken::Wrong(what)) => Err(way.broken(what)),
        }
    }
}

impl Way<'_> {
    /// An answer to a wish for objects.
    async fn asked(&self, wire: &Wire, body: Bytes) -> Result<Bytes, HostError> {
        let answer = wire.ask(self.client, self.host, body, Asked::Pack).await;
        answer.map_err(|error| match error {
            HostError::Unreachable(text) if text.contains("is larger than") => {
                HostError::Unreachable(format!(
                    "the newest commit of {} is larger than the {} MiB that are read; a server that allows \
                 uploadpack.allowFilter need not send all of it",
                    self.name,
                    LARGEST_PACK >> 20
                ))
            }
            other => other,
        })
    }

    fn explained(&self, trouble: Trouble) -> HostError {
        match trouble {
            // A commit that a reference stood at a moment ago is not absent: it was replaced meanwhile.
            Trouble::Said(text) if self.by_commit && text.contains("not our ref") => {
                HostError::NotFound(format!("{}: {text}", self.name))
            }
            Trouble::Said(text) => HostError::Unreachable(format!("{} answered: {text}", self.name)),
            Trouble::Malformed(what) => self.broken(&what),
        }
    }

    fn broken(&self, what: &str) -> HostError {
        HostError::Unreachable(format!("{} cannot be read: {what}", self.name))
    }
}

/// Reads a pack where nobody waits for the thread.
async fn read(way: &Way<'_>, pack: Vec<u8>) -> Result<Pack, HostError> {
    if pack.len() > LARGEST_PACK {
        return Err(way.broken("its pack is larger than what is read"));
    }
    blocking(way, move || Pack::read(pack.into()).map_err(|broken| format!("its pack is broken: {broken}")))
        .await
}

async fn blocking<T: Send + 'static>(
    way: &Way<'_>,
    work: impl FnOnce() -> Result<T, String> + Send + 'static,
) -> Result<T, HostError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|_| Err("reading it failed unexpectedly".to_owned()))
        .map_err(|what| way.broken(&what))
}
