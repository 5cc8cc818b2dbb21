//! A program of this machine: `terraform` or `tofu`, on a folder that the configuration names. Off unless
//! `stagedoor.terraform.local` is true.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use super::confirm::approved;
use super::kept::Kept;
use super::program::{Ended, Program, find};
use crate::back_ends::input::{Input, stringified};
use crate::back_ends::settings::TerraformSettings;
use crate::performer::{Call, Failure, Outcome, Probe, Report};
use crate::services::{Level, Services};

/// Bytes of a plan that the run keeps.
const SHOWN: usize = 64 * 1024;
/// Nothing listens there: where it may not download, it is sent there to do so.
const NOWHERE: &str = "http://127.0.0.1:9";
/// Variables that would change what is run, or where from.
const NEVER: [&str; 9] = ["PATH", "HOME", "LD_", "DYLD_", "TF_", "TMPDIR", "IFS", "BASH_", "ENV"];

/// What an input asks for.
struct Local<'a> {
    settings: &'a TerraformSettings,
    /// Where the configuration is.
    folder: PathBuf,
    state: PathBuf,
    /// The run whose plan is applied; a plan is made where it is none.
    apply: Option<String>,
    destroy: bool,
    variables: Map<String, Value>,
    environment: Vec<(String, OsString)>,
}

impl<'a> Local<'a> {
    fn of(call: &Call<'_>, services: &'a Services) -> Result<Self, Failure> {
        let settings = &services.back_ends.terraform;
        if !settings.local {
            return Err(Failure::new(
                "programs of this machine are not run: stagedoor.terraform.local is not true",
            ));
        }
        let input = Input::of(call.input, "invocationMethod");
        let name = input.required("folder")?;
        let known =
            settings.folders.iter().find(|folder| folder.file_name().is_some_and(|last| *last == *name));
        let known = known.ok_or_else(|| {
            input.wrong("folder", &format!("there is no {name} among stagedoor.terraform.folders"))
        })?;
        let folder =
            std::fs::canonicalize(known).map_err(|error| input.wrong("folder", &error.to_string()))?;
        let state = settings.state.clone();
        let state = state.ok_or_else(|| Failure::new("stagedoor.terraform.stateDir is not set"))?;
        let mut environment = Vec::new();
        for (key, value) in input.object("environment")?.into_iter().flatten() {
            let plain = key.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
            let variable = key.starts_with("TF_VAR_");
            if !variable && (key.is_empty() || !plain || NEVER.iter().any(|never| key.starts_with(never))) {
                return Err(input.wrong("environment", &format!("{key} cannot be set")));
            }
            environment.push((key.clone(), stringified(value).into()));
        }
        Ok(Self {
            settings,
            folder,
            state,
            apply: input.text("plan")?,
            destroy: input.flag("destroy", false)?,
            variables: input.object("variables")?.cloned().unwrap_or_default(),
            environment,
        })
    }

    fn program(&self, kept: &Kept, arguments: Vec<OsString>, downloads: bool) -> Result<Program, Failure> {
        let set =
            |name: &str, value: &dyn AsRef<std::ffi::OsStr>| (name.to_owned(), value.as_ref().to_owned());
        let mut environment = vec![
            set("HOME", &kept.at("home")),
            set("TF_DATA_DIR", &kept.at("data")),
            set("TF_CLI_CONFIG_FILE", &kept.at("cli.tfrc")),
            set("TF_IN_AUTOMATION", &"1"),
            set("TF_INPUT", &"0"),
            set("CHECKPOINT_DISABLE", &"1"),
            // Modules from git would be fetched by a program of the path.
            set("PATH", &if downloads { "/usr/local/bin:/usr/bin:/bin" } else { "" }),
        ];
        if !downloads {
            for name in ["HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"] {
                environment.push(set(name, &NOWHERE));
            }
        }
        environment.extend(self.environment.iter().cloned());
        Ok(Program {
            program: find(self.settings.program.as_deref())?,
            arguments,
            folder: self.folder.clone(),
            environment,
            patience: self.settings.patience,
        })
    }

    /// Prepares the folder. Plug-ins come from where the configuration says, and from nowhere else.
    async fn prepare(&self, kept: &Kept, call: &Call<'_>, services: &Services) -> Result<(), Failure> {
        let mut arguments = words(&["init", "-input=false", "-no-color"]);
        if !self.settings.downloads {
            let plugins = self.settings.plugins.clone().unwrap_or_else(|| kept.at("home"));
            arguments.push("-lockfile=readonly".into());
            arguments.push(flag("-plugin-dir=", &plugins));
        }
        let program = self.program(kept, arguments, self.settings.downloads)?;
        let ended = program.run(services.log.clone(), call.step, false).await;
        let ended = ended.map_err(|failure| Failure { unclear: false, ..failure })?;
        if ended.code == 0 {
            return Ok(());
        }
        let hint = if self.settings.downloads {
            ""
        } else {
            "; plug-ins and modules are not downloaded unless stagedoor.terraform.pluginDownloads is true"
        };
        Err(Failure::new(format!("it cannot be prepared{hint}: {}", last(&ended))))
    }

