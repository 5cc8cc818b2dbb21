//! Runs that concern whoever looks at the home page.

use serde::Serialize;
use stagedoor_auth::Viewer;
use stagedoor_portal::RunQuery;
use utoipa::ToSchema;

use crate::Api;
use crate::runs::{InboxRow, RunRow};

/// Runs of one sort that are listed.
const MOST: usize = 6;

/// Runs that concern the caller; none for whoever may not read runs.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct HomeRuns {
    /// What the caller has run last, at most six.
    runs: Vec<RunRow>,
    /// What waits for the caller's word, the oldest first, at most six.
    approvals: Vec<InboxRow>,
    /// How many wait, listed or not.
    approvals_total: usize,
}

impl HomeRuns {
    pub(super) fn of(api: &Api, viewer: &Viewer) -> Self {
        let starter = viewer.email().unwrap_or(viewer.name()).to_owned();
        let query = RunQuery { starter: Some(starter), limit: MOST, ..RunQuery::default() };
        let own = api.portal.runs(viewer, &query).unwrap_or_default();
        let waiting = api.portal.inbox_of(viewer).unwrap_or_default();
        Self {
            runs: own.runs.iter().map(|run| RunRow::of(run)).collect(),
            approvals: waiting.iter().take(MOST).map(InboxRow::of).collect(),
            approvals_total: waiting.len(),
        }
    }
}
