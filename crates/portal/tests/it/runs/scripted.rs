//! A portal whose runs do what a test says.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value, json};
use stagedoor_actions::template::TemplateProgram;
use stagedoor_actions::workflow::WorkflowProgram;
use stagedoor_actions::{
    Call, Description, Effect, Failure, Next, Outcome, Performer, Performers, Planned, Probe, Program,
    Report, Run, RunKind, RunOf, Scope, Services, StepState,
};
use stagedoor_auth::{SecretsKey, SessionLimits, Viewer};
use stagedoor_portal::{
    Identity, NewRun, Options, Portal, RunLimits, RunOrigin, RunStatus, RunsConfig, SecretsConfig,
    SourcesConfig, Visibility, starter,
};
use stagedoor_store::{MemoryStore, Store};
use tokio::sync::{Mutex, Semaphore};

/// The person who starts runs.
pub(super) const STARTER: &str = "elsa@larkfell.example";
/// Permits of a gate that lets everything through.
const OPEN: usize = 1_000_000;
/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(20);

/// What a performer answers, one after the other; afterwards it is done each time.
type Answers = Mutex<VecDeque<Result<Outcome, Failure>>>;

/// A performer of the tests.
pub(super) struct Act {
    id: &'static str,
    effect: Effect,
    secret: &'static [&'static str],
    /// What it was given, in clear.
    pub(super) inputs: Mutex<Vec<Value>>,
    pub(super) answers: Answers,
    pub(super) follows: Answers,
    pub(super) probe: Mutex<Probe>,
    pub(super) performed: AtomicUsize,
    pub(super) cancelled: AtomicUsize,
    pub(super) keys: Mutex<Vec<String>>,
    /// Says that it has begun.
    pub(super) begun: Semaphore,
    /// Without a permit it goes on for ever.
    pub(super) gate: Semaphore,
}

impl Act {
    fn new(id: &'static str, effect: Effect, secret: &'static [&'static str]) -> Arc<Self> {
        Arc::new(Self {
            id,
            effect,
            secret,
            inputs: Mutex::default(),
            answers: Mutex::default(),
            follows: Mutex::default(),
            probe: Mutex::new(Probe::Unknown),
            performed: AtomicUsize::new(0),
            cancelled: AtomicUsize::new(0),
            keys: Mutex::default(),
            begun: Semaphore::new(0),
            gate: Semaphore::new(OPEN),
        })
    }

    /// It will answer this.
    pub(super) async fn answers(&self, answer: Result<Outcome, Failure>) {
        self.answers.lock().await.push_back(answer);
    }

    /// It begins and does not come to an end.
    pub(super) fn hangs(&self) {
        self.gate.forget_permits(OPEN);
    }

    /// It comes to an end again.
    pub(super) fn goes_on(&self) {
        self.gate.add_permits(OPEN - self.gate.available_permits());
    }

    /// Waits until it has begun once more.
    pub(super) async fn has_begun(&self) {
        let begun = tokio::time::timeout(PATIENCE, self.begun.acquire()).await;
        begun.expect("it begins").unwrap().forget();
    }

    pub(super) fn count(&self) -> usize {
        self.performed.load(Ordering::SeqCst)
    }
}

pub(super) fn done(output: Value) -> Result<Outcome, Failure> {
    Ok(Outcome::Done { output, report: Report::default() })
}

#[async_trait]
impl Performer for Act {
    fn id(&self) -> &'static str {
        self.id
    }

    fn effect(&self) -> Effect {
        self.effect
    }

    fn describe(&self) -> Description {
        Description::default()
    }

