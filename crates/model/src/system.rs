//! Port's system blueprints as data: `kinds/system/*.json`, one file each, in Port's form.
//!
//! They are always there. What the files say cannot be taken away; whoever extends one stores the whole
//! blueprint, the base included.

use std::sync::{Arc, LazyLock};

use serde_json::Value;

use crate::{Blueprint, Stamps, Timestamp};

const FILES: [&str; 9] = [
    include_str!("../../../kinds/system/user.json"),
    include_str!("../../../kinds/system/team.json"),
    include_str!("../../../kinds/system/scorecard.json"),
    include_str!("../../../kinds/system/rule.json"),
    include_str!("../../../kinds/system/rule_result.json"),
    include_str!("../../../kinds/system/ai_agent.json"),
    include_str!("../../../kinds/system/ai_invocations.json"),
    include_str!("../../../kinds/system/ai_conversation.json"),
    include_str!("../../../kinds/system/mcp_server.json"),
];

/// The system blueprints as they ship, `_user` first.
pub static SYSTEM: LazyLock<Vec<Arc<Blueprint>>> =
    LazyLock::new(|| FILES.iter().filter_map(|text| read(text)).map(Arc::new).collect());

fn read(text: &str) -> Option<Blueprint> {
    let body: Value = serde_json::from_str(text).ok()?;
    let by = || "stagedoor".into();
    let stamps = Stamps {
        created_at: Timestamp(0),
        created_by: by(),
        updated_at: Timestamp(0),
        updated_by: by(),
        datasource: None,
    };
    Blueprint::parse(&body, stamps, None).ok()
}

/// The system blueprint of this identifier, as it ships.
#[must_use]
pub fn by_identifier(identifier: &str) -> Option<&'static Arc<Blueprint>> {
    SYSTEM.iter().find(|b| b.identifier == identifier)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_legal() {
        assert_eq!(SYSTEM.len(), FILES.len());
        for blueprint in SYSTEM.iter() {
            assert!(blueprint.is_system(), "{}", blueprint.identifier);
            assert_eq!(crate::blueprint::check(&blueprint.body.value()), Ok(()), "{}", blueprint.identifier);
            for relation in blueprint.relations.values() {
                assert!(by_identifier(&relation.target).is_some(), "{}", relation.target);
            }
        }
    }
}
