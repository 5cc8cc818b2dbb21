//! What a workflow must look like, in ajv's words with the place of what is wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use serde_json::{Map, Value};
use stagedoor_jq::Jq;
use stagedoor_model::blueprint::Invalid;

use super::definition::{Connection, Node, Workflow};
use crate::port::check::{at, back_end, by, is_identifier};
use crate::port::check_user_inputs;

/// Schemas of the parts, as data.
static SCHEMAS: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("workflow.json")).unwrap_or_default());

/// Names that stand for something else in addresses.
const RESERVED: [&str; 2] = ["runs", "nodes"];
/// Back ends of actions that a node may name, too; Port's own workflows have only the first four.
const BACK_ENDS: [&str; 9] = [
    "WEBHOOK",
    "KAFKA",
    "INTEGRATION_ACTION",
    "UPSERT_ENTITY",
    "GITHUB",
    "GITLAB",
    "AZURE_DEVOPS",
    "KUBERNETES_JOB",
    "TERRAFORM",
];

/// Whether a body is a legal workflow.
///
/// # Errors
/// The first thing that is not, with its place.
pub(super) fn check(body: &Value) -> Result<(), Invalid> {
    part("workflow", "", body)?;
    let identifier = body.get("identifier").and_then(Value::as_str).unwrap_or_default();
    legal(identifier, "/identifier")?;
    if RESERVED.contains(&identifier) {
        return Err(at("/identifier", "must NOT be \"runs\" or \"nodes\": these are addresses of their own"));
    }
    let workflow = Workflow::stored(body.clone());
    let mut seen = BTreeSet::new();
    for node in workflow.nodes() {
        let path = format!("/nodes/{}", node.at);
        self::node(&node, &path)?;
        if !seen.insert(node.identifier()) {
            let text = format!("must be unique: there is another node \"{}\"", node.identifier());
            return Err(at(&format!("{path}/identifier"), &text));
        }
    }
    if !workflow.nodes().any(Node::is_trigger) {
        let text = "must have a trigger: SELF_SERVE_TRIGGER, EVENT_TRIGGER or SCHEDULE_TRIGGER";
        return Err(at("/nodes", text));
    }
    connections(&workflow)
}

fn legal(identifier: &str, path: &str) -> Result<(), Invalid> {
    match is_identifier(identifier) {
        true => Ok(()),
        false => Err(at(path, "must be letters, digits or any of @ _ . + : = -, and not \".\" or \"..\"")),
    }
}

fn part(name: &str, path: &str, value: &Value) -> Result<(), Invalid> {
    SCHEMAS.get(name).map_or(Ok(()), |schema| by(schema, path, value))
}

fn node(node: &Node<'_>, path: &str) -> Result<(), Invalid> {
    part("node", path, &Value::Object(node_body(node)))?;
    legal(node.identifier(), &format!("{path}/identifier"))?;
    let (kind, place) = (node.kind(), format!("{path}/config"));
    let schema = SCHEMAS.get("config").and_then(|all| all.get(kind));
    let Some(schema) = schema.or_else(|| back_end(kind).filter(|_| BACK_ENDS.contains(&kind))) else {
        let known = SCHEMAS.get("config").and_then(Value::as_object);
        let known = known.into_iter().flatten().map(|(name, _)| name.as_str());
        let all: BTreeSet<&str> = known.chain(BACK_ENDS).collect();
        let names: Vec<&str> = all.into_iter().collect();
        let text = format!("must be equal to one of the allowed values: {}", names.join(", "));
        return Err(at(&format!("{place}/type"), &text));
    };
    by(schema, &place, node.config())?;
    match node.config().get("onFailure") {
        None | Some(Value::Null) => {}
        Some(Value::String(what)) if matches!(what.as_str(), "terminate" | "continue") => {}
        Some(_) => {
            let text = "must be equal to one of the allowed values: terminate, continue";
            return Err(at(&format!("{place}/onFailure"), text));
        }
    }
    match kind {
        "SELF_SERVE_TRIGGER" => self_service(node, &place),
        "EVENT_TRIGGER" => event(node, &place),
        "CONDITION" => condition(node, &place),
        "INPUT" => input(node, &place),
        "AI" => ai(node, &place),
        _ => Ok(()),
    }
}

fn node_body(node: &Node<'_>) -> Map<String, Value> {
    node.whole().as_object().cloned().unwrap_or_default()
}