    async fn plan(&self, call: &Call<'_>, services: &Services) -> Result<Outcome, Failure> {
        let kept = Kept::of(&self.state, &call.run.id)?;
        kept.make()?;
        self.prepare(&kept, call, services).await?;
        kept.write("variables.tfvars.json", &Value::Object(self.variables.clone()).to_string())?;
        let mut arguments =
            words(&["plan", "-input=false", "-no-color", "-lock-timeout=60s", "-detailed-exitcode"]);
        arguments.push(flag("-out=", &kept.at("plan")));
        arguments.push(flag("-var-file=", &kept.at("variables.tfvars.json")));
        if self.destroy {
            arguments.push("-destroy".into());
        }
        let ended = self.program(&kept, arguments, true)?.run(services.log.clone(), call.step, true).await;
        // It has changed nothing, however it ended.
        let ended = ended.map_err(|failure| Failure { unclear: false, ..failure })?;
        let _ = std::fs::remove_file(kept.at("variables.tfvars.json"));
        let changes = match ended.code {
            0 => false,
            2 => true,
            _ => return Err(Failure::new(format!("the plan failed: {}", last(&ended)))),
        };
        let show = [words(&["show", "-no-color"]), vec![kept.at("plan").into_os_string()]].concat();
        let shown = self.program(&kept, show, true)?.run(services.log.clone(), call.step, false).await?;
        kept.describe(&self.folder)?;
        let text: String = shown.output.trim().chars().take(SHOWN).collect();
        let report = Report {
            status_label: Some(if changes { "planned" } else { "no changes" }.to_owned()),
            summary: Some(format!("```\n{text}\n```")),
            external_run_id: Some(call.run.id.clone()),
            ..Report::default()
        };
        Ok(Outcome::Done { output: json!({ "plan": call.run.id, "changes": changes, "text": text }), report })
    }

    async fn apply(&self, plan: &str, call: &Call<'_>, services: &Services) -> Result<Outcome, Failure> {
        approved(call)?;
        let kept = Kept::of(&self.state, plan)?;
        kept.check(&self.folder)?;
        kept.write("applying", &call.run.id)?;
        let arguments = words(&["apply", "-input=false", "-no-color", "-lock-timeout=60s"]);
        let arguments = [arguments, vec![kept.at("plan").into_os_string()]].concat();
        let ended = self.program(&kept, arguments, true)?.run(services.log.clone(), call.step, true).await?;
        kept.spend();
        kept.write("applied", &json!({ "run": call.run.id, "code": ended.code }).to_string())?;
        if ended.code != 0 {
            let message = format!("applying the plan failed, and may have done part of it: {}", last(&ended));
            return Err(Failure::new(message));
        }
        services.log.line(Level::Info, Some(call.step), &format!("applied the plan of {plan}"));
        Ok(applied(plan))
    }
}

fn applied(plan: &str) -> Outcome {
    let report = Report { status_label: Some("applied".to_owned()), ..Report::default() };
    Outcome::Done { output: json!({ "plan": plan, "status": "applied" }), report }
}

fn words(all: &[&str]) -> Vec<OsString> {
    all.iter().map(OsString::from).collect()
}

fn flag(name: &str, path: &Path) -> OsString {
    let mut flag = OsString::from(name);
    flag.push(path);
    flag
}

/// The end of what a program said: where the error is.
fn last(ended: &Ended) -> String {
    let lines: Vec<&str> = ended.output.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    lines[lines.len().saturating_sub(12)..].join(" ").chars().take(1000).collect()
}

pub(super) async fn perform(call: &Call<'_>, services: &Services) -> Result<Outcome, Failure> {
    let local = Local::of(call, services)?;
    match &local.apply {
        None => local.plan(call, services).await,
        Some(plan) => local.apply(plan, call, services).await,
    }
}

/// A plan changes nothing and is made again. An applied one left its mark; one in between may have done a part.
pub(super) fn probe(call: &Call<'_>, services: &Services) -> Probe {
    let Ok(local) = Local::of(call, services) else { return Probe::DidNot };
    let Some(plan) = &local.apply else { return Probe::Repeat };
    let Ok(kept) = Kept::of(&local.state, plan) else { return Probe::DidNot };
    let mark = |name: &str| std::fs::read_to_string(kept.at(name)).ok();
    let done: Option<Value> = mark("applied").and_then(|text| serde_json::from_str(&text).ok());
    match (done, mark("applying")) {
        (Some(done), _) if done["run"] == call.run.id && done["code"] == 0 => {
            Probe::Happened(Box::new(applied(plan)))
        }
        (None, Some(by)) if by == call.run.id => Probe::Unknown,
        (Some(_), _) => Probe::Unknown,
        (None, _) => Probe::DidNot,
    }
}
