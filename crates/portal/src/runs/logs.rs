//! What a run tells: the journal `run/<id>`, a line at a time. Secrets are taken out before a line is kept.
//!
//! A thread of its own writes them, in handfuls, so that no step waits for the disk; whoever watches a run is woken
//! when its lines can be read. So a line has one number, the same on every replica.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, OnceLock, Weak};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use stagedoor_actions::{Level, Status};
use stagedoor_auth::Viewer;
use stagedoor_model::{JournalLine, JsonText};
use stagedoor_store::Store;
use tokio::sync::oneshot;

use super::RunLine;
use crate::error::PortalError;
use crate::{Portal, Shared, clock, writer};

/// What names of journals of runs begin with.
const JOURNALS: &str = "run/";
/// Lines that are written at once.
const HANDFUL: usize = 500;
/// Lines of one run that are kept: the newest.
const KEPT: usize = 20_000;
/// Bytes of one line; the rest of it is cut off.
const LONGEST: usize = 32 * 1024;
/// Handfuls after which the oldest lines of a long log are forgotten.
const FORGET: u64 = 64;
/// Lines in one answer.
const MOST: usize = 1_000;

/// A line to be told.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Line {
    pub(super) level: Level,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) step: Option<String>,
    pub(super) message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) step_status: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) termination: Option<Status>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) status_label: Option<String>,
    /// Finds it again, for whoever wants to know its number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) mark: Option<String>,
}

impl Line {
    /// About a step, with what became of it.
    pub(super) fn of_step(step: &str, status: &str, level: Level, message: &str) -> Self {
        let (step, step_status) = (Some(step.to_owned()), Some(status.to_owned()));
        Self { level, step, step_status, message: message.to_owned(), ..Self::default() }
    }
}

impl RunLine {
    fn of(line: &JournalLine) -> Self {
        let read: Line = serde_json::from_str(line.body.as_str()).unwrap_or_default();
        Self {
            id: line.id,
            at: line.at,
            level: read.level,
            step: read.step,
            message: read.message,
            step_status: read.step_status,
            by: read.by,
            termination: read.termination,
            status_label: read.status_label,
        }
    }
}

enum Task {
    Line(String, JsonText),
    Flush(oneshot::Sender<()>),
}

/// Where lines go.
#[derive(Default)]
pub(crate) struct Logs(OnceLock<Option<Sender<Task>>>);

impl Logs {
    /// The thread begins with the first line.
    fn queue(&self, shared: &Arc<Shared>) -> Option<&Sender<Task>> {
        let start = || {
            let (queue, inbox) = channel();
            let shared = Arc::downgrade(shared);
            let write = move || write(&shared, &inbox);
            match std::thread::Builder::new().name("run-logs".into()).spawn(write) {
                Ok(_) => Some(queue),
                Err(error) => {
                    tracing::error!(%error, "the logs of runs cannot be written");
                    None
                }
            }
        };
        self.0.get_or_init(start).as_ref()
    }
}

pub(super) fn journal(run: &str) -> String {
    format!("{JOURNALS}{run}")
}

fn write(shared: &Weak<Shared>, inbox: &Receiver<Task>) {
    for handful in 0_u64.. {
        let Ok(first) = inbox.recv() else { return };
        let Some(shared) = shared.upgrade() else { return };
        let (mut runs, mut waiting) = (BTreeMap::<String, Vec<JsonText>>::new(), Vec::new());
        for task in std::iter::once(first).chain(inbox.try_iter().take(HANDFUL)) {
            match task {
                Task::Line(run, line) => runs.entry(run).or_default().push(line),
                Task::Flush(done) => waiting.push(done),
            }
        }
        let lines: Vec<(String, Vec<JsonText>)> =
            runs.into_iter().map(|(run, lines)| (journal(&run), lines)).collect();
        if let Err(error) = shared.store.append_journals(clock::now(), &lines) {
            tracing::error!(%error, "lines of logs of runs could not be written");
        }
        for (name, _) in &lines {
            shared.runs.hub.tell(name.strip_prefix(JOURNALS).unwrap_or(name));
        }
        // Now and then the logs that are being written lose their oldest lines.
        if handful.is_multiple_of(FORGET) {
            for (name, _) in &lines {
                if let Err(error) = shared.store.append_journal(name, clock::now(), &[], KEPT) {
                    tracing::debug!(%error, "a log keeps its oldest lines");
                }
            }
        }
        for done in waiting {
            // Whoever waited may be gone.
            let _ = done.send(());
        }
    }
}