fn self_service(node: &Node<'_>, place: &str) -> Result<(), Invalid> {
    let inputs = node.config().get("userInputs").filter(|inputs| !inputs.is_null());
    if let Some(inputs) = inputs {
        check_user_inputs(inputs, &format!("{place}/userInputs"))?;
    }
    let contexts = node.config().get("contexts").and_then(Value::as_array).into_iter().flatten();
    for (number, context) in contexts.enumerate() {
        let says = |key: &str| context.get(key).and_then(Value::as_str).is_some_and(|text| !text.is_empty());
        let needed = match context.get("on").and_then(Value::as_str) {
            Some("ENTITY") => "userInput",
            _ => "blueprintIdentifier",
        };
        let path = format!("{place}/contexts/{number}");
        if !says(needed) {
            return Err(at(&path, &format!("must have required property '{needed}'")));
        }
        let named = context.get("userInput").and_then(Value::as_str).filter(|_| needed == "userInput");
        if let Some(named) = named
            && inputs.and_then(|inputs| inputs.get("properties")?.get(named)).is_none()
        {
            return Err(at(
                &format!("{path}/userInput"),
                &format!("must be one of the inputs: there is no \"{named}\""),
            ));
        }
    }
    Ok(())
}

fn event(node: &Node<'_>, place: &str) -> Result<(), Invalid> {
    let config = node.config();
    let event = config.get("event").unwrap_or(&Value::Null);
    let timer = event.get("type").is_some_and(|kind| kind == "TIMER_EXPIRED");
    if timer && !event.get("propertyIdentifier").is_some_and(Value::is_string) {
        return Err(at(&format!("{place}/event"), "must have required property 'propertyIdentifier'"));
    }
    let programs = config.pointer("/condition/expressions").and_then(Value::as_array).into_iter().flatten();
    for (number, program) in programs.enumerate() {
        is_program(program, &format!("{place}/condition/expressions/{number}"))?;
    }
    Ok(())
}

fn is_program(program: &Value, path: &str) -> Result<(), Invalid> {
    let checked = Jq::in_process().check(program.as_str().unwrap_or_default());
    checked.map_err(|error| at(path, &format!("must be a JQ program: {error}")))
}

fn condition(node: &Node<'_>, place: &str) -> Result<(), Invalid> {
    if node.outlets().is_empty() {
        return Err(at(place, "must have required property 'outlets', with one outlet or more"));
    }
    outlets(node, place, "outlet:CONDITION")?;
    for (number, outlet) in node.outlets().iter().enumerate() {
        let expression = outlet.get("expression").unwrap_or(&Value::Null);
        // With braces it is a template, whose programs may fail without harm.
        if !expression.as_str().unwrap_or_default().contains("{{") {
            is_program(expression, &format!("{place}/outlets/{number}/expression"))?;
        }
    }
    Ok(())
}

fn outlets(node: &Node<'_>, place: &str, schema: &str) -> Result<(), Invalid> {
    let mut seen = BTreeSet::new();
    for (number, outlet) in node.outlets().iter().enumerate() {
        let path = format!("{place}/outlets/{number}");
        part(schema, &path, outlet)?;
        let identifier = outlet.get("identifier").and_then(Value::as_str).unwrap_or_default();
        if !seen.insert(identifier) {
            let text = format!("must be unique: there is another outlet \"{identifier}\"");
            return Err(at(&format!("{path}/identifier"), &text));
        }
    }
    Ok(())
}

fn input(node: &Node<'_>, place: &str) -> Result<(), Invalid> {
    let mut form = node.config().get("userInputs").cloned().unwrap_or_default();
    let buttons = form.as_object_mut().and_then(|form| form.shift_remove("buttons")).unwrap_or_default();
    if let Some(form) = form.as_object_mut() {
        form.entry("properties").or_insert_with(|| Value::Object(Map::new()));
    }
    check_user_inputs(&form, &format!("{place}/userInputs"))?;
    outlets(node, place, "outlet:INPUT")?;
    let buttons = buttons.as_array().cloned().unwrap_or_default();
    for (number, outlet) in node.outlets().iter().enumerate() {
        let identifier = outlet.get("identifier").unwrap_or(&Value::Null);
        if !buttons.iter().any(|button| button.get("identifier") == Some(identifier)) {
            let path = format!("{place}/outlets/{number}/identifier");
            return Err(at(&path, &format!("must be the identifier of a button: there is no {identifier}")));
        }
    }
    let told = node.config().get("notifications").and_then(Value::as_array).into_iter().flatten();
    for (number, notification) in told.enumerate() {
        let webhook = notification.get("target").is_some_and(|target| target == "webhook");
        if webhook && !notification.get("url").is_some_and(Value::is_string) {
            return Err(at(&format!("{place}/notifications/{number}"), "must have required property 'url'"));
        }
    }
    Ok(())
}

