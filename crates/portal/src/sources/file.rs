//! One file of a reading: not opened, only read, or taken apart.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::atomic::Ordering::Relaxed;

use stagedoor_ingest::files;

use super::cache::Summary;
use super::item::{Content, Item};
use super::reading::{Pending, Reader, Reading, Scope, follow, whole_file};
use super::remembered::Digest;
use super::standing::Standing;

impl Reader {
    /// Reads a file into the reading, with as little work as what is remembered of it allows.
    pub(super) fn read_file(
        &mut self,
        path: &Path,
        scope: &Scope<'_>,
        reading: &mut Reading,
        queue: &mut VecDeque<Pending>,
    ) {
        let name = path.display().to_string();
        let kinds = scope.kinds.fingerprint();
        if let Some(summary) = self.cache.unchanged(path, kinds, &scope.source, &scope.catalog) {
            repeat(&summary, reading);
            self.keep(&summary);
            lead(&name, &summary, scope, reading, queue);
            return;
        }
        let meta = std::fs::metadata(path).ok();
        match files::read_text(path) {
            Ok(text) => {
                let summary = self.read_text(&name, &text, scope, reading);
                self.keep(&summary);
                lead(&name, &summary, scope, reading, queue);
                self.cache.remember(path, meta, kinds, &scope.source, summary);
            }
            Err(error) => {
                reading.kept.files.insert(format!("file:{name}"));
                reading.problems.push(whole_file(&name, &error.to_string()));
            }
        }
    }

    fn read_text(&mut self, name: &str, text: &str, scope: &Scope<'_>, reading: &mut Reading) -> Summary {
        let place = format!("file:{name}");
        let file = self.remembered.as_ref().map(|_| scope.basis.file(&place, text));
        if let Some(summary) = file.and_then(|file| self.recall(file, &place, scope)) {
            repeat(&summary, reading);
            return summary;
        }
        scope.portal.shared.counters.files_parsed.fetch_add(1, Relaxed);
        let (mut summary, claimed) = scope.take(name, text, reading);
        // What it leads to stands in it, not in its claims.
        let whole = !summary.volatile && summary.targets.is_empty();
        summary.pair = file.filter(|_| whole).map(|file| (file, claimed));
        summary
    }

    /// What a file says, if it was read before, and the catalog holds all that it said then and nothing else.
    fn recall(&mut self, file: Digest, place: &str, scope: &Scope<'_>) -> Option<Summary> {
        let claimed = *self.remembered.as_ref()?.claimed(&file)?;
        let standing = self.standing.get_or_insert_with(|| Standing::of(&scope.catalog));
        let summary = standing.summary(&scope.source, place, &claimed)?;
        Some(Summary { pair: Some((file, claimed)), ..summary })
    }

    fn keep(&mut self, summary: &Summary) {
        let both = self.remembered.as_mut().zip(summary.pair);
        both.into_iter().for_each(|(remembered, pair)| remembered.keep(pair));
    }
}

/// The reading says once more what the catalog has already.
fn repeat(summary: &Summary, reading: &mut Reading) {
    for (item, line, reference) in &summary.claims {
        let content = Content::Unchanged { reference: reference.clone() };
        reading.items.push(Item { item: item.clone(), line: *line, content });
    }
}

/// Queues what a file leads to.
fn lead(
    name: &str,
    summary: &Summary,
    scope: &Scope<'_>,
    reading: &mut Reading,
    queue: &mut VecDeque<Pending>,
) {
    summary.targets.iter().for_each(|(targets, line)| follow(name, targets, *line, scope, reading, queue));
}
