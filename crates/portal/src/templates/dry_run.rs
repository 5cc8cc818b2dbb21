//! A template tried: its steps are performed in a folder of their own as far as they touch nothing outside, and nothing
//! is kept. What is answered holds no secrets: those of the configuration never get into it, those that came with the
//! request, and all that was made of them, are masked.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use serde_json::{Map, Value, json};
use stagedoor_actions::template::{ENVIRONMENT_SECRETS, TemplateProgram, check_secrets, check_values};
use stagedoor_actions::workspace::{Item, Kind, WorkspaceError};
use stagedoor_actions::{
    Call, Level, Log, Next, Outcome, Performers, Planned, Program, Run, RunKind, RunOf, Scope, Services,
    Step, StepState,
};
use stagedoor_auth::{Action, Redactor, Resource, Secret, Viewer};
use tokio::sync::Semaphore;
use uuid::Uuid;

use super::of;
use super::scratch::Scratch;
use super::start::{check_names, refuse};
use crate::Portal;
use crate::error::PortalError;

/// A dry run may take this long.
const LONGEST: Duration = Duration::from_secs(60);
/// Dry runs at once; others wait.
static AT_ONCE: Semaphore = Semaphore::const_new(4);
/// Turns of one dry run, each a step or a question what comes next.
const MOST_TURNS: usize = 2_000;
/// Lines of its log.
const MOST_LINES: usize = 5_000;
/// What stands for a secret of the configuration.
const STAND_IN: &str = "<secret>";

/// A template to be tried.
#[derive(Clone, Debug, Default)]
pub struct DryRun {
    /// Its document.
    pub template: Value,
    /// What its form was filled in with.
    pub values: Map<String, Value>,
    /// What it is given in secret.
    pub secrets: Map<String, Value>,
    /// What lies beside it.
    pub files: Vec<DryFile>,
}

/// A file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DryFile {
    /// With `/`.
    pub path: String,
    /// What is in it.
    pub content: Vec<u8>,
    /// Its owner may run it.
    pub executable: bool,
}

/// A line of a log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DryLine {
    /// What.
    pub message: String,
    /// Of which step.
    pub step: Option<String>,
    /// What became of the step: `processing`, `completed`, `failed`, `skipped`.
    pub status: Option<String>,
}

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DryRunResult {
    /// What it told.
    pub log: Vec<DryLine>,
    /// What lies in the folder at the end.
    pub files: Vec<DryFile>,
    /// What it gives back.
    pub output: Value,
    /// Its steps, as a run would keep them.
    pub steps: Value,
    /// Why it failed.
    pub error: Option<String>,
}

impl Portal {
    /// Tries a template.
    ///
    /// # Errors
    /// `Forbidden`; `Invalid` for what is no template, values that break its form (with `errors` in the details), files
    /// that lead out of their folder or are too many.
    pub async fn dry_run_template(
        &self,
        viewer: &Viewer,
        asked: DryRun,
    ) -> Result<DryRunResult, PortalError> {
        self.may(viewer, Action::DryRunTemplate, Resource::Any)?;
        let template = of(&asked.template)?;
        refuse(&check_values(&template, &asked.values))?;
        check_names(&asked.secrets)?;
        refuse(&check_secrets(&template, &asked.secrets))?;
        let turn = AT_ONCE.acquire().await;
        let scratch = Scratch::make(None)?;
        put_files(&scratch, &asked.files)?;
        let base = format!("file://{}/template.yaml", scratch.content().display());
        let frozen = template.frozen(Some(&base));
        let mut context = {
            let view = self.view(viewer)?;
            self.template_context(&view, viewer)
        };
        context.insert("templateInfo".into(), template.info(Some(&base)));
        let run = Arc::new(Run {
            id: Uuid::new_v4().to_string(),
            of: RunOf { kind: RunKind::Template, identifier: template.reference(), ..RunOf::default() },
            starter: crate::runs::starter(viewer, stagedoor_actions::Origin::Api),
            inputs: asked.values.clone(),
            context,
            ..Run::default()
        });
        let log = Arc::new(Lines::default());
        let told: Arc<dyn Log> = Arc::<Lines>::clone(&log);
        let services = self
            .services_telling(&run, Some(scratch.workspace()), told)
            .map_err(|failure| PortalError::Unavailable(failure.message))?;
        let performers = self.performers().clone();
        let mut trial = Trial {
            program: Arc::new(TemplateProgram::new(&frozen, performers.clone())),
            performers,
            portal: self.clone(),
            secrets: self.stood_in(asked.secrets),
            hidden: Vec::new(),
            log,
            services,
            run: Arc::unwrap_or_clone(run),
        };
        let ended = match tokio::time::timeout(LONGEST, trial.execute()).await {
            Ok(ended) => ended,
            Err(_) => Err(format!("a dry run may take {} seconds", LONGEST.as_secs())),
        };
        drop(turn);
        let files = read_files(&scratch)?;
        Ok(trial.result(ended, files, &frozen, &scratch))
    }

