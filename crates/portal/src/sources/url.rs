//! URL locations: fetched through the one door outward, conditionally, and remembered between readings.

use std::collections::HashMap;
use std::sync::Arc;

use stagedoor_outbound::{Egress, GetOptions, OutboundError};
use tokio::runtime::Handle;

use super::reading::Outcome;

/// What URLs answered last.
#[derive(Default)]
pub(crate) struct Urls {
    known: HashMap<String, Known>,
}

struct Known {
    etag: Option<String>,
    text: Arc<str>,
    /// Asked since the last [`Urls::forget`].
    current: bool,
}

impl Urls {
    /// From now on every URL is asked again, with its last ETag.
    pub(crate) fn forget(&mut self) {
        self.known.values_mut().for_each(|k| k.current = false);
    }

    /// The text at a URL.
    pub(crate) fn get(
        &mut self,
        target: &str,
        egress: Option<&Egress>,
        runtime: &Handle,
    ) -> Result<Arc<str>, Outcome> {
        let known = self.known.get(target);
        if let Some(known) = known.filter(|k| k.current) {
            return Ok(Arc::clone(&known.text));
        }
        let Some(egress) = egress else {
            return Err(Outcome::Unreachable("outbound calls are switched off".into()));
        };
        let url = target.parse().map_err(|e| Outcome::Gone(format!("\"{target}\" is not a URL: {e}")))?;
        let options = GetOptions { etag: known.and_then(|k| k.etag.clone()), ..GetOptions::default() };
        let fetched = runtime.block_on(egress.get(&url, options)).map_err(outcome)?;
        let text: Arc<str> = match known.filter(|_| fetched.not_modified) {
            Some(known) => Arc::clone(&known.text),
            None => String::from_utf8(fetched.body.to_vec())
                .map_err(|_| Outcome::Unreachable(format!("{target} is not UTF-8 text")))?
                .into(),
        };
        let known = Known { etag: fetched.etag, text: Arc::clone(&text), current: true };
        self.known.insert(target.to_owned(), known);
        Ok(text)
    }
}

fn outcome(error: OutboundError) -> Outcome {
    match error {
        OutboundError::NotFound { .. } => {
            Outcome::Gone(format!("Unable to read url, NotFoundError: {error}"))
        }
        _ => Outcome::Unreachable(format!("Unable to read url, Error: {error}")),
    }
}
