//! Files that are being written while they are read.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, SystemTime};

use super::reconcile::Spoken;

/// Editors write a file in several steps; what happens within this time is read once.
pub(super) const SETTLE: Duration = Duration::from_millis(80);
/// How exact the time of a file's change is.
const TICK: Duration = Duration::from_millis(20);

/// A file that is being written looks empty, and one that is being replaced absent: what such a file no
/// longer says is kept until it rests. True when there is any. `claimed` is what the source holds: reference and item.
pub(super) fn keep_unsettled(spoken: &mut Spoken, claimed: &[(String, String)]) -> bool {
    let lost = claimed.iter().filter(|(reference, item)| !spoken.stands(reference, item));
    let files: BTreeSet<&str> = lost.filter_map(|(_, item)| Some(item.rsplit_once('#')?.0)).collect();
    let is_busy = |f: &&str| f.strip_prefix("file:").is_some_and(|f| is_unsettled(Path::new(f)));
    let unsettled: Vec<String> = files.into_iter().filter(is_busy).map(str::to_owned).collect();
    let before = spoken.kept.files.len();
    spoken.kept.files.extend(unsettled);
    spoken.kept.files.len() > before
}

/// Whether a file, or the folder that it was in, has changed just now, or by its clock will.
fn is_unsettled(path: &Path) -> bool {
    let meta = path.ancestors().find_map(|p| std::fs::metadata(p).ok());
    let modified = meta.and_then(|m| m.modified().ok());
    modified.is_some_and(|m| m.elapsed().map_or(true, |age| age < SETTLE))
}

/// Whether a folder is gone, or something in it has changed since a moment, or at about that moment.
pub(super) fn changed_since(folder: &Path, moment: SystemTime) -> bool {
    let moment = moment.checked_sub(TICK).unwrap_or(moment);
    let later = |path: &Path| std::fs::metadata(path).and_then(|m| m.modified()).is_ok_and(|m| m >= moment);
    let any_later = || {
        let entries = std::fs::read_dir(folder);
        entries.is_ok_and(|mut entries| entries.any(|e| e.is_ok_and(|e| later(&e.path()))))
    };
    !folder.exists() || later(folder) || any_later()
}
