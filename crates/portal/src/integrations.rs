//! Integrations: programs outside that feed the catalog, such as Ocean's. Each keeps its mapping here, reports
//! how it is doing, and is told here when to go through its source again (a resync request).
//!
//! What a person decides is a record and in the change log: type, mapping, resync requests. What the program
//! reports is telemetry and goes to journals, so a run that finds nothing new changes nothing.

mod body;
mod examples;
mod notice;
mod report;
mod telemetry;

use std::sync::Arc;

use serde_json::{Map, Value, json};
use stagedoor_auth::{Action, Resource, Viewer};
use stagedoor_model::{Change, JsonText, Record, Stamps, Timestamp};
use stagedoor_store::{Store, StoreError};
use uuid::Uuid;

use crate::Portal;
use crate::error::PortalError;
use crate::writer::{Draft, internal};

pub use report::LogQuery;

const COLLECTION: &str = "integration";

/// An integration, as it was when asked for.
#[derive(Clone, Debug)]
pub struct Integration {
    /// What is stored, with the keys of Port's integration object and, beside them, `_id`, `logIngestId` (a
    /// secret part of the address it reports to) and `resyncRequest` (`{id, updatedAt}`).
    pub body: Map<String, Value>,
    /// Who and when.
    pub stamps: Stamps,
    /// What it reported of its last resync, with `updatedAt`; null before the first one.
    pub resync_state: Value,
}

/// What a caller knows an integration by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IntegrationName {
    /// `installationId`, or the internal `_id`.
    Identifier(String),
    /// The secret part of the address it reports to.
    LogIngestId(String),
}

impl Integration {
    fn of(record: &Record) -> Self {
        let Value::Object(body) = record.body.value() else {
            return Self { body: Map::new(), stamps: record.stamps.clone(), resync_state: Value::Null };
        };
        Self { body, stamps: record.stamps.clone(), resync_state: Value::Null }
    }

    /// A text of the body; empty when absent.
    #[must_use]
    pub fn text(&self, key: &str) -> &str {
        self.body.get(key).and_then(Value::as_str).unwrap_or_default()
    }

    /// The name of one of its journals. The internal id is in it, so that a later integration of the same
    /// identifier starts without them.
    fn journal(&self, name: &str) -> String {
        format!("integration/{}/{name}", self.text("_id"))
    }
}

impl IntegrationName {
    /// What it is called where rights are asked for. The secret part of an address is no name.
    fn resource(&self) -> Resource<'_> {
        match self {
            Self::Identifier(name) => Resource::Named(name),
            Self::LogIngestId(_) => Resource::Any,
        }
    }
}

fn find<'c>(
    catalog: &'c stagedoor_query::Catalog,
    name: &IntegrationName,
) -> Result<&'c Arc<Record>, PortalError> {
    let with = |key: &str, wanted: &str| {
        let says = |r: &&Arc<Record>| r.body.value().get(key).and_then(Value::as_str) == Some(wanted);
        catalog.records(COLLECTION).find(says)
    };
    let (found, name) = match name {
        IntegrationName::Identifier(id) => {
            (catalog.record(COLLECTION, id).or_else(|| with("_id", id)), id.as_str())
        }
        // A wrong one is not repeated: it may be almost right.
        IntegrationName::LogIngestId(id) => (with("logIngestId", id), ""),
    };
    found.ok_or_else(|| match name {
        "" => PortalError::NotFound("no integration reports to this address".into()),
        name => PortalError::NotFound(format!("Integration with identifier \"{name}\" was not found")),
    })
}

impl Portal {
    /// All integrations, by identifier.
    ///
    /// # Errors
    /// `Forbidden`: mappings and specifications may hold what is not for everybody.
    pub async fn integrations(&self, viewer: &Viewer) -> Result<Vec<Integration>, PortalError> {
        self.may(viewer, Action::ReadIntegrations, Resource::Any)?;
        self.all_integrations().await
    }

