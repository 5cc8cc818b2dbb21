//! Telling an integration of a resync request, where it asked to be called instead of asking itself.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use stagedoor_outbound::{Egress, OutboundError, PostOptions};
use tokio::sync::Semaphore;
use url::Url;

use super::Integration;
use crate::{Portal, clock};

/// One that has just registered may not listen yet.
const PAUSES: [u64; 5] = [1, 3, 10, 30, 90];
/// Ocean answers when its resync has ended, and giving up earlier might end it.
const TIMEOUT: Duration = Duration::from_secs(6 * 60 * 60);
/// So many may wait for their answer at a time; who hears of it neither now nor later still finds the request here.
static WAITING: Semaphore = Semaphore::const_new(100);

impl Portal {
    /// Posts a resync request to the address in the integration's `changelogDestination`, if it has one. Does
    /// not wait for it; what fails is logged, for the request itself is stored.
    pub(super) fn tell(&self, one: &Integration) {
        let Some(url) = address(one) else { return };
        let identifier = one.text("installationId").to_owned();
        let Some(egress) = self.shared.sources.egress() else { return };
        let event = json!({
            "action": "UPDATE", "resourceType": "integration", "status": "SUCCESS",
            "trigger": { "at": clock::now().to_string(), "origin": "API" },
            "context": { "integration": identifier },
        });
        let Ok(place) = WAITING.try_acquire() else {
            tracing::warn!(integration = identifier, "too many resyncs under way to ask for another");
            return;
        };
        tokio::spawn(async move {
            let _place = place;
            if let Err(error) = deliver(&egress, &url, &event).await {
                tracing::warn!(integration = identifier, %error, "could not ask for a resync");
            }
        });
    }
}

fn address(one: &Integration) -> Option<Url> {
    let destination = one.body.get("changelogDestination")?;
    // Through an agent: the address is not one that we could reach.
    if destination.get("type")? != "WEBHOOK" || destination.get("agent") == Some(&Value::Bool(true)) {
        return None;
    }
    Url::parse(destination.get("url")?.as_str()?).ok()
}

async fn deliver(egress: &Arc<Egress>, url: &Url, event: &Value) -> Result<(), OutboundError> {
    let options = || PostOptions::json(event.to_string(), TIMEOUT);
    for pause in PAUSES {
        match egress.post(url, options()).await {
            Err(OutboundError::Unreachable { .. } | OutboundError::Status { status: 502..=504, .. }) => {}
            done => return done.map(|_| ()),
        }
        tokio::time::sleep(Duration::from_secs(pause)).await;
    }
    egress.post(url, options()).await.map(|_| ())
}
