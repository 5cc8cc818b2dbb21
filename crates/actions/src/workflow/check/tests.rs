use serde_json::{Value, json};

use crate::workflow::Workflow;

/// A legal workflow with every type of node.
fn whole() -> Value {
    json!({
        "identifier": "deploy", "title": "Deploy", "icon": "Rocket", "description": "x", "category": "ops",
        "allowAnyoneToViewRuns": false,
        "nodes": [
            {"identifier": "form", "config": {"type": "SELF_SERVE_TRIGGER", "published": true, "variant": "ALERT",
                "userInputs": {"properties": {"service": {"type": "string", "format": "entity", "blueprint": "service"}}, "required": ["service"]},
                "contexts": [{"on": "ENTITY", "userInput": "service"}, {"on": "CREATE_ENTITY", "blueprintIdentifier": "service"}],
                "permissions": {"users": [], "roles": ["Member"], "teams": [], "policy": {"conditions": ["true"]}}}},
            {"identifier": "event", "config": {"type": "EVENT_TRIGGER", "event": {"type": "TIMER_EXPIRED", "blueprintIdentifier": "service", "propertyIdentifier": "ttl"},
                "condition": {"type": "JQ", "expressions": [".diff.after != null"], "combinator": "and"}}},
            {"identifier": "night", "config": {"type": "SCHEDULE_TRIGGER", "cron": "0 3 * * *"}},
            {"identifier": "check", "config": {"type": "CONDITION", "outlets": [{"identifier": "prod", "expression": ".outputs.form.env == \"prod\""}]}},
            {"identifier": "ask", "config": {"type": "INPUT", "userInputs": {"properties": {"why": {"type": "string"}}, "buttons": [{"identifier": "yes", "label": "Yes", "variant": "PRIMARY"}]},
                "outlets": [{"identifier": "yes", "evaluationMethod": "button", "numOfResponders": 2, "workflowStatusLabel": {"text": "approved", "variant": "GREEN"}}],
                "notifications": [{"target": "webhook", "url": "https://example.com"}], "responders": {"users": ["a@example.com"]}}},
            {"identifier": "call", "title": "Call", "variables": {"id": "{{ .response.data.id }}"}, "links": ["https://example.com"], "verbose": true,
                "config": {"type": "WEBHOOK", "url": "https://example.com", "synchronized": true, "onTimeout": "fail", "onFailure": "continue"}},
            {"identifier": "put", "config": {"type": "UPSERT_ENTITY", "blueprintIdentifier": "service", "mapping": {"identifier": "x"}}},
            {"identifier": "tell", "config": {"type": "KAFKA", "payload": {"a": 1}}},
            {"identifier": "run", "config": {"type": "INTEGRATION_ACTION", "installationId": "g", "integrationProvider": "github-ocean", "integrationInvocationType": "dispatch_workflow", "integrationActionExecutionProperties": {}}},
            {"identifier": "think", "config": {"type": "AI", "userPrompt": "x", "tools": [], "outputSchema": {"type": "object"}}},
            {"identifier": "agent", "config": {"type": "AI_AGENT", "userPrompt": "x", "agentIdentifier": "y"}},
            {"identifier": "pipeline", "config": {"type": "GITLAB", "projectName": "a", "groupName": "b"}},
        ],
        "connections": [
            {"sourceIdentifier": "form", "targetIdentifier": "check", "description": "first"},
            {"sourceIdentifier": "check", "targetIdentifier": "ask", "sourceOutletIdentifier": "prod"},
            {"sourceIdentifier": "check", "targetIdentifier": "call", "fallback": true},
            {"sourceIdentifier": "ask", "targetIdentifier": "call", "sourceOutletIdentifier": "yes"},
        ],
    })
}

#[test]
fn every_type_of_node_comes_back_as_it_was_sent() {
    let workflow = Workflow::parse(whole()).unwrap();
    assert_eq!(Value::Object(workflow.body().clone()), whole());
    let mut with_audit = whole();
    with_audit["createdAt"] = json!("2026-01-01T00:00:00.000Z");
    with_audit["version"] = json!(3);
    assert_eq!(Value::Object(Workflow::parse(with_audit).unwrap().body().clone()), whole());
}

/// What a change makes of the legal one.
fn refusal(pointer: &str, value: Value) -> String {
    let mut body = whole();
    match body.pointer_mut(pointer) {
        Some(place) => *place = value,
        None => {
            let (parent, key) = pointer.rsplit_once('/').unwrap();
            body.pointer_mut(parent).unwrap()[key] = value;
        }
    }
    match Workflow::parse(body) {
        Ok(_) => "legal".into(),
        Err(invalid) => invalid.message,
    }
}