    fn secret_outputs(&self) -> &'static [&'static str] {
        self.secret
    }

    async fn perform(&self, call: &Call<'_>, services: &Services) -> Result<Outcome, Failure> {
        self.performed.fetch_add(1, Ordering::SeqCst);
        self.keys.lock().await.push(call.key.to_owned());
        self.inputs.lock().await.push(call.input.clone());
        self.begun.add_permits(1);
        if let (Some(folder), Some(name)) = (&services.workspace, call.input.get("write")) {
            std::fs::write(folder.join(name.as_str().unwrap()), "made").unwrap();
        }
        if let (Some(folder), Some(name)) = (&services.workspace, call.input.get("read")) {
            let text = std::fs::read_to_string(folder.join(name.as_str().unwrap()));
            return done(json!({ "read": text.map_err(|error| Failure::new(error.to_string()))? }));
        }
        if let Some(text) = call.input.get("say").and_then(Value::as_str) {
            services.log.line(stagedoor_actions::Level::Info, Some(call.step), text);
        }
        self.gate.acquire().await.unwrap().forget();
        let next = self.answers.lock().await.pop_front();
        next.unwrap_or_else(|| done(call.input.get("give").cloned().unwrap_or_else(|| json!({}))))
    }

    async fn probe(&self, _: &Call<'_>, _: &Services) -> Probe {
        self.probe.lock().await.clone()
    }

    async fn follow(&self, _: &Call<'_>, _: &Value, _: &Services) -> Result<Outcome, Failure> {
        self.follows.lock().await.pop_front().unwrap_or_else(|| done(json!({ "followed": true })))
    }

    async fn cancel(&self, _: &Call<'_>, _: Option<&Value>, _: &Services) -> Result<(), Failure> {
        self.cancelled.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }
}

/// Steps one after the other. `{{name}}` in an input is a secret.
struct Steps(Vec<(String, String, Value)>);

impl Program for Steps {
    fn next(&self, run: &Run, scope: &Scope<'_>) -> Result<Next, String> {
        for (id, performer, input) in &self.0 {
            let step = run.steps.iter().find(|step| step.id == *id);
            match step.map_or(&StepState::Open, |step| &step.state) {
                StepState::Done | StepState::Skipped => {}
                StepState::Failed => {
                    return Ok(Next::Fail(step.and_then(|s| s.error.clone()).unwrap_or_default()));
                }
                StepState::Open => {
                    let mut hidden = Vec::new();
                    let mut text = input.to_string();
                    for name in scope.run_secrets.keys().chain(scope.secret_names) {
                        let given = scope.run_secrets.get(name).and_then(Value::as_str).map(str::to_owned);
                        let Some(value) = given.or_else(|| (scope.secrets)(name)) else { continue };
                        if text.contains(&format!("{{{{{name}}}}}")) {
                            text = text.replace(&format!("{{{{{name}}}}}"), &value);
                            hidden.push(value);
                        }
                    }
                    let input = serde_json::from_str(&text).map_err(|error| error.to_string())?;
                    let (id, performer) = (id.clone(), performer.clone());
                    return Ok(Next::Perform(vec![Planned {
                        name: id.clone(),
                        id,
                        performer,
                        input,
                        hidden,
                    }]));
                }
                _ => return Ok(Next::Wait),
            }
        }
        let outputs = run.steps.iter().map(|step| (step.id.clone(), step.output.clone()));
        Ok(Next::Succeed(Value::Object(outputs.collect())))
    }
}

/// A portal over a store, with performers of each effect.
pub(super) struct Stage {
    pub(super) portal: Portal,
    pub(super) store: Arc<dyn Store>,
    pub(super) plain: Arc<Act>,
    pub(super) files: Arc<Act>,
    pub(super) outside: Arc<Act>,
    /// Its `token` is a secret.
    pub(super) mint: Arc<Act>,
    has_key: bool,
    pub(super) folder: Arc<tempfile::TempDir>,
    limits: RunLimits,
}

impl Stage {
    pub(super) async fn new() -> Self {
        Self::with(RunLimits::default()).await
    }

    pub(super) async fn with(limits: RunLimits) -> Self {
        Self::made(limits, true).await
    }

    /// One that has no key for secrets.
    pub(super) async fn without_key() -> Self {
        Self::made(RunLimits::default(), false).await
    }

    async fn made(limits: RunLimits, has_key: bool) -> Self {
        let folder = Arc::new(tempfile::tempdir().unwrap());
        let acts = [
            Act::new("plain", Effect::None, &[]),
            Act::new("files", Effect::Workspace, &[]),
            Act::new("outside", Effect::Outside, &[]),
            Act::new("mint", Effect::Outside, &["token"]),
        ];
        Self::over(Arc::new(MemoryStore::new()), folder, acts, limits, has_key).await
    }

