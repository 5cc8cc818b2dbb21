//! One run from where it is to its end: what comes next, its intent, the deed, what came of it.
//!
//! A task goes round until nothing is left to do now. It reads the run anew each time, for others change it, too: people
//! cancel it, clients report on it. Before a step is begun, its intent is durable; what came of it is durable before
//! anything is planned on top. A task that is ended anywhere in between is the same as a crash.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use stagedoor_actions::{Effect, Level, Next, Outcome, Planned, Run, RunKind, Status, Step, StepState};
use stagedoor_model::Timestamp;
use tokio::sync::{Notify, OwnedSemaphorePermit};
use tokio::task::{AbortHandle, JoinSet};

use super::commits::End;
use super::engine::{Counters, deadline};
use super::logs::Line;
use super::perform::{Came, How};
use crate::{Portal, clock};

/// Between two attempts to keep something while the database is away.
const PAUSE: Duration = Duration::from_millis(200);

/// What a task remembers of the run that it looks after.
struct Care {
    portal: Portal,
    id: String,
    news: Arc<Notify>,
    /// Steps that are being performed, by id.
    under_way: JoinSet<Came>,
    handles: HashMap<String, AbortHandle>,
}

/// What a round came to.
enum Round {
    /// There may be more to do.
    Again,
    /// Nothing can be done now.
    Idle,
    /// It is over, or another process's.
    Over,
}

impl Portal {
    /// Looks after a run for as long as there is something to do.
    pub(super) async fn look_after(self, id: String, news: Arc<Notify>) {
        let mut care = Care {
            portal: self.clone(),
            id: id.clone(),
            news,
            under_way: JoinSet::new(),
            handles: HashMap::new(),
        };
        loop {
            self.shared.runs.seen(&id);
            match care.round().await {
                Round::Again => {}
                Round::Idle if !care.handles.is_empty() => care.wait().await,
                Round::Idle | Round::Over => {
                    if self.shared.runs.leave(&id) {
                        return;
                    }
                }
            }
        }
    }
}

impl Care {
    async fn round(&mut self) -> Round {
        let runs = &self.portal.shared.runs;
        let catalog = self.portal.shared.catalog.load_full();
        let run = runs.book.read(&catalog, |pages| pages.get(&self.id).cloned());
        let Some(run) = run.filter(|run| run.holder.as_deref() == Some(runs.holder())) else {
            self.handles.clear();
            self.under_way.abort_all();
            return Round::Over;
        };
        if run.status.has_ended() {
            // A client has reported its end while it was being performed: what still comes is not waited for.
            self.under_way.abort_all();
            self.handles.clear();
            self.portal.after_end(&run).await;
            return Round::Over;
        }
        if run.status != Status::InProgress {
            return Round::Idle;
        }
        if runs.is_halted() {
            return Round::Idle;
        }
        let over = deadline(&run, &runs.config.limits).is_some_and(|at| at <= clock::now());
        if run.cancelling || over {
            return self.end_early(&run, over && !run.cancelling).await;
        }
        if is_queued(&run) && !self.portal.has_place(&run) {
            return Round::Idle;
        }
        if self.resume(&run).await {
            return Round::Again;
        }
        self.go_on(&run).await
    }

    /// Waits until a step has come to something, or something has happened to the run.
    async fn wait(&mut self) {
        tokio::select! {
            came = self.under_way.join_next_with_id() => match came {
                Some(Ok((_, came))) => {
                    self.handles.remove(&came.step);
                    self.settle(came).await;
                }
                // Aborted by this task itself, or a panic.
                Some(Err(error)) => self.lost(&error).await,
                None => self.handles.clear(),
            },
            () = self.news.notified() => {}
        }
    }

    /// What was begun and is not being performed here: after a crash, or when it is time to look again.
    async fn resume(&mut self, run: &Arc<Run>) -> bool {
        let now = clock::now();
        let mut any = false;
        for step in &run.steps {
            if self.handles.contains_key(&step.id) || step.wake_at.is_some_and(|at| at > now) {
                continue;
            }
            let how = match &step.state {
                StepState::Intent { .. } => How::Recover,
                StepState::Following { handle } => How::Follow(handle.clone()),
                _ => continue,
            };
            match self.portal.planned_again(run, &step.id).await {
                Ok(planned) => self.begin(run, &planned, step, how, None),
                Err(why) => {
                    let came = Came::failed(&step.id, &format!("it cannot be gone on with: {why}"));
                    self.settle(came).await;
                }
            }
            any = true;
        }
        any
    }

