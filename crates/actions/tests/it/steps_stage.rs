//! What a scaffolder action is given in these tests: a workspace, a template beside its skeleton, and a catalog that
//! remembers.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use parking_lot::Mutex;
use serde_json::{Value, json};
use stagedoor_actions::{
    BackEndSettings, Call, CatalogAccess, Failure, Level, Log, Outcome, Probe, Run, Services, performers,
};
use stagedoor_hosts::Hosts;
use stagedoor_outbound::{AllowList, Egress};

/// Remembers lines.
#[derive(Default)]
struct Lines(Mutex<Vec<String>>);

impl Log for Lines {
    fn line(&self, level: Level, _step: Option<&str>, message: &str) {
        self.0.lock().push(format!("{level:?}: {message}"));
    }
}

/// Has one component, and remembers what was registered.
#[derive(Default)]
struct Catalog(Mutex<Vec<(String, bool)>>);

#[async_trait]
impl CatalogAccess for Catalog {
    async fn entity(&self, reference: &str) -> Option<Value> {
        (reference == "component:default/shop")
            .then(|| json!({ "kind": "Component", "metadata": { "name": "shop" } }))
    }

    async fn register(&self, url: &str, optional: bool) -> Result<Vec<String>, Failure> {
        self.0.lock().push((url.to_owned(), optional));
        Ok(["api:default/a", "Component:default/New"].map(str::to_owned).to_vec())
    }

    async fn upsert(&self, _: &str, _: Value, _: &str) -> Result<Value, Failure> {
        Err(Failure::new("not in these tests"))
    }
}

/// All of it.
pub(crate) struct Steps {
    services: Services,
    lines: Arc<Lines>,
    catalog: Arc<Catalog>,
    pub(crate) run: Run,
    pub(crate) folder: tempfile::TempDir,
    pub(crate) dry_run: bool,
}

impl Steps {
    pub(crate) fn new() -> Self {
        Self::hosted(&json!({}))
    }

    pub(crate) fn hosted(integrations: &Value) -> Self {
        let (hosts, problems) = Hosts::new(Some(integrations), AllowList::default());
        assert!(problems.is_empty(), "{problems:?}");
        let folder = tempfile::tempdir().unwrap();
        let (lines, catalog) = (Arc::<Lines>::default(), Arc::<Catalog>::default());
        let services = Services {
            egress: Arc::new(Egress::new(AllowList::default())),
            hosts: Some(Arc::new(hosts)),
            catalog: Arc::<Catalog>::clone(&catalog),
            log: Arc::<Lines>::clone(&lines),
            organization: "org".to_owned(),
            signing_secret: None,
            base_url: "https://portal.example.com".to_owned(),
            back_ends: Arc::new(BackEndSettings::default()),
            workspace: Some(folder.path().join("workspace")),
        };
        let base = format!("file://{}/templates/service/template.yaml", folder.path().display());
        let run = json!({
            "id": "5b4d9c9e-0000-4000-8000-000000000000",
            "of": { "kind": "template", "identifier": "template:default/service" },
            "definition": "d",
            "starter": { "actor": "ada@example.com", "origin": "UI" },
            "status": "IN_PROGRESS",
            "context": { "templateInfo": { "baseUrl": base } },
            "createdAt": 1_790_000_000_000_i64,
            "updatedAt": 1_790_000_000_000_i64,
        });
        let run = serde_json::from_value(run).unwrap();
        Self { services, lines, catalog, run, folder, dry_run: false }
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    /// A file beside the template, or anywhere in the folder of this test.
    pub(crate) fn put(&self, path: &str, content: impl AsRef<[u8]>) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// A file of the workspace.
    pub(crate) fn text(&self, path: &str) -> String {
        fs::read_to_string(self.path("workspace").join(path))
            .unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// All files and links of the workspace.
    pub(crate) fn files(&self) -> Vec<String> {
        let (mut found, mut folders) = (Vec::new(), vec![self.path("workspace")]);
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let entry = entry.unwrap();
                if entry.file_type().unwrap().is_dir() {
                    folders.push(entry.path());
                } else {
                    let path = entry.path();
                    found.push(
                        path.strip_prefix(self.path("workspace")).unwrap().to_str().unwrap().to_owned(),
                    );
                }
            }
        }
        found.sort();
        found
    }

    pub(crate) async fn perform(&self, action: &str, input: &Value) -> Result<Outcome, Failure> {
        let performer = performers().get(action).cloned().unwrap_or_else(|| panic!("no {action}"));
        let call = Call { run: &self.run, step: "step", input, attempt: 1, key: "k", dry_run: self.dry_run };
        performer.perform(&call, &self.services).await
    }

    /// The output of one that works.
    pub(crate) async fn done(&self, action: &str, input: &Value) -> Value {
        match self.perform(action, input).await {
            Ok(Outcome::Done { output, .. }) => output,
            other => panic!("{action}: {other:?}"),
        }
    }

    /// The error of one that does not.
    pub(crate) async fn fails(&self, action: &str, input: &Value) -> String {
        match self.perform(action, input).await {
            Err(failure) => failure.message,
            other => panic!("{action}: {other:?}"),
        }
    }

    pub(crate) async fn probe(&self, action: &str, input: &Value) -> Probe {
        let performer = performers().get(action).cloned().unwrap();
        let call = Call { run: &self.run, step: "step", input, attempt: 2, key: "k", dry_run: false };
        performer.probe(&call, &self.services).await
    }

    pub(crate) fn log(&self) -> Vec<String> {
        std::mem::take(&mut self.lines.0.lock())
    }

    pub(crate) fn registered(&self) -> Vec<(String, bool)> {
        std::mem::take(&mut self.catalog.0.lock())
    }
}
