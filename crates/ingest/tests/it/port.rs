use stagedoor_ingest::{ParsedDocument, PortItem};

use crate::{error, read};

/// What a text holds, a line for each item.
fn items(text: &str) -> Vec<String> {
    let one = |d: stagedoor_ingest::ReadDocument| match d.outcome {
        Ok(ParsedDocument::Port(PortItem::Blueprint(b))) => {
            format!("{}:{} blueprint {}", d.index, d.line, b["identifier"])
        }
        Ok(ParsedDocument::Port(PortItem::Entity(e))) => {
            format!("{}:{} entity {}", d.index, d.line, e["identifier"])
        }
        Ok(ParsedDocument::Entity(e)) => format!("{}:{} {}", d.index, d.line, e.entity_ref),
        Err(error) => format!("{}:{} {error}", d.index, d.line),
    };
    read(text).into_iter().map(one).collect()
}

#[test]
fn reads_every_form() {
    assert_eq!(items("identifier: db\nschema: {properties: {}}\n"), ["0:1 blueprint \"db\""]);
    assert_eq!(items("identifier: orders\nblueprint: db\nrelations: {}\n"), ["0:1 entity \"orders\""]);
    let list =
        "[{\"identifier\": \"db\",\n\t\"relations\": {}},\n {\"blueprint\": \"db\", \"identifier\": \"a\"}]";
    assert_eq!(items(list), ["0:1 blueprint \"db\"", "1:3 entity \"a\""]);
    let bundle = "blueprints:\n  - identifier: db\nentities:\n  - identifier: a\n    blueprint: db\n\
                  ---\napiVersion: v1\nkind: Database\nmetadata: {name: b}\n";
    assert_eq!(items(bundle), ["0:2 blueprint \"db\"", "1:4 entity \"a\"", "2:7 database:default/b"]);
}

#[test]
fn says_what_was_expected() {
    let found = error("name: x\nversion: 1\n");
    assert!(
        found
            .message
            .starts_with("Expected a Backstage entity (apiVersion, kind, metadata), a Port blueprint")
    );
    assert!(found.message.ends_with("; found the keys name, version"), "{found}");
    assert!(error("identifier: x\n").message.ends_with("found the keys identifier"));
    assert!(error("{}\n").message.ends_with("found an empty map"));
    assert_eq!(error("blueprint: db\n").message, "A Port entity must have \"identifier\"");
    let found = error("identifier: 1\nschema: {}\n");
    assert_eq!(
        (found.message.as_str(), found.column),
        ("\"identifier\" of a Port blueprint must be a text", 13)
    );
}

#[test]
fn the_parts_of_a_bundle_stand_alone() {
    let text = "blueprints:\n  - identifier: db\n  - 3\nentities: x\nscorecards: []\nteams:\n";
    let expected = [
        "0:2 blueprint \"db\"",
        "1:3 A Port blueprint must be a map",
        "2:4 \"entities\" must be a list",
        "3:5 Unsupported key \"scorecards\": a bundle holds \"blueprints\" and \"entities\"",
        "4:6 Unsupported key \"teams\": a bundle holds \"blueprints\" and \"entities\"",
    ];
    assert_eq!(items(text), expected);
    let list = "- 1\n- apiVersion: v1\n  kind: Database\n";
    assert!(items(list)[1].contains("can't be an item of a list"));
}