#[test]
fn what_is_wrong_is_named_with_its_place() {
    let known = "AI, AI_AGENT, AZURE_DEVOPS, CONDITION, EVENT_TRIGGER, GITHUB, GITLAB, INPUT, INTEGRATION_ACTION, KAFKA, KUBERNETES_JOB, SCHEDULE_TRIGGER, SELF_SERVE_TRIGGER, TERRAFORM, UPSERT_ENTITY, WEBHOOK";
    for (pointer, value, expected) in [
        ("/identifier", json!("a b"), "\"identifier\" must be letters, digits or any of @ _ . + : = -, and not \".\" or \"..\"".to_owned()),
        ("/identifier", json!("runs"), "\"identifier\" must NOT be \"runs\" or \"nodes\": these are addresses of their own".into()),
        ("/surprise", json!(1), "body must NOT have additional properties, additional property: surprise".into()),
        ("/nodes/5/config/type", json!("FAX"), format!("\"nodes/5/config/type\" must be equal to one of the allowed values: {known}")),
        ("/nodes/5/config/onFailure", json!("shrug"), "\"nodes/5/config/onFailure\" must be equal to one of the allowed values: terminate, continue".into()),
        ("/nodes/5/config/url", json!(7), "\"nodes/5/config/url\" must be string".into()),
        ("/nodes/5/surprise", json!(7), "\"nodes/5\" must NOT have additional properties, additional property: surprise".into()),
        ("/nodes/6/identifier", json!("call"), "\"nodes/6/identifier\" must be unique: there is another node \"call\"".into()),
        ("/nodes/3/config/outlets/0/expression", json!(".a ==="), "\"nodes/3/config/outlets/0/expression\" must be a JQ program: ".into()),
        ("/nodes/3/config/outlets", json!([]), "\"nodes/3/config\" must have required property 'outlets', with one outlet or more".into()),
        ("/nodes/4/config/outlets/0/identifier", json!("no"), "\"nodes/4/config/outlets/0/identifier\" must be the identifier of a button: there is no \"no\"".into()),
        ("/nodes/4/config/outlets/0/numOfResponders", json!(0), "\"nodes/4/config/outlets/0/numOfResponders\" must be >= 1".into()),
        ("/nodes/4/config/notifications/0/url", Value::Null, "\"nodes/4/config/notifications/0\" must have required property 'url'".into()),
        ("/nodes/1/config/event/propertyIdentifier", Value::Null, "\"nodes/1/config/event\" must have required property 'propertyIdentifier'".into()),
        ("/nodes/0/config/contexts/0/userInput", json!("none"), "\"nodes/0/config/contexts/0/userInput\" must be one of the inputs: there is no \"none\"".into()),
        ("/nodes/0/config/userInputs/properties/service/type", json!("thing"), "\"nodes/0/config/userInputs/properties/service/type\" must be equal to one of the allowed values: ".into()),
        ("/connections/0/targetIdentifier", json!("nowhere"), "\"connections/0/targetIdentifier\" must be the identifier of a node: there is no \"nowhere\"".into()),
        ("/connections/0/targetIdentifier", json!("night"), "\"connections/0/targetIdentifier\" must NOT be a trigger: \"night\" begins runs".into()),
        ("/connections/1/sourceOutletIdentifier", json!("dev"), "\"connections/1/sourceOutletIdentifier\" must be an outlet of \"check\": there is no \"dev\"".into()),
        ("/connections/1/sourceOutletIdentifier", Value::Null, "\"connections/1\" must have required property 'sourceOutletIdentifier', or be the fallback".into()),
        ("/connections/3/fallback", json!(true), "legal".into()),
        ("/connections/0/fallback", json!(true), "\"connections/0/fallback\" is for conditions: \"form\" is none".into()),
        ("/connections/0/sourceOutletIdentifier", json!("prod"), "\"connections/0/sourceOutletIdentifier\" is for conditions and inputs: \"form\" is neither".into()),
        ("/connections/4", json!({"sourceIdentifier": "call", "targetIdentifier": "call"}), "\"connections/4\" must NOT lead from a node to itself".into()),
        ("/connections/3", json!({"sourceIdentifier": "call", "targetIdentifier": "check"}), "\"connections\" must NOT go in circles: ask, call, check".into()),
        ("/connections/3", json!({"sourceIdentifier": "form", "targetIdentifier": "check"}), "\"connections/3\" must be unique: another connection says the same".into()),
        ("/nodes/9/config/tools", json!(["a"]), "\"nodes/9/config/tools\" must be empty: models are given no tools here, so it would never do what it says".into()),
        ("/nodes/9/config/mcpServers", json!([{}]), "\"nodes/9/config/mcpServers\" must be empty: ".into()),
        ("/nodes/9/config/outputSchema", json!({"properties": {"a": {"$ref": "#/b"}}}), "\"nodes/9/config/outputSchema/properties/a/$ref\" is not resolved here: write the schema out in its place".into()),
        ("/nodes", json!([]), "\"nodes\" must NOT have fewer than 1 items".into()),
    ] {
        if pointer == "/connections/4" {
            let mut body = whole();
            body["connections"].as_array_mut().unwrap().push(value);
            assert_eq!(Workflow::parse(body).unwrap_err().message, expected);
            continue;
        }
        let got = refusal(pointer, value);
        let open = expected.ends_with(": ") && got.starts_with(&expected);
        assert!(got == expected || open, "{pointer}\n got: {got}\nwant: {expected}");
    }
    let none = json!({"identifier": "a", "nodes": [{"identifier": "b", "config": {"type": "KAFKA"}}]});
    assert_eq!(
        Workflow::parse(none).unwrap_err().message,
        "\"nodes\" must have a trigger: SELF_SERVE_TRIGGER, EVENT_TRIGGER or SCHEDULE_TRIGGER"
    );
}
