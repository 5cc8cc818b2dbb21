//! Runs of templates as Backstage's scaffolder lists them: tasks.

use std::cmp::Ordering;
use std::sync::Arc;

use serde_json::{Map, Value};
use stagedoor_actions::{Run, RunKind, Status};
use stagedoor_auth::Viewer;

use super::start::check_names;
use crate::Portal;
use crate::error::PortalError;
use crate::runs::{DEFINITIONS, RunQuery};

/// Runs that are asked for at once.
const PAGE: usize = 1_000;

/// How a task is doing, in Backstage's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TaskState {
    /// Nothing has been done yet.
    Open,
    /// Under way.
    Processing,
    /// Ended well.
    Completed,
    /// Ended badly.
    Failed,
    /// Ended because somebody wished so.
    Cancelled,
}

impl TaskState {
    /// How a run is doing.
    #[must_use]
    pub fn of(run: &Run) -> Self {
        match run.status {
            Status::WaitingForApproval => Self::Open,
            Status::InProgress if run.steps.is_empty() => Self::Open,
            Status::InProgress => Self::Processing,
            Status::Success => Self::Completed,
            Status::Failure => Self::Failed,
            Status::Declined | Status::Cancelled => Self::Cancelled,
        }
    }

    /// The word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Processing => "processing",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

/// By what tasks can be ordered. Nothing else of them is to be told by an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskOrderField {
    /// When it was made.
    CreatedAt,
    /// The word for how it is doing.
    Status,
    /// Reference of whoever made it.
    CreatedBy,
}

/// One order of tasks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TaskOrder {
    /// By what.
    pub field: TaskOrderField,
    /// The other way round.
    pub descending: bool,
}

/// Which tasks are wanted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TaskQuery {
    /// Made by any of these, by reference; by anybody where empty.
    pub created_by: Vec<String>,
    /// In any of these states, by word; in all where empty.
    pub states: Vec<String>,
    /// Newest first where empty.
    pub order: Vec<TaskOrder>,
    /// So many are left out at the beginning.
    pub offset: usize,
    /// At most so many.
    pub limit: Option<usize>,
}

/// A page of tasks.
#[derive(Clone, Debug, Default)]
pub struct TasksPage {
    /// Those of the page.
    pub tasks: Vec<Arc<Run>>,
    /// How many there are on all pages.
    pub total: usize,
}

/// Who made a task, as a reference of Backstage; `None` for programs.
#[must_use]
pub fn created_by(run: &Run) -> Option<&str> {
    run.context.get("user")?.get("ref")?.as_str()
}

impl Portal {
    /// The tasks that the viewer may see.
    ///
    /// # Errors
    /// `Forbidden`.
    pub fn template_tasks(&self, viewer: &Viewer, query: &TaskQuery) -> Result<TasksPage, PortalError> {
        let mut tasks = Vec::new();
        loop {
            let all = RunQuery {
                kinds: vec![RunKind::Template],
                offset: tasks.len(),
                limit: PAGE,
                ..RunQuery::default()
            };
            let page = self.runs(viewer, &all)?;
            let last = page.runs.is_empty() || tasks.len() + page.runs.len() >= page.total;
            tasks.extend(page.runs);
            if last {
                break;
            }
        }
        tasks.retain(|run| {
            let by = |wanted: &String| created_by(run).is_some_and(|by| by.eq_ignore_ascii_case(wanted));
            let state = TaskState::of(run).as_str();
            (query.created_by.is_empty() || query.created_by.iter().any(by))
                && (query.states.is_empty() || query.states.iter().any(|wanted| wanted == state))
        });
        // The runs come newest first; sorting keeps that among equals.
        tasks.sort_by(|a, b| {
            let orders = query.order.iter().map(|order| compare(a, b, *order));
            orders.fold(Ordering::Equal, Ordering::then)
        });
        let total = tasks.len();
        let page = tasks.into_iter().skip(query.offset).take(query.limit.unwrap_or(usize::MAX));
        Ok(TasksPage { tasks: page.collect(), total })
    }

    /// What a task is made of, as Backstage keeps it: steps, output, values, who made it, which template. No secrets: a
    /// run's are kept elsewhere.
    #[must_use]
    pub fn template_task_spec(&self, run: &Run) -> Value {
        let catalog = self.shared.catalog.load();
        let definition = catalog.record(DEFINITIONS, &run.definition).map(|record| record.body.value());
        let mut spec = match definition {
            Some(Value::Object(spec)) => spec,
            _ => Map::new(),
        };
        spec.insert("parameters".into(), Value::Object(run.inputs.clone()));
        let user = run.context.get("user").cloned();
        spec.insert("user".into(), user.unwrap_or_else(|| Value::Object(Map::new())));
        Value::Object(spec)
    }

    /// Begins a task again where it failed or was cancelled. Its secrets went with its end: they are given anew.
    ///
    /// # Errors
    /// `NotFound`; `Forbidden`; `Conflict` for one that has not failed.
    pub async fn retry_template(
        &self,
        viewer: &Viewer,
        id: &str,
        secrets: Map<String, Value>,
    ) -> Result<Arc<Run>, PortalError> {
        self.template_task(viewer, id)?;
        check_names(&secrets)?;
        let secrets = self.with_environment(secrets);
        self.retry_run(viewer, id, &secrets).await.map_err(|error| match error {
            PortalError::Invalid { code: "not_failed", message, .. } => {
                PortalError::Conflict { code: "not_failed", message }
            }
            error => error,
        })
    }

    /// A run of a template.
    ///
    /// # Errors
    /// `NotFound`, also for a run of something else and one that the viewer may not see.
    pub fn template_task(&self, viewer: &Viewer, id: &str) -> Result<Arc<Run>, PortalError> {
        let absent = || {
            PortalError::NotFound(format!(
                "No task with id '{}' found",
                id.chars().take(100).collect::<String>()
            ))
        };
        match self.run(viewer, id) {
            Ok(run) if run.of.kind == RunKind::Template => Ok(run),
            Ok(_) | Err(PortalError::NotFound(_)) => Err(absent()),
            Err(error) => Err(error),
        }
    }
}

fn compare(a: &Run, b: &Run, order: TaskOrder) -> Ordering {
    let plain = match order.field {
        TaskOrderField::CreatedAt => a.created_at.cmp(&b.created_at),
        TaskOrderField::Status => TaskState::of(a).as_str().cmp(TaskState::of(b).as_str()),
        TaskOrderField::CreatedBy => created_by(a).cmp(&created_by(b)),
    };
    if order.descending { plain.reverse() } else { plain }
}
