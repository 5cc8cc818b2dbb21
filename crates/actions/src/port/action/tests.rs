use serde_json::{Value, json};

use super::PortAction;
use crate::ApprovalMode;

fn refusal(body: Value) -> String {
    PortAction::parse(body).unwrap_err().message
}

fn minimal(over: Value) -> Value {
    let mut body = json!({"identifier": "a", "trigger": {"type": "self-service", "operation": "CREATE", "userInputs": {"properties": {}}}, "invocationMethod": {"type": "KAFKA"}});
    for (key, value) in over.as_object().unwrap() {
        body[key] = value.clone();
    }
    body
}

#[test]
fn a_body_comes_back_as_it_was_sent() {
    let body = json!({
        "title": null, "identifier": "deploy:v1=x", "icon": "Rocket", "publish": true,
        "trigger": {"operation": "DAY-2", "type": "self-service", "blueprintIdentifier": "service",
            "userInputs": {"required": ["b"], "properties": {"b": {"type": "string", "title": "B", "enum": ["y", "x"], "enumColors": {"x": "red"}, "unheard-of": [1]}, "a": {"type": "array", "items": {"type": "string", "format": "entity", "blueprint": "service"}}}, "order": ["b", "a"], "titles": {"t": {"title": "T"}}},
            "condition": {"type": "SEARCH", "rules": [], "combinator": "and"}, "actionCardButtonText": "Go"},
        "invocationMethod": {"url": "https://example.com", "type": "WEBHOOK", "agent": false, "synchronized": "{{ .inputs.x }}", "headers": {}, "body": {"{{ spreadValue() }}": "{{ .inputs }}"}},
        "requiredApproval": {"type": "ALL"}, "approvalNotification": {"type": "webhook", "url": "https://example.com", "format": "slack"}, "allowAnyoneToViewRuns": false});
    let action = PortAction::parse(body.clone()).unwrap();
    assert_eq!(Value::Object(action.body().clone()).to_string(), body.to_string());
    assert_eq!((action.approval(), action.shows_runs()), (Some(ApprovalMode::All), false));
    assert_eq!(
        (action.operation(), action.blueprint(), action.back_end()),
        ("DAY-2", Some("service"), "WEBHOOK")
    );
}

#[test]
fn the_older_form_is_brought_into_todays() {
    let action = PortAction::parse(json!({"identifier":"scale_service","title":"Scale Service","trigger":"DAY-2","userInputs":{"properties":{"replicas":{"type":"number","minimum":1,"maximum":20}}},"invocationMethod":{"type":"GITHUB","org":"myorg","repo":"infra","workflow":"scale.yml"}})).unwrap();
    assert_eq!(
        Value::Object(action.body().clone()),
        json!({"identifier": "scale_service", "title": "Scale Service",
            "trigger": {"type": "self-service", "operation": "DAY-2", "userInputs": {"properties": {"replicas": {"type": "number", "minimum": 1, "maximum": 20}}}},
            "invocationMethod": {"type": "GITHUB", "org": "myorg", "repo": "infra", "workflow": "scale.yml", "workflowInputs": {"{{ spreadValue() }}": "{{ .inputs }}"}}})
    );
    assert!(action.needs_entity() && action.blueprint().is_none());
    let old = json!({"identifier": "x", "trigger": "CREATE", "blueprint": "service", "userInputs": {}, "invocationMethod": {"type": "GITHUB", "org": "o", "repo": "r", "workflow": "w", "omitUserInputs": true, "omitPayload": false, "reportWorkflowStatus": true}});
    let action = PortAction::parse(old).unwrap();
    assert_eq!(action.blueprint(), Some("service"));
    let inputs = &action.method()["workflowInputs"];
    assert!(
        inputs.get("{{ spreadValue() }}").is_none()
            && inputs["port_payload"]["context"]["runId"] == "{{ .run.id }}"
    );
    assert!(action.method().get("omitPayload").is_none());
    let webhook = json!({"identifier": "x", "trigger": "CREATE", "invocationMethod": {"type": "WEBHOOK", "url": "https://example.com"}});
    assert_eq!(PortAction::parse(webhook).unwrap().method()["body"]["resourceType"], "run");
}