    /// What comes next.
    async fn go_on(&mut self, run: &Arc<Run>) -> Round {
        let next = match self.portal.next_of(Arc::clone(run)).await {
            Ok(next) => next,
            Err(why) => Next::Fail(why),
        };
        match next {
            Next::Wait => Round::Idle,
            Next::Succeed(output) => self.end(run, End::Success(output)).await,
            Next::Fail(_) if !self.handles.is_empty() => Round::Idle,
            Next::Fail(why) => self.end(run, End::Failure(why)).await,
            Next::Skip(steps) => self.skip(run, steps).await,
            Next::Perform(steps) => self.perform(run, steps).await,
        }
    }

    async fn perform(&mut self, run: &Arc<Run>, steps: Vec<Planned>) -> Round {
        let now = clock::now();
        let is_free = |planned: &Planned| match run.steps.iter().find(|step| step.id == planned.id) {
            Some(step) => step.state == StepState::Open && step.wake_at.is_none_or(|at| at <= now),
            None => true,
        };
        let steps: Vec<Planned> = steps.into_iter().filter(is_free).collect();
        if steps.is_empty() {
            return Round::Idle;
        }
        // Asked for before the intent: nothing that only waits for its turn looks as if it may have happened.
        let turns = Arc::clone(&self.portal.shared.runs.turns);
        let turn = tokio::select! {
            turn = turns.acquire_owned() => turn.ok().map(Arc::new),
            () = self.news.notified() => return Round::Again,
        };
        let masked: Vec<(Planned, serde_json::Value)> = steps
            .into_iter()
            .map(|planned| {
                self.portal.hide_planned(&run.id, &planned);
                let input = self.portal.clean(&run.id).value(planned.input.clone());
                (planned, input)
            })
            .collect();
        let portal = self.portal.clone();
        let begun = self.kept(|| portal.begin_steps(run, &masked)).await;
        let run = match begun {
            Some(Some(run)) => run,
            // Another process's, or no place is free: looked at again when its time comes.
            Some(None) | None => return Round::Idle,
        };
        for (planned, _) in masked {
            let Some(step) = run.steps.iter().find(|step| step.id == planned.id) else { continue };
            let text = match step.attempts {
                1 => format!("Beginning step {}", planned.name),
                attempt => format!("Beginning step {} (attempt {attempt})", planned.name),
            };
            self.portal.tell_run(&run.id, Line::of_step(&planned.id, "processing", Level::Info, &text));
            self.begin(&run, &planned, step, How::Perform, turn.clone());
        }
        Round::Again
    }

    fn begin(
        &mut self,
        run: &Arc<Run>,
        planned: &Planned,
        step: &Step,
        how: How,
        turn: Option<Arc<OwnedSemaphorePermit>>,
    ) {
        Counters::add(&self.portal.shared.runs.counters.steps);
        let (portal, run, planned, step) =
            (self.portal.clone(), Arc::clone(run), planned.clone(), step.clone());
        let id = step.id.clone();
        let work = async move {
            let came = portal.perform_step(run, planned, step, how).await;
            drop(turn);
            came
        };
        let handle = self.under_way.spawn(work);
        self.handles.insert(id, handle);
    }

    /// Keeps what came of a step; with it, if that is so, the end of the run.
    async fn settle(&mut self, came: Came) {
        let (portal, id) = (self.portal.clone(), self.id.clone());
        let catalog = portal.shared.catalog.load_full();
        let Some(run) = portal.shared.runs.book.read(&catalog, |pages| pages.get(&id).cloned()) else {
            return;
        };
        let end = self.end_after(&run, &came).await;
        // Told first: whoever watches the run to its end has then read it.
        let mut after = run.as_ref().clone();
        came.apply(&mut after, &portal.shared.runs.config.limits, clock::now());
        if !run.status.has_ended() {
            portal.tell_outcome(&after, &came);
        }
        let asks = run.of.kind == RunKind::Workflow && matches!(came.result, Ok(Outcome::Reported { .. }));
        let asked = if asks { portal.asked_by(Arc::new(after), &came.step).await } else { Vec::new() };
        self.kept(|| portal.keep_outcome(&run, &came, end.as_ref(), &asked)).await;
    }

