//! Which folders are watched, and whose they are.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::mpsc::Sender;
use std::time::SystemTime;

use notify::{RecommendedWatcher, RecursiveMode, Watcher};

use super::event::Event;

/// Folders that are watched, and those that each source has looked into.
pub(super) struct Watching {
    watcher: Option<RecommendedWatcher>,
    watched: BTreeMap<PathBuf, Identity>,
    sources: BTreeMap<String, BTreeSet<PathBuf>>,
}

/// Which folder it is that has this name now. Inodes are used again, so its birth counts too.
type Identity = Option<(u64, Option<SystemTime>)>;

impl Watching {
    /// Watches nothing yet. Changes come as events.
    pub(super) fn new(events: Sender<Event>) -> Self {
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            // Reading a file is an event too; only changes matter.
            if let Ok(event) = event
                && !event.kind.is_access()
            {
                let paths = if event.need_rescan() { Vec::new() } else { event.paths };
                let _ = events.send(Event::Files(paths));
            }
        });
        let watcher = watcher.inspect_err(
            |error| tracing::warn!(%error, "files cannot be watched; changes are seen at the next start"),
        );
        Self { watcher: watcher.ok(), watched: BTreeMap::new(), sources: BTreeMap::new() }
    }

    /// The sources that a change at a path may concern; none where that cannot be told.
    pub(super) fn concerned(&self, path: &Path) -> Vec<&String> {
        let of = |folders: &BTreeSet<PathBuf>| {
            folders.contains(path) || path.parent().is_some_and(|parent| folders.contains(parent))
        };
        self.sources.iter().filter(|(_, folders)| of(folders)).map(|(id, _)| id).collect()
    }

    /// The sources that have looked into a folder.
    pub(super) fn of_folder(&self, folder: &Path) -> impl Iterator<Item = &String> {
        self.sources.iter().filter(move |(_, folders)| folders.contains(folder)).map(|(id, _)| id)
    }

    /// A source has looked into these folders. Answers those of all sources that were not watched before.
    pub(super) fn look(&mut self, sources: Vec<(String, BTreeSet<PathBuf>)>) -> Vec<PathBuf> {
        self.sources.extend(sources);
        self.update()
    }

    /// A source is no more.
    pub(super) fn forget(&mut self, source: &str) {
        if self.sources.remove(source).is_some() {
            self.update();
        }
    }

    /// Watches what the sources look into, and nothing else.
    fn update(&mut self) -> Vec<PathBuf> {
        let Some(watcher) = &mut self.watcher else { return Vec::new() };
        // A folder that was replaced by another of its name is another folder.
        let wanted: BTreeMap<PathBuf, Identity> =
            self.sources.values().flatten().map(|f| (f.clone(), identity(f))).collect();
        for (gone, _) in self.watched.iter().filter(|(f, id)| wanted.get(*f) != Some(id)) {
            // It may be gone from the disk as well.
            let _ = watcher.unwatch(gone);
        }
        let mut fresh = Vec::new();
        for (new, _) in wanted.iter().filter(|(f, id)| self.watched.get(*f) != Some(id)) {
            match watcher.watch(new, RecursiveMode::NonRecursive) {
                Ok(()) => fresh.push(new.clone()),
                Err(_) if !new.exists() => fresh.push(new.clone()),
                Err(error) => {
                    tracing::warn!(%error, folder = %new.display(), "this folder cannot be watched")
                }
            }
        }
        self.watched = wanted.into_iter().filter(|(_, id)| id.is_some()).collect();
        fresh
    }
}

fn identity(folder: &Path) -> Identity {
    let meta = std::fs::metadata(folder).ok()?;
    Some((meta.ino(), meta.created().ok()))
}
