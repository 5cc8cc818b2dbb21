//! What a performer is given in these tests: a run, a log and a catalog that remember, and a way out to this machine.

use std::sync::Arc;

use async_trait::async_trait;
use parking_lot::Mutex;
use serde_json::{Value, json};
use stagedoor_actions::{
    BackEndSettings, Call, CatalogAccess, Failure, Level, Log, Outcome, Performer, Probe, Run, Services,
    performers,
};
use stagedoor_auth::Secret;
use stagedoor_hosts::Hosts;
use stagedoor_outbound::{AllowList, Egress};

/// The key of every step.
pub(crate) const KEY: &str = "r_0123456789abcdef.run";
/// What is signed with.
pub(crate) const SECRET: &str = "signing-secret";

/// Remembers lines.
#[derive(Default)]
pub(crate) struct Lines(Mutex<Vec<String>>);

impl Log for Lines {
    fn line(&self, level: Level, _step: Option<&str>, message: &str) {
        self.0.lock().push(format!("{level:?}: {message}"));
    }
}

/// Remembers what was written, and refuses a blueprint called `refused`.
#[derive(Default)]
pub(crate) struct Catalog(Mutex<Vec<Value>>);

#[async_trait]
impl CatalogAccess for Catalog {
    async fn entity(&self, _reference: &str) -> Option<Value> {
        None
    }

    async fn register(&self, _url: &str, _optional: bool) -> Result<Vec<String>, Failure> {
        Err(Failure::new("no locations here"))
    }

    async fn upsert(&self, blueprint: &str, body: Value, run: &str) -> Result<Value, Failure> {
        if blueprint == "refused" {
            return Err(Failure::new("\"refused\" is no blueprint"));
        }
        self.0.lock().push(json!({ "blueprint": blueprint, "body": body, "run": run }));
        Ok(body)
    }
}

/// All of it.
pub(crate) struct Stage {
    pub(crate) services: Services,
    pub(crate) lines: Arc<Lines>,
    pub(crate) catalog: Arc<Catalog>,
    pub(crate) run: Run,
}

impl Stage {
    pub(crate) fn new() -> Self {
        Self::with(None, BackEndSettings::default())
    }

    /// With `integrations` of the configuration.
    pub(crate) fn hosted(integrations: &Value) -> Self {
        let (hosts, problems) = Hosts::new(Some(integrations), AllowList::default());
        assert!(problems.is_empty(), "{problems:?}");
        Self::with(Some(Arc::new(hosts)), BackEndSettings::default())
    }

    pub(crate) fn with(hosts: Option<Arc<Hosts>>, settings: BackEndSettings) -> Self {
        let (lines, catalog) = (Arc::<Lines>::default(), Arc::<Catalog>::default());
        let services = Services {
            egress: Arc::new(Egress::new("127.0.0.1".parse::<AllowList>().unwrap())),
            hosts,
            catalog: Arc::<Catalog>::clone(&catalog),
            log: Arc::<Lines>::clone(&lines),
            organization: "org_acme".to_owned(),
            signing_secret: Some(Secret::new(SECRET)),
            base_url: "https://portal.example.com".to_owned(),
            back_ends: Arc::new(settings),
            workspace: None,
        };
        let run = json!({
            "id": "r_0123456789abcdef",
            "of": { "kind": "action", "identifier": "deploy" },
            "definition": "d",
            "starter": { "actor": "ada@example.com", "origin": "UI" },
            "status": "IN_PROGRESS",
            "createdAt": 1_767_225_600_000_i64,
            "updatedAt": 1_767_225_600_000_i64,
        });
        Self { services, lines, catalog, run: serde_json::from_value(run).unwrap() }
    }

    /// The back end that an input names, and a call of it.
    fn call<'a>(&'a self, input: &'a Value) -> (Arc<dyn Performer>, Call<'a>) {
        let performer = performers().get(input["type"].as_str().unwrap()).cloned().unwrap();
        let call = Call { run: &self.run, step: "run", input, attempt: 1, key: KEY, dry_run: false };
        (performer, call)
    }

    pub(crate) async fn perform(&self, input: &Value) -> Result<Outcome, Failure> {
        let (performer, call) = self.call(input);
        performer.perform(&call, &self.services).await
    }

    /// The same, where it ends well: what it put out.
    pub(crate) async fn done(&self, input: &Value) -> Value {
        match self.perform(input).await {
            Ok(Outcome::Done { output, .. }) => output,
            other => panic!("{other:?}"),
        }
    }

    /// The same, where it goes on outside: what it is found by.
    pub(crate) async fn begun(&self, input: &Value) -> Value {
        match self.perform(input).await {
            Ok(Outcome::Following { handle, .. }) => handle,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn probe(&self, input: &Value) -> Probe {
        let (performer, call) = self.call(input);
        performer.probe(&call, &self.services).await
    }

    pub(crate) async fn follow(&self, input: &Value, handle: &Value) -> Result<Outcome, Failure> {
        let (performer, call) = self.call(input);
        performer.follow(&call, handle, &self.services).await
    }

    /// Follows without waiting until it ends.
    pub(crate) async fn to_the_end(&self, input: &Value, mut handle: Value) -> Result<Outcome, Failure> {
        for _ in 0..50 {
            match self.follow(input, &handle).await? {
                Outcome::Following { handle: next, .. } => handle = next,
                other => return Ok(other),
            }
        }
        panic!("it never ends");
    }

    pub(crate) async fn cancel(&self, input: &Value, handle: Option<&Value>) -> Result<(), Failure> {
        let (performer, call) = self.call(input);
        performer.cancel(&call, handle, &self.services).await
    }

    /// The log since the last time.
    pub(crate) fn log(&self) -> Vec<String> {
        std::mem::take(&mut self.lines.0.lock())
    }

    /// What was written into the catalog.
    pub(crate) fn written(&self) -> Vec<Value> {
        self.catalog.0.lock().clone()
    }
}
