//! Port's `$datasource`: the `User-Agent` of an entity's last writer, and the entities of one data source.

use stagedoor_model::Timestamp;
use stagedoor_query::NodeId;
use uuid::Uuid;

use crate::View;

/// Which entities of a data source are wanted.
#[derive(Clone, Debug, Default)]
pub struct DatasourceQuery {
    /// What `$datasource` begins with.
    pub prefix: String,
    /// What it ends with.
    pub suffix: String,
    /// Only entities that have not changed since.
    pub before: Option<Timestamp>,
    /// After this uid: where the page before ended.
    pub after: Option<Uuid>,
    /// At most this many.
    pub limit: usize,
}

impl View {
    /// A page of the entities that a data source wrote, in the order of their uids: that never changes, so a
    /// cursor neither repeats nor skips what stays. The uid to go on from, where there may be more.
    #[must_use]
    pub fn of_datasource(&self, query: &DatasourceQuery) -> (Vec<NodeId>, Option<Uuid>) {
        let mut nodes = Vec::new();
        let mut last = None;
        for (node, entity) in self.catalog.entities_after(query.after) {
            let stamps = &entity.record.stamps;
            let ours = stamps.datasource.as_deref().is_some_and(|d| {
                d.len() >= query.prefix.len().max(query.suffix.len())
                    && d.starts_with(&query.prefix)
                    && d.ends_with(&query.suffix)
            });
            if !ours || query.before.is_some_and(|before| stamps.updated_at >= before) {
                continue;
            }
            // The permission of the viewer is asked last: it may cost more than the stamps do.
            if self.entity(node).is_none() {
                continue;
            }
            if nodes.len() == query.limit {
                return (nodes, last);
            }
            nodes.push(node);
            last = Some(entity.record.uid);
        }
        (nodes, None)
    }
}

/// `port-ocean/github/1.2.3/main/exporter` without the version, for a new version of a writer is no news. Only the
/// first part that looks like one: an integration may be called `2nd`.
pub(super) fn without_version(datasource: &str) -> String {
    let is_version =
        |part: &str| part.trim_start_matches(['v', '^', '~']).starts_with(|c: char| c.is_ascii_digit());
    let mut found = false;
    let parts = datasource.split_inclusive(['/', ' ']).filter(|part| {
        let drop = !found && is_version(part);
        found |= drop;
        !drop
    });
    parts.collect()
}

#[cfg(test)]
mod tests {
    use super::without_version;

    #[test]
    fn only_the_version_of_a_writer_is_no_news() {
        for (a, b, same) in [
            ("port-ocean/github/1.2.3/main/exporter", "port-ocean/github/1.3.0-dev/main/exporter", true),
            ("port-ocean/github/1.2.3/2nd/exporter", "port-ocean/github/1.2.3/3rd/exporter", false),
            ("port-ocean/github/1.2.3/7/exporter", "port-ocean/github/1.2.4/8/exporter", false),
            ("port-k8s-exporter/^0.3.4 (statekey/a)", "port-k8s-exporter/^0.4.0 (statekey/a)", true),
            ("port-k8s-exporter/^0.3.4 (statekey/1)", "port-k8s-exporter/^0.3.4 (statekey/2)", false),
            ("github-action/v1.0", "github-action/v2", true),
            ("github-action/v1.0", "port-agent", false),
        ] {
            assert_eq!(without_version(a) == without_version(b), same, "{a} {b}");
        }
    }
}
