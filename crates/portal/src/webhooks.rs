//! What hosts tell by themselves: from a delivery to sources that are read again.
//!
//! A delivery needs no viewer. It shows nothing, changes nothing, and asks for nothing that its sender chooses: what it is
//! about is compared with what the configuration and the locations name, and that is read early.

use stagedoor_hosts::{Header, Webhooks};

pub use stagedoor_hosts::{LARGEST_DELIVERY as LARGEST_WEBHOOK, Refused as RefusedWebhook};

use crate::Portal;

/// Characters of an event's name that are logged: it comes from a header that is not signed.
const SHOWN: usize = 48;

impl Portal {
    /// Whether deliveries of a topic are looked at.
    #[must_use]
    pub fn hears(&self, topic: &str) -> bool {
        self.hosts().is_some_and(|hosts| hosts.webhooks().knows(topic))
    }

    /// Takes a delivery of a host, under its topic. Headers are asked for by their names in lower case.
    ///
    /// # Errors
    /// Why it is not taken; then nothing is done.
    pub fn receive_webhook(
        &self,
        topic: &str,
        header: Header<'_>,
        body: &[u8],
    ) -> Result<(), RefusedWebhook> {
        let hosts = self.hosts().ok_or(RefusedWebhook::Unknown)?;
        let webhooks: &Webhooks = hosts.webhooks();
        let taken = webhooks.receive(topic, header, body).inspect_err(|refused| match refused {
            RefusedWebhook::Forged(_) => {
                tracing::warn!(topic, "a webhook was refused: it does not prove that it knows the secret")
            }
            RefusedWebhook::Unreadable(why) => {
                tracing::warn!(topic, why, "a webhook was refused: it is no JSON")
            }
            RefusedWebhook::Unknown => {}
        })?;
        let event: String = taken.event.chars().take(SHOWN).collect();
        tracing::debug!(
            topic,
            ?event,
            meanings = taken.events.len(),
            repeated = taken.repeated,
            "a webhook came"
        );
        for event in taken.events {
            self.host_event(event);
        }
        Ok(())
    }
}
