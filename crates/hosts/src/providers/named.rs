//! What several providers read from their configuration in the same way.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use parking_lot::Mutex;
use regex::Regex;
use url::Url;

use super::{Discovered, Discovery, Provider};
use crate::budget::Priority;
use crate::client::Client;
use crate::code::CodeHost;
use crate::config::ConfigProblem;
use crate::error::HostError;
use crate::fields::Fields;

/// The entries of a provider's key by their ids. With `marker` in it, it is one entry, whose id is `default`.
pub(crate) fn named<'a>(fields: &Fields<'a>, marker: &str) -> Vec<(&'a str, Fields<'a>)> {
    if fields.get(marker).is_there() {
        let path: Vec<&str> = fields.path().iter().map(String::as_str).collect();
        return vec![("default", Fields::at(fields.value(), &path))];
    }
    fields.entries()
}

/// A provider for each entry that `read` can read.
pub(crate) fn each<P: Provider + 'static>(
    entries: &Fields<'_>,
    mut read: impl FnMut(&str, &Fields<'_>) -> Option<P>,
) -> Vec<Arc<dyn Provider>> {
    let made = entries.entries();
    let made = made.iter().filter_map(|(id, entry)| read(id, entry));
    made.map(|provider| Arc::new(provider) as Arc<dyn Provider>).collect()
}

/// `catalogPath`, from the root of a repository without the slash.
pub(crate) fn catalog_file(entry: &Fields<'_>, problems: &mut Vec<ConfigProblem>) -> String {
    let path = entry.get("catalogPath").text(problems);
    path.as_deref().unwrap_or("catalog-info.yaml").trim_start_matches('/').to_owned()
}

/// A regular expression; for the whole text where it is `anchored`.
pub(crate) fn pattern(
    fields: &Fields<'_>,
    anchored: bool,
    problems: &mut Vec<ConfigProblem>,
) -> Option<Regex> {
    let text = fields.text(problems)?;
    let whole = if anchored { format!("^(?:{text})$") } else { text };
    match Regex::new(&whole) {
        Ok(pattern) => Some(pattern),
        Err(_) => {
            fields.wrong(problems, "a regular expression is expected");
            None
        }
    }
}

/// Whether files that a push touched may be a catalog file, by the last part of its path; where that is a pattern or
/// the files are not known, they may.
pub(crate) fn concerns_path(catalog_path: &str, touched: Option<&[String]>) -> bool {
    let name = catalog_path.rsplit('/').next().unwrap_or_default();
    let Some(touched) = touched.filter(|_| !name.contains(['*', '?', '['])) else { return true };
    touched.iter().any(|path| path.rsplit('/').next() == Some(name))
}

/// Each thing once, in the order of finding.
pub(crate) fn once(found: Vec<Discovered>) -> Vec<Discovered> {
    let mut seen = HashSet::new();
    found.into_iter().filter(|one| seen.insert(one.document["metadata"]["name"].to_string())).collect()
}

/// Whether the target of a Location can be read now.
pub(crate) async fn is_there(
    host: &dyn CodeHost,
    client: &Client,
    found: &Discovered,
) -> Result<bool, HostError> {
    let target = found.document["spec"]["target"].as_str().and_then(|target| Url::parse(target).ok());
    let Some(target) = target else { return Ok(false) };
    match host.read(client, &target, None).await {
        Ok(_) => Ok(true),
        Err(HostError::NotFound(_)) => Ok(false),
        Err(error) => Err(error),
    }
}

/// What the last discovery found in each repository, so that a push costs a request or two and not all of them again.
#[derive(Default)]
pub(crate) struct Last(Mutex<State>);

#[derive(Default)]
struct State {
    /// With the repository's name in lower case; none until a discovery missed nothing.
    found: Option<Vec<(String, Discovered)>>,
    /// As the host writes them.
    touched: BTreeSet<String>,
    /// What was found by looking at a repository alone: a search may not know it yet.
    alone: Vec<(String, Discovered)>,
}

impl Last {
    /// A push came to a repository. Whether it has to be looked at: not where a file of it is known, for that is read
    /// by itself.
    pub(crate) fn touch(&self, repository: &str) -> bool {
        let mut state = self.0.lock();
        let name = repository.to_lowercase();
        let is_known = |found: &Vec<(String, Discovered)>| found.iter().any(|(known, _)| *known == name);
        if state.found.as_ref().is_some_and(is_known) {
            return false;
        }
        state.touched.insert(repository.to_owned());
        true
    }

    /// Repositories came or went.
    pub(crate) fn forget(&self) {
        self.0.lock().found = None;
    }

    /// The repositories that are looked at alone; none where all of them have to be.
    pub(crate) fn alone(&self, priority: Priority) -> Option<BTreeSet<String>> {
        let state = self.0.lock();
        let has_reason = priority == Priority::Webhook && state.found.is_some() && !state.touched.is_empty();
        has_reason.then(|| state.touched.clone())
    }

    /// Adds to what a search found what it does not know yet, as far as that is still there.
    pub(crate) async fn confirm(
        &self,
        host: &dyn CodeHost,
        client: &Client,
        found: &mut Vec<(String, Discovered)>,
    ) -> Result<(), HostError> {
        let alone = self.0.lock().alone.clone();
        for (name, file) in alone {
            let is_known = found.iter().any(|(known, _)| known.to_lowercase() == name);
            if !is_known && is_there(host, client, &file).await? {
                found.push((name, file));
            } else {
                self.0.lock().alone.retain(|(known, _)| *known != name);
            }
        }
        Ok(())
    }

    /// Everything was looked at.
    pub(crate) fn all(&self, found: Vec<(String, Discovered)>, missed: Option<String>) -> Discovery {
        let mut state = self.0.lock();
        let all = found.iter().map(|(_, found)| found.clone()).collect();
        let found = found.into_iter().map(|(name, found)| (name.to_lowercase(), found)).collect();
        state.found = missed.is_none().then_some(found);
        state.touched.clear();
        Discovery { found: once(all), missed }
    }

    /// Only these were looked at. None where what is known of the others was forgotten in between.
    pub(crate) fn these(
        &self,
        names: &BTreeSet<String>,
        found: Vec<(String, Discovered)>,
    ) -> Option<Discovery> {
        let mut state = self.0.lock();
        state.touched.retain(|name| !names.contains(name));
        let names: HashSet<String> = names.iter().map(|name| name.to_lowercase()).collect();
        let last = state.found.as_mut()?;
        last.retain(|(name, _)| !names.contains(name));
        let found: Vec<_> = found.into_iter().map(|(name, found)| (name.to_lowercase(), found)).collect();
        last.extend(found.iter().cloned());
        state.alone.retain(|(name, _)| !names.contains(name));
        state.alone.extend(found);
        let last = state.found.as_ref()?;
        Some(Discovery { found: once(last.iter().map(|(_, found)| found.clone()).collect()), missed: None })
    }
}
