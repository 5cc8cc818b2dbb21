//! UPSERT_ENTITY and INTEGRATION_ACTION.

use serde_json::json;
use stagedoor_actions::{Outcome, Probe};

use crate::stage::Stage;

#[tokio::test]
async fn an_entity_is_written_as_its_mapping_says() {
    let stage = Stage::new();
    let mapping = json!({
        "identifier": "orders", "title": "Orders", "team": ["shop"], "icon": null,
        "properties": { "replicas": 3, "note": null }, "relations": { "system": "shop" },
    });
    let input = json!({ "type": "UPSERT_ENTITY", "blueprintIdentifier": "service", "mapping": mapping });
    let written = json!({
        "identifier": "orders", "title": "Orders", "team": ["shop"],
        "properties": { "replicas": 3, "note": null }, "relations": { "system": "shop" },
    });
    assert_eq!(stage.done(&input).await, json!({ "entity": written }));
    assert_eq!(
        stage.written(),
        [json!({ "blueprint": "service", "body": written, "run": "r_0123456789abcdef" })]
    );
    assert_eq!(stage.probe(&input).await, Probe::Repeat);
}

#[tokio::test]
async fn an_entity_without_an_identifier_gets_the_same_at_every_attempt() {
    let stage = Stage::new();
    let input = json!({ "type": "UPSERT_ENTITY", "blueprintIdentifier": "service" });
    let (first, second) = (stage.done(&input).await, stage.done(&input).await);
    assert_eq!(first, second);
    let identifier = first["entity"]["identifier"].as_str().unwrap();
    assert!(identifier.starts_with("e_") && identifier.len() == 18, "{identifier}");
}

#[tokio::test]
async fn a_mapping_that_makes_no_sense_is_told_by_its_place() {
    let stage = Stage::new();
    for (input, said) in [
        (json!({}), "invocationMethod.blueprintIdentifier: this is required"),
        (json!({ "blueprintIdentifier": "s", "mapping": [] }), "invocationMethod.mapping: an object"),
        (json!({ "blueprintIdentifier": "s", "mapping": { "identifier": null } }), "it is null"),
        (json!({ "blueprintIdentifier": "s", "mapping": { "identifier": "" } }), "a text is expected"),
        (json!({ "blueprintIdentifier": "s", "mapping": { "spec": {} } }), "spec is none of"),
        (json!({ "blueprintIdentifier": "refused" }), "is no blueprint"),
    ] {
        let mut input = input;
        input["type"] = "UPSERT_ENTITY".into();
        let failure = stage.perform(&input).await.unwrap_err();
        assert!(failure.message.contains(said), "{}", failure.message);
        assert!(failure.retry.is_none() && !failure.unclear);
    }
    assert!(stage.written().is_empty());
}

#[tokio::test]
async fn an_integration_is_handed_what_it_knows() {
    let stage = Stage::new();
    let input = json!({
        "type": "INTEGRATION_ACTION", "installationId": "my-github", "integrationActionType": "dispatch_workflow",
        "integrationActionExecutionProperties": {
            "org": "acme", "repo": "app", "workflow": "deploy.yml", "reportWorkflowStatus": true, "workflowInputs": {},
        },
    });
    let Outcome::Reported { report } = stage.perform(&input).await.unwrap() else { panic!() };
    assert_eq!(report.payload, Some(input.clone()));
    assert_eq!(stage.probe(&input).await, Probe::DidNot);
    let nobody = json!({ "type": "INTEGRATION_ACTION" });
    assert!(stage.perform(&nobody).await.unwrap_err().message.contains("installationId: this is required"));
}
