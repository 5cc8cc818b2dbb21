//! What a document would change, to be looked at before it does.

use stagedoor_query::Catalog;

use super::DocumentResult;
use crate::to_yaml;

/// Documents whose difference is told.
const MOST: usize = 100;
/// Longer texts are not compared.
const LONGEST: usize = 64 * 1024;

/// Adds to what changes what it is before and after, as YAML.
pub(super) fn tell(changed: &mut [DocumentResult], before: &Catalog, after: &Catalog) {
    for result in changed.iter_mut().take(MOST) {
        let text = |catalog: &Catalog| {
            let value = match &result.reference {
                Some(reference) => {
                    let entity = catalog.node_of_ref(reference).and_then(|node| catalog.entity(node))?;
                    entity.document.value()
                }
                None => catalog.blueprints().get(&result.identifier)?.blueprint.body.value(),
            };
            Some(to_yaml(&value)).filter(|text| text.len() <= LONGEST)
        };
        result.difference = text(before).zip(text(after));
    }
}