#[test]
fn automations_say_what_sets_them_going() {
    let automation = |event: Value| {
        minimal(
            json!({"trigger": {"type": "automation", "event": event, "condition": {"type": "JQ", "expressions": [], "combinator": "and"}}}),
        )
    };
    let good = PortAction::parse(automation(
        json!({"type": "TIMER_PROPERTY_EXPIRED", "blueprintIdentifier": "b", "propertyIdentifier": "p"}),
    ))
    .unwrap();
    assert!(good.is_automation() && good.blueprint() == Some("b"));
    let wrong = automation(json!({"type": "TIMER_PROPERTY_EXPIRED", "blueprintIdentifier": "b"}));
    assert_eq!(refusal(wrong), "\"trigger/event\" must have required property 'propertyIdentifier'");
    assert_eq!(
        refusal(automation(json!({"type": "RUN_CREATED"}))),
        "\"trigger/event\" must have required property 'actionIdentifier'"
    );
    let off = minimal(
        json!({"publish": false, "trigger": {"type": "automation", "event": {"type": "ENTITY_CREATED", "blueprintIdentifier": "b"}}}),
    );
    assert!(!PortAction::parse(off).unwrap().is_published());
}

#[test]
fn refusals_name_their_place_in_ajvs_words() {
    let inputs = |properties: Value| {
        minimal(
            json!({"trigger": {"type": "self-service", "operation": "CREATE", "userInputs": {"properties": properties}}}),
        )
    };
    for (body, wanted) in [
        (json!([]), "body must be object"),
        (json!({"title": "x"}), "body must have required property 'identifier'"),
        (
            minimal(json!({"identifier": ".."})),
            "\"identifier\" must be letters, digits or any of @ _ . + : = -, and not \".\" or \"..\"",
        ),
        (minimal(json!({"identifier": 1})), "\"identifier\" must be string"),
        (
            minimal(json!({"requiredAproval": true})),
            "body must NOT have additional properties, additional property: requiredAproval",
        ),
        (
            minimal(json!({"requiredApproval": {"type": "SOME"}})),
            "\"requiredApproval/type\" must be equal to one of the allowed values: ANY, ALL",
        ),
        (
            minimal(json!({"trigger": {"type": "self-service", "operation": "DAY-3"}})),
            "\"trigger/operation\" must be equal to one of the allowed values: CREATE, DAY-2, DELETE",
        ),
        (
            minimal(
                json!({"trigger": {"type": "self-service", "operation": "CREATE", "condition": {"type": "SEARCH", "rules": [], "combinator": "and"}}}),
            ),
            "\"trigger/condition\" is for the operations DAY-2 and DELETE",
        ),
        (
            minimal(json!({"trigger": "WHENEVER"})),
            "\"trigger/operation\" must be equal to one of the allowed values: CREATE, DAY-2, DELETE",
        ),
        (
            minimal(json!({"invocationMethod": {"type": "WEBHOOK"}})),
            "\"invocationMethod\" must have required property 'url'",
        ),
        (
            inputs(json!({"a": {"type": "text"}})),
            "\"trigger/userInputs/properties/a/type\" must be equal to one of the allowed values: string, number, integer, boolean, object, array",
        ),
        (
            inputs(json!({"a": {"type": "string", "format": "entity"}})),
            "\"trigger/userInputs/properties/a\" must have required property 'blueprint'",
        ),
        (
            inputs(json!({"a": {"type": "string", "visible": "yes"}})),
            "\"trigger/userInputs/properties/a/visible\" must be boolean or {\"jqQuery\": string}",
        ),
        (
            inputs(json!({"a": {"type": "string", "pattern": "("}})),
            "\"trigger/userInputs/properties/a/pattern\" must be a valid regular expression (back-references are not supported)",
        ),
        (
            inputs(json!({"a": {"type": "string", "encryption": "rot13"}})),
            "\"trigger/userInputs/properties/a/encryption\" must be \"aes256-gcm\" or {\"algorithm\": \"client-side\", \"key\": string}",
        ),
    ] {
        assert_eq!(refusal(body.clone()), wanted, "{body}");
    }
    assert!(
        refusal(minimal(json!({"invocationMethod": {"type": "SHELL"}})))
            .contains("\"invocationMethod/type\" must be equal to one of the allowed values: KAFKA")
    );
}