    /// Who they are and how they do, for everybody: without mapping and specification.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn integrations_metadata(&self, viewer: &Viewer) -> Result<Vec<Integration>, PortalError> {
        const OPEN: [&str; 6] =
            ["_id", "installationId", "installationAppType", "version", "title", "actionsProcessingEnabled"];
        self.may(viewer, Action::ReadIntegrationMetadata, Resource::Any)?;
        let mut all = self.all_integrations().await?;
        all.iter_mut().for_each(|i| i.body.retain(|key, _| OPEN.contains(&key.as_str())));
        Ok(all)
    }

    async fn all_integrations(&self) -> Result<Vec<Integration>, PortalError> {
        let mut all: Vec<_> =
            self.shared.catalog.load().records(COLLECTION).map(|r| Integration::of(r)).collect();
        self.journals(move |store| {
            for one in &mut all {
                one.resync_state = telemetry::state_of(store, one)?;
            }
            Ok(all)
        })
        .await
    }

    /// One integration.
    ///
    /// # Errors
    /// `NotFound`; `Forbidden`.
    pub async fn integration(
        &self,
        viewer: &Viewer,
        name: &IntegrationName,
    ) -> Result<Integration, PortalError> {
        self.may(viewer, Action::ReadIntegrations, name.resource())?;
        let one = Integration::of(find(&self.shared.catalog.load(), name)?);
        self.with_state(one).await
    }

    async fn with_state(&self, mut one: Integration) -> Result<Integration, PortalError> {
        self.journals(move |store| {
            one.resync_state = telemetry::state_of(store, &one)?;
            Ok(one)
        })
        .await
    }

    /// Makes an integration from Port's JSON. It is to resync at once.
    ///
    /// # Errors
    /// `identifier_taken`: an existing one keeps its mapping, whoever starts anew. `Invalid` naming the place.
    pub async fn create_integration(&self, viewer: &Viewer, body: Value) -> Result<Integration, PortalError> {
        self.may(viewer, Action::CreateIntegration, Resource::Any)?;
        let body = body::checked(body, true)?;
        let (mut id, secret) = (Uuid::now_v7().simple().to_string(), Uuid::new_v4().simple().to_string());
        id.truncate(24);
        let made = self
            .commit(viewer.actor("port"), false, move |draft| {
                draft.create_integration(&body, &id, &secret).map(|r| Integration::of(&r))
            })
            .await?;
        self.tell(&made);
        Ok(made)
    }

    /// Sets the fields that the body has; a null title clears it. An empty body asks for a resync, and so does
    /// another mapping unless `skip_resync`. The same content again changes the time of the update only.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` naming the place.
    pub async fn patch_integration(
        &self,
        viewer: &Viewer,
        name: IntegrationName,
        body: Value,
        skip_resync: bool,
    ) -> Result<Integration, PortalError> {
        self.may(viewer, Action::UpdateIntegration, name.resource())?;
        let body = body::checked(body, false)?;
        let (record, asked) = self
            .commit(viewer.actor("port"), false, move |draft| {
                draft.patch_integration(&name, &body, skip_resync)
            })
            .await?;
        let one = Integration::of(&record);
        if asked {
            self.tell(&one);
        }
        self.with_state(one).await
    }

    /// Forgets an integration and what it reported. The entities it made stay.
    ///
    /// # Errors
    /// `NotFound`; `Forbidden`.
    pub async fn delete_integration(
        &self,
        viewer: &Viewer,
        name: IntegrationName,
    ) -> Result<(), PortalError> {
        self.may(viewer, Action::DeleteIntegration, name.resource())?;
        let delete = move |draft: &mut Draft| {
            let record = Arc::clone(find(&draft.catalog, &name)?);
            draft.put(Change::DeleteRecord(COLLECTION.into(), record.key.clone()));
            Ok(Integration::of(&record))
        };
        let gone = self.commit(viewer.actor("port"), false, delete).await?;
        self.journals(move |store| telemetry::forget(store, &gone)).await
    }

    /// Does something with the journals, where waiting for the disk holds up nobody.
    async fn journals<T: Send + 'static>(
        &self,
        work: impl FnOnce(&dyn Store) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, PortalError> {
        let store = Arc::clone(&self.shared.store);
        let done = tokio::task::spawn_blocking(move || work(store.as_ref())).await;
        done.map_err(|_| PortalError::Unavailable("the portal is shutting down".into()))?.map_err(internal)
    }
}

impl Draft {
    fn create_integration(
        &mut self,
        body: &Map<String, Value>,
        id: &str,
        secret: &str,
    ) -> Result<Arc<Record>, PortalError> {
        let key = body.get("installationId").and_then(Value::as_str).unwrap_or_default();
        if self.catalog.record(COLLECTION, key).is_some() {
            let message = format!("Integration with identifier \"{key}\" is already taken");
            return Err(PortalError::Conflict { code: "identifier_taken", message });
        }
        let mut stored = Map::new();
        stored.insert("_id".into(), id.into());
        stored.extend(body.iter().filter(|(_, v)| !v.is_null()).map(|(k, v)| (k.clone(), v.clone())));
        stored.insert("logIngestId".into(), secret.into());
        request_resync(&mut stored, self.at);
        let stamps = self.new_stamps(None);
        Ok(self.put_integration(key.to_owned(), stored, stamps))
    }

    fn patch_integration(
        &mut self,
        name: &IntegrationName,
        body: &Map<String, Value>,
        skip_resync: bool,
    ) -> Result<(Arc<Record>, bool), PortalError> {
        let old = Arc::clone(find(&self.catalog, name)?);
        let Integration { body: mut stored, mut stamps, .. } = Integration::of(&old);
        body::same_identifier(body, &old.key)?;
        for (key, value) in body {
            match value {
                Value::Null => drop(stored.shift_remove(key)),
                value => drop(stored.insert(key.clone(), value.clone())),
            }
        }
        let remapped = Integration::of(&old).body.get("config") != stored.get("config");
        let asked = (body.is_empty() || remapped) && !skip_resync;
        if asked {
            request_resync(&mut stored, self.at);
        }
        // Changed or not: an exporter resyncs when it sees that somebody has saved its mapping.
        (stamps.updated_at, stamps.updated_by) = (self.at, self.actor.name.as_str().into());
        Ok((self.put_integration(old.key.clone(), stored, stamps), asked))
    }

    fn put_integration(&mut self, key: String, body: Map<String, Value>, stamps: Stamps) -> Arc<Record> {
        let body = JsonText::of(&Value::Object(body));
        let record = Arc::new(Record { collection: COLLECTION.into(), key, body, stamps });
        self.put(Change::PutRecord(Arc::clone(&record)));
        record
    }
}

/// Asks for a resync. Integrations compare times, so each request is later than the one before.
fn request_resync(body: &mut Map<String, Value>, at: Timestamp) {
    let before = body.get("resyncRequest").and_then(|r| r.get("updatedAt")?.as_str());
    let before = before.and_then(Timestamp::parse).map_or(0, |t| t.0);
    let at = Timestamp(at.0.max(before + 1));
    let id = Uuid::now_v7().simple().to_string();
    body.insert("resyncRequest".into(), json!({ "id": id, "updatedAt": at.to_string() }));
}
