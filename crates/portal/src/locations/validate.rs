//! Whether an entity would be taken, had it come from an address.

use std::sync::Arc;

use serde_json::Value;
use stagedoor_auth::{Action, Resource, Viewer};
use stagedoor_hosts::{HostError, Priority};
use stagedoor_ingest::{DocumentError, LocationRef, ParsedEntity, ReadContext, read_value};
use tokio::runtime::Handle;

use crate::Portal;
use crate::documents::check_document;
use crate::error::PortalError;
use crate::sources::{Includes, KnownKinds, one_text};

/// Why an entity would not be taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Backstage's name of the error: `InputError`, `TypeError`.
    pub name: String,
    /// Backstage's text.
    pub message: String,
}

/// A document as it would be stored, or why it would not.
type Judgement = Result<ParsedEntity, Fault>;

impl Fault {
    /// From `<name>: <message>`.
    fn told(error: &str) -> Self {
        let (name, message) = error.split_once(": ").unwrap_or(("Error", error));
        Self { name: name.to_owned(), message: message.to_owned() }
    }

    fn type_error(message: String) -> Self {
        Self { name: "TypeError".into(), message }
    }
}

impl From<DocumentError> for Fault {
    fn from(error: DocumentError) -> Self {
        Self { name: error.name, message: error.message }
    }
}

impl Portal {
    /// Judges an entity as a document at `location` (`url:https://...`) would be: its placeholders are read, and so
    /// is what a `Location` points at. Nothing is written. No faults: it would be taken.
    ///
    /// # Errors
    /// `Forbidden`.
    pub async fn validate_entity(
        &self,
        viewer: &Viewer,
        entity: Value,
        location: &str,
    ) -> Result<Vec<Fault>, PortalError> {
        self.may(viewer, Action::HandOverDocuments, Resource::Any)?;
        let place = match checked_place(location) {
            Ok(place) => place,
            Err(fault) => return Ok(vec![self.envelope_fault(entity).unwrap_or(fault)]),
        };
        let mut includes = Includes::over(Arc::clone(&self.shared.sources.code_hosts));
        let outcome = loop {
            let (outcome, read) = self.judged(entity.clone(), place.to_string(), includes).await?;
            includes = read;
            let wanted = includes.take_wanted();
            if wanted.is_empty() {
                break outcome;
            }
            for url in wanted {
                let text = self.included(&url).await;
                includes.put(url, text);
            }
        };
        Ok(match outcome {
            Ok(entity) => self.faults_behind(&entity, &place).await,
            Err(fault) => vec![fault],
        })
    }

    /// Judges an entity with what its placeholders name, as far as that has been read.
    async fn judged(
        &self,
        entity: Value,
        place: String,
        includes: Includes,
    ) -> Result<(Judgement, Includes), PortalError> {
        let catalog = self.shared.catalog.load_full();
        let code = Arc::clone(&self.shared.sources.code_hosts);
        let judge = move || {
            let kinds = KnownKinds::of(catalog.blueprints());
            let context = ReadContext::for_location(&place, &place, &kinds).with_hosts(&code);
            let entity = read_value(entity, &context.with_placeholders(&includes)).map_err(Fault::from);
            let entity = entity.and_then(|entity| {
                let entry = catalog.blueprints().by_kind(&entity.kind.to_lowercase());
                let own = entry.map_or(Ok(()), |entry| check_document(&entity.value, entry));
                own.map_err(|e| Fault { name: "InputError".into(), message: e.to_string() }).map(|()| entity)
            });
            (entity, includes)
        };
        // A specification in many files is no work for a thread that answers others.
        let stopped = |_| PortalError::Internal("the validation of an entity failed".into());
        tokio::task::spawn_blocking(judge).await.map_err(stopped)
    }

    async fn included(&self, url: &str) -> Result<String, HostError> {
        let switched_off = || HostError::Unreachable("outbound calls are switched off".into());
        let hosts = self.hosts().ok_or_else(switched_off)?;
        one_text(hosts.read(url, Priority::Person).await?)
    }

    /// What no place could mend.
    fn envelope_fault(&self, entity: Value) -> Option<Fault> {
        let catalog = Arc::clone(&self.shared.catalog.load());
        let kinds = KnownKinds::of(catalog.blueprints());
        let fault = Fault::from(read_value(entity, &ReadContext::for_api(&kinds)).err()?);
        (fault.name == "TypeError").then_some(fault)
    }

    /// What is wrong behind the targets of a `Location`.
    async fn faults_behind(&self, entity: &ParsedEntity, place: &LocationRef) -> Vec<Fault> {
        let mut faults = Vec::new();
        let Some(targets) = &entity.targets else { return faults };
        let fault = |message: String| Fault { name: "InputError".into(), message };
        let code = &self.shared.sources.code_hosts;
        for target in &targets.targets {
            match code.resolve_target(&place.kind, &place.target, targets.kind.as_deref(), target) {
                Err(message) => faults.push(fault(message)),
                Ok(target) => {
                    let reading = self.dry_read(&place.kind, &target, &Handle::current()).await;
                    faults.extend(reading.errors.iter().map(|error| Fault::told(&error.text)));
                }
            }
        }
        faults
    }
}

/// The place that an entity is said to come from: an address.
fn checked_place(location: &str) -> Result<LocationRef, Fault> {
    let place = LocationRef::parse(location).map_err(Fault::type_error)?;
    if place.kind != super::TYPE {
        return Err(Fault::type_error(format!(
            "Invalid location ref {location}, only 'url:<target>' is supported, e.g. url:https://host/path"
        )));
    }
    Ok(place)
}