fn ai(node: &Node<'_>, place: &str) -> Result<(), Invalid> {
    for key in ["tools", "mcpServers"] {
        let given = node.config().get(key).and_then(Value::as_array);
        if given.is_some_and(|given| !given.is_empty()) {
            let text = "must be empty: models are given no tools here, so it would never do what it says";
            return Err(at(&format!("{place}/{key}"), text));
        }
    }
    match node.config().get("outputSchema").and_then(|schema| reference(schema, String::new())) {
        Some(path) => {
            let text = "is not resolved here: write the schema out in its place";
            Err(at(&format!("{place}/outputSchema{path}"), text))
        }
        None => Ok(()),
    }
}

/// The first place of a schema that leads elsewhere.
fn reference(schema: &Value, path: String) -> Option<String> {
    match schema {
        Value::Object(map) if map.get("$ref").is_some_and(Value::is_string) => Some(format!("{path}/$ref")),
        Value::Object(map) => map.iter().find_map(|(key, value)| reference(value, format!("{path}/{key}"))),
        Value::Array(all) => {
            all.iter().enumerate().find_map(|(number, value)| reference(value, format!("{path}/{number}")))
        }
        _ => None,
    }
}

fn connections(workflow: &Workflow) -> Result<(), Invalid> {
    let bodies = workflow.body().get("connections").and_then(Value::as_array);
    let nodes: BTreeMap<&str, Node<'_>> = workflow.nodes().map(|node| (node.identifier(), node)).collect();
    let mut seen = BTreeSet::new();
    for (number, body) in bodies.into_iter().flatten().enumerate() {
        let path = format!("/connections/{number}");
        part("connection", &path, body)?;
        let one = Connection::of(body);
        let of = |key: &str, name: &str| {
            let text = format!("must be the identifier of a node: there is no \"{name}\"");
            nodes.get(name).copied().ok_or_else(|| at(&format!("{path}/{key}"), &text))
        };
        let (source, target) = (of("sourceIdentifier", one.source)?, of("targetIdentifier", one.target)?);
        if one.source == one.target {
            return Err(at(&path, "must NOT lead from a node to itself"));
        }
        if target.is_trigger() {
            let text = format!("must NOT be a trigger: \"{}\" begins runs", one.target);
            return Err(at(&format!("{path}/targetIdentifier"), &text));
        }
        outlet_of(source, one, &path)?;
        if !seen.insert((one.source, one.target, one.outlet, one.fallback)) {
            return Err(at(&path, "must be unique: another connection says the same"));
        }
    }
    acyclic(workflow)
}

fn outlet_of(source: Node<'_>, one: Connection<'_>, path: &str) -> Result<(), Invalid> {
    let known = |outlet: &str| source.outlets().iter().any(|known| known["identifier"] == outlet);
    match one.outlet {
        Some(_) if !source.branches() => Err(at(
            &format!("{path}/sourceOutletIdentifier"),
            &format!("is for conditions and inputs: \"{}\" is neither", one.source),
        )),
        Some(outlet) if !known(outlet) => Err(at(
            &format!("{path}/sourceOutletIdentifier"),
            &format!("must be an outlet of \"{}\": there is no \"{outlet}\"", one.source),
        )),
        None if one.fallback && source.kind() != "CONDITION" => {
            Err(at(&format!("{path}/fallback"), &format!("is for conditions: \"{}\" is none", one.source)))
        }
        None if source.branches() && !one.fallback => {
            Err(at(path, "must have required property 'sourceOutletIdentifier', or be the fallback"))
        }
        _ => Ok(()),
    }
}

/// Takes away nodes that no connection leads to, until none is left; what cannot be taken away goes in circles.
fn acyclic(workflow: &Workflow) -> Result<(), Invalid> {
    let mut left: BTreeSet<&str> = workflow.nodes().map(Node::identifier).collect();
    loop {
        let led_to: BTreeSet<&str> =
            workflow.connections().filter(|one| left.contains(one.source)).map(|one| one.target).collect();
        let before = left.len();
        left.retain(|node| led_to.contains(node));
        if left.is_empty() {
            return Ok(());
        }
        if left.len() == before {
            let names: Vec<&str> = left.into_iter().take(10).collect();
            return Err(at("/connections", &format!("must NOT go in circles: {}", names.join(", "))));
        }
    }
}

/// What somebody who answers an input fills in, checked for keys that its form has.
///
/// # Errors
/// What is wrong, with its place.
pub fn checked_responses(form: &Value, inputs: &Map<String, Value>) -> Result<(), Invalid> {
    let known = form.get("properties").and_then(Value::as_object);
    match inputs.keys().find(|key| known.is_none_or(|known| !known.contains_key(*key))) {
        Some(unknown) => Err(at(
            "/inputs",
            &format!("must NOT have additional properties, additional property: {unknown}"),
        )),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
