//! A run begins.

use std::sync::Arc;

use stagedoor_actions::{Origin, Run, RunKind, Starter, Status, Target};
use stagedoor_auth::{Scopes, Viewer};

use super::{NewRun, announce, engine::Counters, logs::Line, secrets};
use crate::Portal;
use crate::error::PortalError;
use crate::writer::Draft;

/// What a run is given may be so large, as JSON; its definition, too.
const LARGEST: usize = 1024 * 1024;
/// Runs that set each other going, one after the other.
const DEEPEST: u32 = 16;
const LETTERS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A caller as one who sets a run going.
#[must_use]
pub fn starter(viewer: &Viewer, origin: Origin) -> Starter {
    Starter {
        actor: viewer.name().to_owned(),
        email: viewer.email().map(str::to_owned),
        impersonated_by: None,
        origin,
        scopes: limits_of(viewer),
    }
}

/// What a caller's token is limited to.
pub(crate) fn limits_of(viewer: &Viewer) -> Option<Vec<String>> {
    viewer.scopes().map(|scopes| scopes.iter().map(str::to_owned).collect())
}

/// The limits of a run that is begun anew by a caller with limits of its own: what both allow.
pub(super) fn narrowed(limits: Option<Vec<String>>, by: Option<&Scopes>) -> Option<Vec<String>> {
    let Some(by) = by else { return limits };
    let own = limits.map_or_else(|| Ok(by.clone()), Scopes::parse);
    // What is not understood any more allows nothing.
    Some(own.map(|own| own.within(by).iter().map(str::to_owned).collect()).unwrap_or_default())
}

impl Portal {
    /// Keeps a run and sets it going, or has it wait for its approval. Whether the starter may and whether the inputs
    /// are right has been decided: this asks nothing.
    ///
    /// # Errors
    /// `identifier_taken`; `run_too_large`; `run_too_deep` where runs set each other going without end;
    /// `secrets_key_missing` where it is given secrets and none can be kept.
    pub async fn start_run(&self, new: NewRun) -> Result<Arc<Run>, PortalError> {
        check(&new)?;
        let id = match &new.id {
            Some(id) => id.clone(),
            None => new_id(new.of.kind)?,
        };
        let sealed = match new.secrets.is_empty() {
            true => None,
            false => Some(secrets::seal(self, &id, &new.secrets)?),
        };
        let limits = self.shared.runs.config.limits.for_run(&new.of, &new.limits);
        let (holder, by) = (self.shared.runs.holder().to_owned(), new.by.clone());
        let mailed = new.approval.is_some()
            && new.definition.get("approvalNotification").is_some_and(announce::is_mail);
        let actor = stagedoor_model::Actor::new(new.starter.actor.clone(), "run");
        let start = move |draft: &mut Draft| {
            if draft.catalog.record(super::RUNS, &id).is_some() {
                let message = format!("Run with identifier \"{id}\" is already taken");
                return Err(PortalError::Conflict { code: "identifier_taken", message });
            }
            let definition = draft.put_definition(&new.definition);
            if let Some(sealed) = &sealed {
                draft.put_run_secrets(&id, sealed);
            }
            let mut run = run_of(&new, &id, definition, &holder, draft.at);
            run.limits = limits.clone();
            if run.status == Status::WaitingForApproval {
                draft.notify_approvers(&run);
                run.announcements = announce::of_approval(&run, &new.definition, draft.at);
            }
            Ok(draft.put_run(run))
        };
        let run = self.commit(actor, false, start).await?;
        self.tell_run(&run.id, Line::said(&first_line(&run)));
        let by = by.unwrap_or_else(|| Viewer::system(&run.starter.actor));
        self.note_doing(&by, &run, "StartRun", &format!("started {}", run.of.identifier));
        Counters::add(&self.shared.runs.counters.started);
        if mailed {
            self.tell_unmailed(&run.id);
        }
        self.wake_run(&run);
        Ok(run)
    }
}