    /// How the run ends with this, if it does: so that both are one commit.
    async fn end_after(&self, run: &Arc<Run>, came: &Came) -> Option<End> {
        if run.cancelling || run.status != Status::InProgress {
            return None;
        }
        let mut after = run.as_ref().clone();
        came.apply(&mut after, &self.portal.shared.runs.config.limits, clock::now());
        if after.status != Status::InProgress {
            return None;
        }
        match self.portal.next_of(Arc::new(after)).await {
            Ok(Next::Succeed(output)) => Some(End::Success(output)),
            Ok(Next::Fail(why)) if self.handles.is_empty() => Some(End::Failure(why)),
            _ => None,
        }
    }

    async fn end(&mut self, run: &Arc<Run>, end: End) -> Round {
        let portal = self.portal.clone();
        if let End::Failure(why) = &end {
            let text = format!("Run failed: {why}");
            portal.tell_run(&run.id, Line { level: Level::Error, ..Line::said(&text) });
        }
        match self.kept(|| portal.end_run(run, &end)).await {
            Some(_) => Round::Again,
            None => Round::Over,
        }
    }

    async fn skip(&mut self, run: &Arc<Run>, steps: Vec<(Planned, String)>) -> Round {
        let portal = self.portal.clone();
        match self.kept(|| portal.skip_steps(run, &steps)).await {
            Some(_) => {
                for (planned, why) in steps {
                    self.portal.tell_run(&run.id, Line::of_step(&planned.id, "skipped", Level::Info, &why));
                }
                Round::Again
            }
            None => Round::Over,
        }
    }

    /// A person wants it to end, or its time is over.
    async fn end_early(&mut self, run: &Arc<Run>, over: bool) -> Round {
        let mut left = Vec::new();
        for step in &run.steps {
            let performer = self.portal.shared.runs.performers.get(&step.performer);
            let outside = performer.is_some_and(|performer| performer.effect() == Effect::Outside);
            let begun = matches!(
                step.state,
                StepState::Intent { .. } | StepState::Following { .. } | StepState::Reported
            );
            if begun
                && outside
                && let Err(why) = self.portal.cancel_step(run, step).await
            {
                left.push(format!("\"{}\": {why}", step.name));
            }
        }
        self.under_way.abort_all();
        while self.under_way.join_next().await.is_some() {}
        self.handles.clear();
        for why in &left {
            let text = format!("outside it may go on: {why}");
            self.portal.tell_run(&run.id, Line { level: Level::Warn, ..Line::said(&text) });
        }
        let end = match over {
            true => End::Failure("it took too long".into()),
            false => End::Cancelled,
        };
        self.end(run, end).await
    }

    /// A step's task has ended without a word.
    async fn lost(&mut self, error: &tokio::task::JoinError) {
        if error.is_cancelled() {
            return;
        }
        let id = error.id();
        let step = self.handles.iter().find(|(_, handle)| handle.id() == id).map(|(step, _)| step.clone());
        let Some(step) = step else { return };
        self.handles.remove(&step);
        tracing::error!(run = self.id, step, %error, "a step broke down");
        self.settle(Came::broken(&step)).await;
    }

    /// Keeps something, however long the database is away. `None`: the run is another process's, or this one ends.
    async fn kept<T, F>(&self, keep: impl Fn() -> F) -> Option<T>
    where
        F: Future<Output = Result<T, crate::PortalError>>,
    {
        loop {
            match keep().await {
                Ok(done) => return Some(done),
                Err(crate::PortalError::Conflict { .. } | crate::PortalError::NotFound(_)) => return None,
                Err(error) => {
                    tracing::warn!(run = self.id, %error, "what became of a run is not kept yet: tried again");
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }
}

/// Whether it waits for its turn.
pub(super) fn is_queued(run: &Run) -> bool {
    run.status == Status::InProgress && run.begun_at.is_none() && run.wake_at.is_some()
}

/// The time after another attempt: longer each time, up to five minutes.
pub(super) fn back_off(attempt: u32, asked: Duration, now: Timestamp) -> Timestamp {
    let doubled =
        Duration::from_secs(1).saturating_mul(2_u32.saturating_pow(attempt.saturating_sub(1).min(9)));
    let pause = doubled.min(Duration::from_secs(300)).max(asked);
    // Runs that failed together do not come back together.
    let spread = u64::try_from(now.0.rem_euclid(97)).unwrap_or(0)
        * u64::try_from(pause.as_millis()).unwrap_or(0)
        / 970;
    let millis = i64::try_from(pause.as_millis()).unwrap_or(i64::MAX);
    Timestamp(now.0.saturating_add(millis).saturating_add(i64::try_from(spread).unwrap_or(0)))
}
