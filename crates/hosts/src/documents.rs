//! Documents that providers make, in Backstage's form.

use serde_json::json;
use sha1::{Digest, Sha1};

use crate::providers::Discovered;

/// A Location for one target; that an optional one is not there is no error. Its name is the one that Backstage makes
/// of the target, so that both call it the same.
pub(crate) fn location(target: &str, optional: bool) -> Discovered {
    let hash = Sha1::digest(format!("url:{target}"));
    let name: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    let place = format!("url:{target}");
    let mut document = json!({
        "apiVersion": "backstage.io/v1alpha1",
        "kind": "Location",
        "metadata": {
            "name": format!("generated-{name}"),
            "annotations": {
                "backstage.io/managed-by-location": place,
                "backstage.io/managed-by-origin-location": place,
            },
        },
        "spec": { "type": "url", "target": target },
    });
    if optional {
        document["spec"]["presence"] = json!("optional");
    }
    Discovered { document }
}
