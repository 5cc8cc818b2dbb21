//! From a kept definition to what comes next in a run.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use serde_json::Value;
use stagedoor_actions::{Next, Planned, Program, Run, RunKind, Scope, StepState};

use super::{program, record, secrets};
use crate::Portal;

/// Programs that are kept ready.
const READY: usize = 256;

/// Makes programs of definitions, instead of those that ship: for tests.
pub type ProgramMaker = Arc<dyn Fn(RunKind, &Value) -> Result<Arc<dyn Program>, String> + Send + Sync>;

/// Programs, by kind and digest of their definitions.
#[derive(Default)]
pub(crate) struct Programs(Mutex<HashMap<(RunKind, String), Arc<dyn Program>>>);

impl Portal {
    fn program_of(&self, run: &Run) -> Result<Arc<dyn Program>, String> {
        let key = (run.of.kind, run.definition.clone());
        let known = &self.shared.runs.programs.0;
        if let Some(program) = known.lock().get(&key) {
            return Ok(Arc::clone(program));
        }
        let catalog = self.shared.catalog.load();
        let definition = record::definition(&catalog, run).ok_or("the definition of this run is gone")?;
        let program = match &self.shared.runs.config.programs {
            Some(make) => make(run.of.kind, &definition)?,
            None => program::of(run.of.kind, &definition, self.performers())?,
        };
        let mut known = known.lock();
        if known.len() >= READY {
            known.clear();
        }
        known.insert(key, Arc::clone(&program));
        Ok(program)
    }

    /// What is to be done in a run. A JQ program may take its time, so this is no work for a task's thread.
    pub(super) async fn next_of(&self, run: Arc<Run>) -> Result<Next, String> {
        let portal = self.clone();
        let plan = move || portal.plan(&run);
        tokio::task::spawn_blocking(plan)
            .await
            .map_err(|_| "what comes next could not be worked out".to_owned())?
    }

    fn plan(&self, run: &Run) -> Result<Next, String> {
        let program = self.program_of(run)?;
        let catalog = self.shared.catalog.load();
        let given = secrets::open(self, &catalog, &run.id)?;
        let of_steps = secrets::of_steps(self, &catalog, &run.id)?;
        let names: Vec<String> = catalog.records("secret").map(|record| record.key.clone()).collect();
        let secret = |name: &str| self.secret(name).map(|secret| secret.expose().to_owned());
        let hosts = self.hosts();
        let hosts = hosts.iter().flat_map(|hosts| hosts.kinds());
        let hosts: Vec<(String, String)> =
            hosts.map(|(host, kind)| (host.to_owned(), kind.to_owned())).collect();
        let scope = Scope {
            jq: &self.shared.jq,
            secrets: &secret,
            secret_names: &names,
            run_secrets: &given,
            step_secrets: &of_steps,
            hosts: &hosts,
        };
        program.next(run, &scope)
    }

    /// A step of a run again as it was planned, with its input rendered anew: whatever is needed of a step that has
    /// begun. Programs are pure, so what comes of it is what came of it then.
    pub(super) async fn planned_again(&self, run: &Run, step: &str) -> Result<Planned, String> {
        let mut before = run.clone();
        let Some(at) = before.steps.iter().position(|known| known.id == step) else {
            return Err(format!("there is no step \"{step}\""));
        };
        if let Some(known) = before.steps.get_mut(at) {
            known.state = StepState::Open;
            (known.output, known.error) = (Value::Null, None);
        }
        // What came after it knew what it gave back.
        let later: Vec<String> = before.steps.iter().skip(at + 1).map(|step| step.id.clone()).collect();
        let next = self.next_of(Arc::new(before.clone())).await?;
        if let Some(planned) = named(next, step) {
            return Ok(planned);
        }
        before.steps.retain(|known| !later.contains(&known.id));
        let next = self.next_of(Arc::new(before)).await?;
        named(next, step).ok_or_else(|| format!("the step \"{step}\" is not planned any more"))
    }
}

fn named(next: Next, step: &str) -> Option<Planned> {
    match next {
        Next::Perform(all) => all.into_iter().find(|planned| planned.id == step),
        _ => None,
    }
}