/// What whoever watches a run is told at once, while it is planned.
fn first_line(run: &Run) -> String {
    let by = &run.starter.actor;
    match run.status {
        Status::WaitingForApproval => format!("asked for by {by}: it waits for an approval"),
        _ => format!("started by {by}"),
    }
}

fn run_of(new: &NewRun, id: &str, definition: String, holder: &str, at: stagedoor_model::Timestamp) -> Run {
    let waits = new.approval.is_some();
    Run {
        id: id.to_owned(),
        of: new.of.clone(),
        definition,
        starter: new.starter.clone(),
        target: new.target.clone(),
        inputs: new.inputs.clone(),
        context: new.context.clone(),
        status: if waits { Status::WaitingForApproval } else { Status::InProgress },
        approval: new.approval.clone().map(|mut approval| {
            approval.approvers.iter_mut().for_each(|email| *email = email.to_lowercase());
            approval.answers.clear();
            approval
        }),
        rerun_of: new.rerun_of.clone(),
        anyone: new.visibility.anyone,
        caused_by: new.caused_by.clone(),
        depth: new.depth,
        holder: Some(holder.to_owned()),
        created_at: at,
        updated_at: at,
        ..Run::default()
    }
}

fn check(new: &NewRun) -> Result<(), PortalError> {
    for (what, size) in [
        ("inputs", serde_json::to_string(&new.inputs).map_or(0, |text| text.len())),
        ("context", serde_json::to_string(&new.context).map_or(0, |text| text.len())),
        ("secrets", serde_json::to_string(&new.secrets).map_or(0, |text| text.len())),
        ("definition", new.definition.to_string().len()),
    ] {
        if size > LARGEST {
            let text = format!("the {what} of a run must NOT be larger than {} KiB", LARGEST / 1024);
            return Err(PortalError::refused("run_too_large", text));
        }
    }
    if new.depth > DEEPEST {
        let text =
            format!("{DEEPEST} runs have set each other going one after the other: this looks like a loop");
        return Err(PortalError::refused("run_too_deep", text));
    }
    match &new.target {
        Some(Target { blueprint, .. }) if blueprint.is_empty() => {
            Err(PortalError::invalid("a run is about something of a blueprint, or about nothing"))
        }
        _ => Ok(()),
    }
}

/// `r_` and 16 letters or digits, as Port has it; `wfr_` for a workflow.
fn new_id(kind: RunKind) -> Result<String, PortalError> {
    let prefix = if kind == RunKind::Workflow { "wfr_" } else { "r_" };
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes)
        .map_err(|error| PortalError::Internal(format!("the system gives no random bytes: {error}")))?;
    // Two bytes for each, so that no letter is likelier than another by more than a thousandth.
    let letter = |pair: &[u8]| {
        let number = pair.iter().fold(0_usize, |sum, byte| sum * 256 + usize::from(*byte));
        char::from(LETTERS.get(number % LETTERS.len()).copied().unwrap_or(b'0'))
    };
    Ok(bytes.chunks(2).map(letter).fold(prefix.to_owned(), |mut id, letter| {
        id.push(letter);
        id
    }))
}

#[cfg(test)]
mod tests {
    use stagedoor_auth::Scopes;

    use super::narrowed;

    #[test]
    fn a_run_that_is_begun_anew_has_no_more_rights_than_who_does_it() {
        let of = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let by = Scopes::parse(["read:entities", "update:runs"]).unwrap();
        assert_eq!(narrowed(None, None), None);
        assert_eq!(narrowed(Some(of(&["read:entities"])), None), Some(of(&["read:entities"])));
        assert_eq!(narrowed(None, Some(&by)), Some(of(&["read:entities", "update:runs"])));
        let own = of(&["read:entities:service", "delete:entities"]);
        assert_eq!(narrowed(Some(own), Some(&by)), Some(of(&["read:entities:service"])));
        assert_eq!(narrowed(Some(of(&["no:such"])), Some(&by)), Some(Vec::new()));
    }
}