    async fn over(
        store: Arc<dyn Store>,
        folder: Arc<tempfile::TempDir>,
        [plain, files, outside, mint]: [Arc<Act>; 4],
        limits: RunLimits,
        has_key: bool,
    ) -> Self {
        let acts: Vec<Arc<dyn Performer>> = vec![plain.clone(), files.clone(), outside.clone(), mint.clone()];
        let shipped = stagedoor_actions::performers();
        let all: Performers = shipped.iter().cloned().chain(acts).collect();
        let known = all.clone();
        let hosts = stagedoor_hosts::Hosts::new(None, "127.0.0.1".parse().unwrap()).0;
        let options = Options {
            sources: SourcesConfig { hosts: Some(Arc::new(hosts)), ..SourcesConfig::default() },
            jq: Arc::new(stagedoor_jq::Jq::in_process()),
            identity: Identity::default(),
            sessions: SessionLimits::default(),
            secrets: SecretsConfig {
                key: SecretsKey::of(&std::array::from_fn(|i| 7 * (i as u8) + 1)).ok().filter(|_| has_key),
                origin: "the test's".into(),
                lost: false,
            },
            runs: RunsConfig {
                performers: Some(all),
                programs: Some(Arc::new(move |kind, definition| match kind {
                    RunKind::Template if definition.get("output").is_some() => {
                        Ok(Arc::new(TemplateProgram::new(definition, known.clone())))
                    }
                    RunKind::Workflow => Ok(Arc::new(WorkflowProgram::new(definition.clone()))),
                    _ => Ok(Arc::new(steps_of(definition))),
                })),
                workspaces: Some(folder.path().join("runs")),
                limits: limits.clone(),
                ..RunsConfig::default()
            },
        };
        let portal = Portal::open(Arc::clone(&store), options).unwrap();
        portal.start_runs().await;
        Self { portal, store, plain, files, outside, mint, has_key, folder, limits }
    }

    /// The process is killed, and another one starts over the same database.
    pub(super) async fn crash(self) -> Self {
        self.portal.halt_runs();
        self.plain.goes_on();
        self.files.goes_on();
        self.outside.goes_on();
        self.mint.goes_on();
        let acts = [self.plain, self.files, self.outside, self.mint];
        Self::over(self.store, self.folder, acts, self.limits, self.has_key).await
    }

    /// A run of these steps: `(performer, input)`.
    pub(super) async fn start(&self, steps: &[(&str, Value)]) -> Arc<Run> {
        self.portal.start_run(new_run(steps)).await.unwrap()
    }

    /// Waits until something holds of a run.
    pub(super) async fn until(&self, id: &str, holds: impl Fn(&Run) -> bool) -> Arc<Run> {
        let mut changes = self.portal.run_changes();
        let wait = async {
            loop {
                let run = self.portal.run(&admin(), id).unwrap();
                if holds(&run) {
                    return run;
                }
                // Missing some means to look again.
                let _ = changes.recv().await;
            }
        };
        match tokio::time::timeout(PATIENCE, wait).await {
            Ok(run) => run,
            Err(_) => panic!("still so: {:#?}", self.portal.run(&admin(), id)),
        }
    }

    /// Waits until a run has ended.
    pub(super) async fn end(&self, id: &str) -> Arc<Run> {
        self.until(id, |run| run.status.has_ended()).await
    }

    pub(super) async fn ends(&self, id: &str, status: RunStatus) -> Arc<Run> {
        let run = self.end(id).await;
        assert_eq!(run.status, status, "{run:#?}");
        run
    }

    /// Its log, as lines.
    pub(super) async fn log(&self, id: &str) -> Vec<String> {
        let lines = self.portal.run_logs(&admin(), id, None, 0, 1000).await.unwrap();
        lines.into_iter().map(|line| line.message).collect()
    }
}

fn steps_of(definition: &Value) -> Steps {
    let step = |step: &Value| {
        let text = |key: &str| step[key].as_str().unwrap().to_owned();
        (text("id"), text("performer"), step["input"].clone())
    };
    Steps(definition["steps"].as_array().unwrap().iter().map(step).collect())
}

pub(super) fn new_run(steps: &[(&str, Value)]) -> NewRun {
    let step = |(at, (performer, input)): (usize, &(&str, Value))| json!({ "id": format!("s{at}"), "performer": performer, "input": input });
    let steps: Vec<Value> = steps.iter().enumerate().map(step).collect();
    NewRun {
        of: RunOf { kind: RunKind::Action, identifier: "scale".into(), ..RunOf::default() },
        definition: json!({ "steps": steps }),
        starter: starter(&Viewer::person(STARTER), RunOrigin::Ui),
        visibility: Visibility { anyone: true },
        ..NewRun::default()
    }
}

pub(super) fn admin() -> Viewer {
    Viewer::machine("test")
}