    /// Hosts of the configuration with their kinds.
    fn template_hosts(&self) -> Vec<(String, String)> {
        let hosts = self.hosts();
        let kinds = hosts.iter().flat_map(|hosts| hosts.kinds());
        kinds.map(|(host, kind)| (host.to_owned(), kind.to_owned())).collect()
    }

    /// The request's own secrets; those of the configuration are only names here.
    fn stood_in(&self, secrets: Map<String, Value>) -> Map<String, Value> {
        let mut all = self.with_environment(secrets);
        if let Some(Value::Object(own)) = all.get_mut(ENVIRONMENT_SECRETS) {
            own.values_mut().for_each(|value| *value = STAND_IN.into());
        }
        all
    }
}

fn put_files(scratch: &Scratch, files: &[DryFile]) -> Result<(), PortalError> {
    let wrong = |error: WorkspaceError| PortalError::invalid(error.to_string());
    let folder = Scratch::open(&scratch.content()).map_err(wrong)?;
    files.iter().try_for_each(|file| folder.write(&file.path, &file.content, file.executable)).map_err(wrong)
}

fn read_files(scratch: &Scratch) -> Result<Vec<DryFile>, PortalError> {
    let wrong = |error: WorkspaceError| PortalError::invalid(error.to_string());
    let folder = Scratch::open(&scratch.workspace()).map_err(wrong)?;
    let items = folder.walk().map_err(wrong)?.into_iter().filter(|item| item.kind == Kind::File);
    let file = |item: Item| {
        let content = folder.read(&item.path).map_err(wrong)?;
        Ok(DryFile { path: item.path, content, executable: item.executable })
    };
    items.map(file).collect()
}

/// The log, while it is written.
#[derive(Default)]
struct Lines(Mutex<Vec<DryLine>>);

impl Lines {
    fn add(&self, step: Option<&str>, status: Option<&str>, message: &str) {
        let mut lines = self.0.lock();
        if lines.len() < MOST_LINES {
            let owned = |text: &str| text.to_owned();
            lines.push(DryLine {
                message: message.to_owned(),
                step: step.map(owned),
                status: status.map(owned),
            });
        }
    }
}

impl Log for Lines {
    fn line(&self, _: Level, step: Option<&str>, message: &str) {
        self.add(step, None, message);
    }
}

/// A run that is not kept.
struct Trial {
    program: Arc<TemplateProgram>,
    performers: Performers,
    portal: Portal,
    secrets: Map<String, Value>,
    hidden: Vec<String>,
    log: Arc<Lines>,
    services: Services,
    run: Run,
}

impl Trial {
    async fn execute(&mut self) -> Result<Value, String> {
        self.log.add(None, None, &format!("Starting up task with {} steps", self.program.count()));
        for _ in 0..MOST_TURNS {
            match self.next().await? {
                Next::Perform(steps) => {
                    for planned in steps {
                        self.perform(planned).await;
                    }
                }
                Next::Skip(steps) => {
                    for (planned, why) in steps {
                        self.log.add(Some(&planned.id), Some("skipped"), &why);
                        self.keep(planned, StepState::Skipped, Value::Null, None);
                    }
                }
                Next::Wait => return Err("a step of a dry run cannot wait for something outside".into()),
                Next::Succeed(output) => return Ok(output),
                Next::Fail(why) => return Err(why),
            }
        }
        Err(format!("a dry run may take {MOST_TURNS} turns"))
    }

    /// What comes next. Rendering may take its time, so this is no work for a task's thread.
    async fn next(&self) -> Result<Next, String> {
        let (program, run, secrets) = (Arc::clone(&self.program), self.run.clone(), self.secrets.clone());
        let portal = self.portal.clone();
        let plan = move || {
            let hosts = portal.template_hosts();
            // Templates do not name the organization's secrets.
            let scope = Scope {
                jq: &portal.shared.jq,
                secrets: &|_| None,
                secret_names: &[],
                run_secrets: &secrets,
                step_secrets: &Map::new(),
                hosts: &hosts,
            };
            program.next(&run, &scope)
        };
        tokio::task::spawn_blocking(plan)
            .await
            .map_err(|_| "what comes next could not be worked out".to_owned())?
    }

    async fn perform(&mut self, planned: Planned) {
        self.hidden.extend(planned.hidden.iter().cloned());
        let step = planned.id.clone();
        self.log.add(Some(&step), Some("processing"), &format!("Beginning step {}", planned.name));
        let Some(performer) = self.performers.get(&planned.performer).cloned() else {
            let why = format!("{} is not there", planned.performer);
            return self.failed(planned, &why);
        };
        for value in performer.secret_inputs().iter().filter_map(|name| planned.input.get(name)) {
            texts_of(value, &mut self.hidden);
        }
        let described = performer.describe();
        let input = self.redactor().redact(&planned.input.to_string()).into_owned();
        let told =
            format!("Running {} in dry-run mode with inputs (secrets redacted): {input}", planned.performer);
        self.log.add(Some(&step), None, &told);
        if !described.dry_run {
            let why = format!("Skipping because {} does not support dry-run", planned.performer);
            self.log.add(Some(&step), Some("skipped"), &why);
            let output = if described.output.is_object() { example(&described.output, 0) } else { json!({}) };
            return self.keep(planned, StepState::Done, output, None);
        }
        let call = Call {
            run: &self.run,
            step: &step,
            input: &planned.input,
            attempt: 1,
            key: &step,
            dry_run: true,
        };
        match performer.perform(&call, &self.services).await {
            Ok(Outcome::Done { output, .. }) => {
                self.log.add(Some(&step), Some("completed"), &format!("Finished step {}", planned.name));
                self.keep(planned, StepState::Done, output, None);
            }
            Ok(_) => self.failed(planned, "it goes on outside, where a dry run cannot follow it"),
            Err(failure) => self.failed(planned, &failure.message),
        }
    }