/// A line as it is kept: clean, and not too long.
fn kept(mut line: Line, clean: &super::secrets::Clean) -> JsonText {
    line.message = cut(&clean.text(&line.message));
    line.status_label = line.status_label.as_deref().map(|label| clean.text(label));
    JsonText::of(&serde_json::to_value(&line).unwrap_or(Value::Null))
}

fn cut(text: &str) -> String {
    if text.len() <= LONGEST {
        return text.to_owned();
    }
    let end = (0..=LONGEST).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    format!("{} ... (cut)", text.get(..end).unwrap_or_default())
}

impl Portal {
    /// Adds a line to a run's log. Returns at once.
    pub(super) fn tell_run(&self, run: &str, line: Line) {
        let line = kept(line, &self.clean(run));
        if let Some(queue) = self.shared.runs.logs.queue(&self.shared) {
            // The thread ends with the portal: nobody reads this any more.
            let _ = queue.send(Task::Line(run.to_owned(), line));
        }
    }

    /// Waits until what has been told so far can be read.
    pub(super) async fn flush_run_logs(&self) {
        let Some(queue) = self.shared.runs.logs.queue(&self.shared) else { return };
        let (done, wait) = oneshot::channel();
        if queue.send(Task::Flush(done)).is_ok() {
            let _ = wait.await;
        }
    }

    /// Adds lines, and answers them as they are kept.
    pub(super) async fn keep_lines(&self, run: &str, lines: Vec<Line>) -> Result<Vec<RunLine>, PortalError> {
        let mark = uuid::Uuid::new_v4().simple().to_string();
        let count = lines.len();
        for line in lines {
            self.tell_run(run, Line { mark: Some(mark.clone()), ..line });
        }
        self.flush_run_logs().await;
        let journal = journal(run);
        let read = move |store: &dyn Store| {
            let mut found = store.journal(&journal, None, count.saturating_mul(2).saturating_add(200))?;
            found.retain(|line| line.body.as_str().contains(&mark));
            found.reverse();
            Ok(found)
        };
        let kept = self.run_journal(read).await?;
        Ok(kept.iter().map(RunLine::of).collect())
    }

    /// Lines of a run, oldest first: those after a number, the first `offset` of them left out.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn run_logs(
        &self,
        viewer: &Viewer,
        id: &str,
        after: Option<i64>,
        offset: usize,
        limit: usize,
    ) -> Result<Vec<RunLine>, PortalError> {
        self.run(viewer, id)?;
        self.flush_run_logs().await;
        let lines = self.lines_after(id, after.unwrap_or(0)).await?;
        Ok(lines.into_iter().skip(offset).take(limit.min(MOST)).collect())
    }

    /// All lines after a number, oldest first. Those of a run are few enough to be read at once.
    pub(super) async fn lines_after(&self, run: &str, after: i64) -> Result<Vec<RunLine>, PortalError> {
        let journal = journal(run);
        let read = move |store: &dyn Store| {
            let (mut found, mut before) = (Vec::<JournalLine>::new(), None);
            loop {
                let page = store.journal(&journal, before, HANDFUL)?;
                let last = page.len() < HANDFUL || page.last().is_none_or(|line| line.id <= after);
                before = page.last().map(|line| line.id);
                found.extend(page.into_iter().filter(|line| line.id > after));
                if last || found.len() > KEPT {
                    return Ok(found);
                }
            }
        };
        let found = self.run_journal(read).await?;
        Ok(found.iter().rev().map(RunLine::of).collect())
    }

    /// Reads where waiting for the disk holds up nobody.
    pub(super) async fn run_journal<T: Send + 'static>(
        &self,
        read: impl FnOnce(&dyn Store) -> Result<T, stagedoor_store::StoreError> + Send + 'static,
    ) -> Result<T, PortalError> {
        let store = Arc::clone(&self.shared.store);
        let done = tokio::task::spawn_blocking(move || read(store.as_ref())).await;
        let gone = |_| PortalError::Unavailable("the portal is shutting down".into());
        done.map_err(gone)?.map_err(writer::internal)
    }
}
