//! One text of a reading: a file that is not opened, only read, or taken apart; what an address said.

use std::collections::{HashSet, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering::Relaxed;

use stagedoor_ingest::files::{self, FileErrorKind};

use super::cache::{Cache, Look, Summary};
use super::includes::Includes;
use super::item::{Content, Item, location_item};
use super::reading::{Outcome, Reading, whole_file};
use super::remembered::{Basis, Digest, Remembered, digest_of};
use super::scope::{Pending, Scope};
use super::source::Source;
use super::standing::Standing;
use super::{KnownKinds, LocationConfig};
use crate::Portal;

/// Reads sources, remembering texts that have not changed.
#[derive(Default)]
pub(crate) struct Reader {
    pub(super) cache: Cache,
    /// Across restarts, where there is a folder for it.
    pub(super) remembered: Option<Remembered>,
    /// The claims that stand, gathered when a reading first asks for them.
    standing: Option<Standing>,
}

impl Reader {
    /// A reader that remembers files in a folder.
    pub(crate) fn over(folder: Option<&Path>) -> Self {
        Self { remembered: folder.map(Remembered::in_folder), ..Self::default() }
    }

    /// What was read comes into the catalog now: the claims will be others.
    pub(crate) fn end(&mut self) {
        self.standing = None;
    }

    /// Remembers what a source said. Call it when the catalog has it.
    pub(crate) fn keep(&mut self, source: &str, reading: &Reading) {
        if !matches!(reading.outcome, Outcome::Read) {
            return;
        }
        let part = reading.partial || reading.unreached.is_some();
        if let Some(remembered) = &mut self.remembered {
            remembered.keep(source, &reading.pairs, part);
        }
        if !part {
            let place = |item: &Item| item.item.rsplit_once('#').map(|(place, _)| place.to_owned());
            let places: HashSet<String> = reading.items.iter().filter_map(place).collect();
            self.cache.keep(source, |known| places.contains(known));
        }
    }

    /// Forgets a source that is no more.
    pub(crate) fn forget(&mut self, source: &str) {
        self.cache.forget(source);
    }

    /// Reads a location on this machine's disk, and everything that it leads to.
    pub(crate) fn read_local(&mut self, source: &Source, portal: &Portal, kinds: &KnownKinds) -> Reading {
        let mut reading = Reading::default();
        let Some(location) = source.location() else { return reading };
        let root = match root_of(location) {
            Ok(root) => root,
            Err(problem) => {
                reading.problems.push(whole_file(&location.target, &problem));
                reading.outcome = Outcome::Unreachable(problem);
                return reading;
            }
        };
        let origin = format!("{}:{root}", location.kind);
        reading.items.push(location_item(&location.kind, &root, &origin, &portal.shared.sources.code_hosts));
        let basis = Basis::of(source, &portal.shared.sources.config.rules, kinds);
        let catalog = portal.shared.catalog.load_full();
        let scope = Scope { source, portal, kinds, origin: &origin, catalog, basis: &basis, includes: None };
        let first = Pending { target: root, origin: origin.as_str().into(), optional: false, root: true };
        let mut queue = VecDeque::from([first]);
        let (mut seen, most) = (HashSet::new(), portal.shared.sources.config.most_files.0);
        while let Some(pending) = queue.pop_front() {
            for path in expand(&pending, &scope, &mut reading) {
                if seen.len() >= most && !seen.contains(path.display().to_string().as_str()) {
                    reading.leads_too_far(&pending.target, most);
                    return reading;
                }
                if seen.insert(path.display().to_string()) {
                    self.read_file(&path, &scope, &mut reading, &mut queue);
                }
            }
        }
        reading
    }

    /// Reads a file into the reading, with as little work as what is remembered of it allows.
    fn read_file(
        &mut self,
        path: &Path,
        scope: &Scope<'_>,
        reading: &mut Reading,
        queue: &mut VecDeque<Pending>,
    ) {
        let name = path.display().to_string();
        let look = Look::of_file(path);
        if let Some((look, _)) = look
            && self.repeat_known(&name, look, scope, reading, queue).is_some()
        {
            return;
        }
        match files::read_text(path) {
            Ok(text) => {
                let settled = look.filter(|(_, settled)| *settled).map(|(look, _)| look);
                self.read_text(&name, &text, settled, scope, reading, queue);
            }
            Err(error) => {
                reading.kept.files.insert(scope.place(&name));
                reading.problems.push(whole_file(&name, &error.to_string()));
            }
        }
    }

    /// Reads what an address said.
    pub(super) fn read_url(
        &mut self,
        name: &str,
        body: &[u8],
        scope: &Scope<'_>,
        reading: &mut Reading,
        queue: &mut VecDeque<Pending>,
    ) -> Took {
        let look = Look::Text(digest_of(body));
        if let Some(leads_on) = self.repeat_known(name, look, scope, reading, queue) {
            return Took::Taken { leads_on };
        }
        let Ok(text) = std::str::from_utf8(body) else {
            return Took::Refused(format!("{name} is not UTF-8 text"));
        };
        // An answer without content is a fault of the host more often than a wish: files say it with a comment.
        if text.trim().is_empty() && scope.holds_claims_of(name) {
            return Took::Refused(format!("{name} answered with nothing"));
        }
        self.read_text(name, text, Some(look), scope, reading, queue)
    }

    /// The reading says once more what the catalog has already, where the text is known. Whether it leads on.
    fn repeat_known(
        &self,
        name: &str,
        look: Look,
        scope: &Scope<'_>,
        reading: &mut Reading,
        queue: &mut VecDeque<Pending>,
    ) -> Option<bool> {
        let (place, basis) = (scope.place(name), scope.judged_by());
        let summary = self.cache.unchanged(&place, look, basis, &scope.source.id, &scope.catalog)?;
        repeat(&summary, reading);
        lead(name, &summary, scope, reading, queue);
        Some(!summary.targets.is_empty())
    }

    fn read_text(
        &mut self,
        name: &str,
        text: &str,
        look: Option<Look>,
        scope: &Scope<'_>,
        reading: &mut Reading,
        queue: &mut VecDeque<Pending>,
    ) -> Took {
        let place = scope.place(name);
        let file = self.remembered.as_ref().map(|_| scope.basis.file(scope.origin, &place, text));
        let summary = match file.and_then(|file| self.recall(file, &place, scope)) {
            Some(summary) => {
                repeat(&summary, reading);
                summary
            }
            None => {
                let documents = scope.documents(name, text);
                if scope.includes.is_some_and(Includes::wants_more) {
                    return Took::Postponed;
                }
                scope.portal.shared.counters.files_parsed.fetch_add(1, Relaxed);
                let (mut summary, claimed) = scope.take(name, documents, reading);
                // What it leads to stands in it, not in its claims.
                let whole = !summary.volatile && summary.targets.is_empty();
                summary.pair = file.filter(|_| whole).map(|file| (file, claimed));
                summary
            }
        };
        lead(name, &summary, scope, reading, queue);
        let leads_on = !summary.targets.is_empty();
        self.cache.remember(&place, look, scope.judged_by(), &scope.source.id, summary);
        Took::Taken { leads_on }
    }

    /// What a text says, if it was read before, and the catalog holds all that it said then and nothing else.
    fn recall(&mut self, file: Digest, place: &str, scope: &Scope<'_>) -> Option<Summary> {
        let claimed = *self.remembered.as_ref()?.claimed(&file)?;
        let standing = self.standing.get_or_insert_with(|| Standing::of(&scope.catalog));
        let summary = standing.summary(&scope.source.id, place, &claimed)?;
        Some(Summary { pair: Some((file, claimed)), ..summary })
    }
}

/// What became of a text.
pub(super) enum Took {
    /// It is in the reading.
    Taken {
        /// It leads to others.
        leads_on: bool,
    },
    /// Something that it includes has to be read first.
    Postponed,
    /// It is no text.
    Refused(String),
}

/// The reading says once more what the catalog has already.
fn repeat(summary: &Summary, reading: &mut Reading) {
    for (item, line, reference) in &summary.claims {
        let content = Content::Unchanged { reference: reference.clone() };
        reading.items.push(Item { item: item.clone(), line: *line, content });
    }
}

/// Queues what a text leads to, and remembers it across restarts.
fn lead(
    name: &str,
    summary: &Summary,
    scope: &Scope<'_>,
    reading: &mut Reading,
    queue: &mut VecDeque<Pending>,
) {
    reading.pairs.extend(summary.pair);
    summary.targets.iter().for_each(|(targets, line)| scope.follow(name, targets, *line, reading, queue));
}

/// The absolute form of a configured path.
fn root_of(location: &LocationConfig) -> Result<String, String> {
    let found = location.base_dirs.iter().find(|base| files::exists(&location.target, base));
    let base = found.or(location.base_dirs.first()).ok_or("no folder to resolve it in")?;
    Ok(files::absolute(&location.target, base).display().to_string())
}

/// The files that a target means.
fn expand(pending: &Pending, scope: &Scope<'_>, reading: &mut Reading) -> Vec<PathBuf> {
    match files::expand(&pending.target, Path::new("/")) {
        Ok(expansion) => {
            reading.directories.extend(expansion.directories);
            expansion.files
        }
        Err(error) => {
            reading.directories.extend(error.directories().iter().cloned());
            let outcome = match error.kind {
                FileErrorKind::NotFound => Outcome::Gone(error.to_string()),
                _ => Outcome::Unreachable(error.to_string()),
            };
            reading.fail(pending, scope, outcome);
            Vec::new()
        }
    }
}