    fn failed(&mut self, planned: Planned, why: &str) {
        self.log.add(Some(&planned.id), Some("failed"), why);
        self.keep(planned, StepState::Failed, Value::Null, Some(why.to_owned()));
    }

    fn keep(&mut self, planned: Planned, state: StepState, output: Value, error: Option<String>) {
        let Planned { id, name, performer, .. } = planned;
        self.run.steps.push(Step { id, name, performer, state, output, error, ..Step::default() });
    }

    /// What takes secrets out of the answer.
    fn redactor(&self) -> Redactor {
        let own = self.secrets.iter().filter(|(key, _)| *key != ENVIRONMENT_SECRETS);
        let mut texts = self.hidden.clone();
        own.for_each(|(_, value)| texts_of(value, &mut texts));
        let secrets: Vec<Secret> = texts.iter().map(|text| Secret::new(text)).collect();
        Redactor::new(&secrets)
    }

    fn result(
        self,
        ended: Result<Value, String>,
        files: Vec<DryFile>,
        frozen: &Value,
        scratch: &Scratch,
    ) -> DryRunResult {
        let (own, organization) = (self.redactor(), self.portal.redactor());
        // Where the folder is on this machine is nobody's business.
        let folders = [scratch.workspace(), scratch.content()].map(|path| path.display().to_string());
        let clean = |text: &str| {
            let text = own.redact(text).into_owned();
            let text = organization.redact(&text).into_owned();
            folders.iter().fold(text, |text, folder| text.replace(folder.as_str(), "."))
        };
        let (output, error) = match ended {
            Ok(output) => (output, None),
            Err(why) => (json!({}), Some(clean(&why))),
        };
        let mut value = json!({ "output": output, "steps": frozen.get("steps") });
        texts_in(&mut value, &clean);
        let lines = std::mem::take(&mut *self.log.0.lock());
        let line = |line: DryLine| DryLine { message: clean(&line.message), ..line };
        let file = |file: DryFile| DryFile {
            path: clean(&file.path),
            content: clean_bytes(file.content, &clean),
            executable: file.executable,
        };
        DryRunResult {
            log: lines.into_iter().map(line).collect(),
            files: files.into_iter().map(file).collect(),
            output: value["output"].take(),
            steps: value["steps"].take(),
            error,
        }
    }
}

/// A file without secrets. One that is no text is left out where it has any.
fn clean_bytes(content: Vec<u8>, clean: &impl Fn(&str) -> String) -> Vec<u8> {
    match String::from_utf8(content) {
        Ok(text) => clean(&text).into_bytes(),
        Err(error) => {
            let text = String::from_utf8_lossy(error.as_bytes());
            if clean(&text) == text { error.into_bytes() } else { b"[redacted]".to_vec() }
        }
    }
}

fn texts_in(value: &mut Value, clean: &impl Fn(&str) -> String) {
    match value {
        Value::String(text) => *text = clean(text),
        Value::Array(items) => items.iter_mut().for_each(|item| texts_in(item, clean)),
        Value::Object(map) => map.values_mut().for_each(|item| texts_in(item, clean)),
        _ => {}
    }
}

fn texts_of(value: &Value, into: &mut Vec<String>) {
    match value {
        Value::String(text) => into.push(text.clone()),
        Value::Number(number) => into.push(number.to_string()),
        Value::Array(items) => items.iter().for_each(|item| texts_of(item, into)),
        Value::Object(map) => map.values().for_each(|item| texts_of(item, into)),
        _ => {}
    }
}

/// Something that a schema would take: what stands for the output of a step that was left out.
fn example(schema: &Value, depth: usize) -> Value {
    if let Some(first) = schema.get("examples").and_then(|all| all.get(0)) {
        return first.clone();
    }
    if depth > 8 {
        return "<unknown>".into();
    }
    match schema.get("type").and_then(Value::as_str) {
        Some("object") => {
            let properties = schema.get("properties").and_then(Value::as_object);
            let properties = properties.into_iter().flatten();
            Value::Object(properties.map(|(key, below)| (key.clone(), example(below, depth + 1))).collect())
        }
        Some("array") => {
            let items = schema.get("items").map(|items| items.get(0).unwrap_or(items));
            Value::Array(items.map(|items| example(items, depth + 1)).into_iter().collect())
        }
        Some("string") => "<example>".into(),
        Some("number" | "integer") => 0.into(),
        Some("boolean") => false.into(),
        _ => "<unknown>".into(),
    }
}
