//! Exemptions whose time is over: the log tells it, as it tells who granted them.

use stagedoor_model::{Actor, Timestamp};

use super::{EXEMPTIONS, ExemptionState, Stored};
use crate::Portal;
use crate::error::PortalError;
use crate::writer::Draft;

impl Portal {
    /// Writes down which exemptions have expired. Returns when the next one will.
    pub(crate) async fn expire_exemptions(&self, now: Timestamp) -> Result<Option<Timestamp>, PortalError> {
        let catalog = self.shared.catalog.load_full();
        let open = |stored: &Stored| matches!(stored.state, ExemptionState::Asked | ExemptionState::Granted);
        let ends = catalog.records(EXEMPTIONS).filter_map(|record| Stored::of(record).filter(open));
        let (over, left): (Vec<Timestamp>, Vec<Timestamp>) =
            ends.map(|stored| stored.until).partition(|until| *until <= now);
        if over.is_empty() {
            return Ok(left.into_iter().min());
        }
        let put = move |draft: &mut Draft| {
            let over: Vec<(String, Stored)> = draft
                .catalog
                .records(EXEMPTIONS)
                .filter_map(|record| Some((record.key.clone(), Stored::of(record)?)))
                .filter(|(_, stored)| open(stored) && stored.until <= now)
                .collect();
            for (id, mut stored) in over {
                stored.state = ExemptionState::Expired;
                draft.put_exemption(&id, &stored);
            }
            Ok(())
        };
        self.commit(Actor::new("system", "system"), false, put).await?;
        Ok(left.into_iter().min())
    }
}
