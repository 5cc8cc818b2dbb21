//! The locations that are registered there, and what is read here already.

use std::collections::HashSet;
use std::sync::Arc;

use serde_json::{Value, json};
use tokio::sync::Semaphore;

use super::summary::Summary;
use crate::catalog_api::{Door, counted, locations, progress};

const LOCATIONS: &str = "/api/catalog/locations";
const SOURCES: &str = "/api/stagedoor/v1/sources";
/// Locations that are registered at a time: a server waits a while for the reading of each before it answers.
const AT_ONCE: usize = 16;

/// What is to be registered, and what is read here then.
pub(super) struct Locations {
    /// Addresses that are not read here yet.
    new: Vec<String>,
    /// How many are.
    known: usize,
    /// Those that cannot be registered, `<type>:<target>`.
    others: Vec<String>,
    /// Ids of all sources here, `<type>:<target>`, the new ones included.
    read_here: HashSet<String>,
}

impl Locations {
    /// Looks at both sides.
    ///
    /// # Errors
    /// When one of them cannot be read.
    pub(super) async fn compare(from: &Door, to: &Door, without: bool) -> anyhow::Result<Self> {
        let mut read_here: HashSet<String> = sources(to).await?.into_iter().map(|(id, _)| id).collect();
        for (kind, target) in locations(to).await? {
            read_here.insert(format!("{kind}:{target}"));
        }
        let mut found = Self { new: Vec::new(), known: 0, others: Vec::new(), read_here };
        if without {
            return Ok(found);
        }
        for (kind, target) in locations(from).await? {
            let id = format!("{kind}:{target}");
            match kind.as_str() {
                _ if found.read_here.contains(&id) => found.known += 1,
                "url" => {
                    found.read_here.insert(id);
                    found.new.push(target);
                }
                _ => found.others.push(id),
            }
        }
        Ok(found)
    }

    /// Whether entities of this origin are read here.
    pub(super) fn is_read_here(&self, origin: &str) -> bool {
        self.read_here.contains(origin)
    }

    /// Registers those that are new.
    ///
    /// # Errors
    /// When the portal cannot be reached, or does not let the token register anything.
    pub(super) async fn register(
        &self,
        to: &Door,
        ask_only: bool,
        summary: &mut Summary,
    ) -> anyhow::Result<()> {
        summary.locations_known = self.known;
        summary.locations_left_out.clone_from(&self.others);
        if ask_only {
            summary.locations_new = self.new.len();
            return Ok(());
        }
        let places = Arc::new(Semaphore::new(AT_ONCE));
        let posts = self.new.iter().map(|target| {
            let places = Arc::clone(&places);
            async move {
                let _place = places.acquire().await?;
                let body = json!({ "type": "url", "target": target }).to_string();
                anyhow::Ok((target, to.post(LOCATIONS, "application/json", body).await?))
            }
        });
        if !self.new.is_empty() {
            progress(&format!("registering {}", counted(self.new.len(), "location", "locations")));
        }
        for post in futures_util::future::join_all(posts).await {
            let (target, answer) = post?;
            match answer.status {
                200..=299 => summary.locations_new += 1,
                409 => summary.locations_known += 1,
                401 | 403 => drop(to.json(&answer, LOCATIONS)?),
                _ => summary.refused.push((format!("url:{target}"), answer.words())),
            }
        }
        Ok(())
    }

    /// Says which of the new ones could not be read here.
    ///
    /// # Errors
    /// When the portal cannot be asked.
    pub(super) async fn look_after(&self, to: &Door, summary: &mut Summary) -> anyhow::Result<()> {
        // A database without a server reads nothing.
        if matches!(to, Door::Near(_)) || self.new.is_empty() {
            return Ok(());
        }
        let new: HashSet<String> = self.new.iter().map(|target| format!("url:{target}")).collect();
        for (id, source) in sources(to).await? {
            let state = source.get("state").and_then(Value::as_str).unwrap_or_default();
            if new.contains(&id) && matches!(state, "stale" | "gone") {
                let reason = source.get("reason").and_then(Value::as_str).unwrap_or("it cannot be read");
                summary.unread.push((id, reason.to_owned()));
            }
        }
        Ok(())
    }
}

/// The sources of a portal, by id.
async fn sources(to: &Door) -> anyhow::Result<Vec<(String, Value)>> {
    let list = to.json(&to.get(SOURCES).await?, SOURCES)?;
    let list = list.get("sources").and_then(Value::as_array).cloned().unwrap_or_default();
    let id = |source: &Value| source.get("id").and_then(Value::as_str).map(str::to_owned);
    Ok(list.into_iter().filter_map(|source| Some((id(&source)?, source))).collect())
}
