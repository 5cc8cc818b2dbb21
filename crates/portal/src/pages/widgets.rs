//! What widgets look like: the fields that each type must have, and where widgets stand in widgets.
//!
//! Types from Port's public API description. A widget of another type, and a key that a type does not list, are kept:
//! newer clients know more than we do, and a page has to survive the round trip.

use std::collections::HashMap;

use serde_json::{Map, Value};

use crate::error::PortalError;

/// Widgets stand in widgets this deep.
const DEPTH: usize = 8;
/// Widgets of a page.
const MOST: usize = 200;

/// What the value of a field is.
#[derive(Clone, Copy)]
enum Is {
    Text,
    Flag,
    /// Rules: an object, or a list of them.
    Query,
    Object,
    List,
    Texts,
    /// Rows of columns.
    Layout,
    Widgets,
    /// Objects with widgets.
    Groups,
    /// Objects with these texts.
    ListOf(&'static [&'static str]),
    OneOf(&'static [&'static str]),
}

use Is::{Flag, Groups, Layout, List, ListOf, Object, OneOf, Query, Text, Texts, Widgets};

/// A field and whether it must be there.
type Field = (&'static str, bool, Is);

/// Fields that most types may have.
const COMMON: [Field; 7] = [
    ("id", false, Text),
    ("type", true, Text),
    ("title", false, Text),
    ("icon", false, Text),
    ("description", false, Text),
    ("emptyStateText", false, Text),
    ("blueprint", false, Text),
];

const CHART: &[Field] = &[("dataset", true, Query), ("property", true, Text)];
const ABOUT: &[Field] = &[
    ("entity", true, Text),
    ("blueprint", true, Text),
    ("hiddenQuery", false, List),
    ("order", false, Texts),
    ("showEmptyValues", false, Flag),
];
const LIST: &[Field] = &[("query", false, Object), ("tableConfig", false, Object)];
const FUNCTIONS: &[&str] = &["sum", "average", "min", "max", "median", "count", "last"];

/// The types. A new one is a line here and a file in the UI's `widgets`.
const TYPES: &[(&str, &[Field])] = &[
    ("dashboard-widget", &[("layout", true, Layout), ("widgets", true, Widgets)]),
    (
        "grouper",
        &[
            ("displayMode", true, OneOf(&["tabs", "switch"])),
            ("groups", true, Groups),
            ("groupsOrder", false, Texts),
        ],
    ),
    (
        "table-entities-explorer",
        &[
            ("dataset", true, Query),
            ("excludedFields", false, Texts),
            ("displayMode", false, OneOf(&["tabs", "single", "widget"])),
            ("blueprintConfig", false, Object),
        ],
    ),
    ("table-entities-explorer-by-direction", &[("blueprintConfig", false, Object)]),
    ("graph-entities-explorer", &[("dataset", true, Query), ("hiddenBlueprints", false, Texts)]),
    ("entity-info", ABOUT),
    ("entity-details", ABOUT),
    ("entities-pie-chart", CHART),
    ("bar-chart", CHART),
    (
        "entities-number-chart",
        &[
            ("unit", true, OneOf(&["none", "$", "€", "£", "%", "custom"])),
            ("unitAlignment", false, OneOf(&["left", "right"])),
            ("chartType", false, OneOf(&["aggregateByProperty", "countEntities", "displaySingleProperty"])),
            ("calculationBy", false, OneOf(&["property", "entities"])),
            ("func", false, OneOf(FUNCTIONS)),
            ("dataset", false, Query),
            ("conditionalFormatting", false, List),
            ("displayFormatting", false, OneOf(&["none", "round", "custom"])),
        ],
    ),
    (
        "line-chart",
        &[
            ("blueprint", true, Text),
            (
                "chartType",
                true,
                OneOf(&["propertiesValueHistory", "aggregatePropertiesValues", "countEntities"]),
            ),
            ("timeInterval", false, OneOf(&["hour", "day", "isoWeek", "month", "quarter"])),
            ("timeRange", false, Object),
            ("func", false, OneOf(FUNCTIONS)),
            ("dataset", false, Query),
        ],
    ),
    ("markdown", &[("title", true, Text), ("source", false, OneOf(&["custom", "property"]))]),
    (
        "iframe-widget",
        &[("title", true, Text), ("url", true, Text), ("urlType", true, OneOf(&["public", "protected"]))],
    ),
    ("action-card-widget", &[("actions", true, ListOf(&["action"]))]),
    ("action-runs-table-widget", &[("action", true, Text), ("tableConfig", false, Object)]),
    ("links-widget", &[("links", true, ListOf(&["title", "url"]))]),
    ("ai-agent", &[("agentIdentifier", true, Text)]),
    ("table-audit-log", &[("query", true, Object), ("tableConfig", false, Object)]),
    ("runs-table", LIST),
    ("workflow-runs-history-table", LIST),
    ("users-table", LIST),
    ("teams-table", LIST),
    ("run-info", &[("runId", true, Text)]),
    ("user-info", &[("user_email", true, Text)]),
    ("team-info", &[("team_name", true, Text)]),
    ("my-entities", &[("title", true, Text)]),
    ("recently-viewed-entities", &[("title", true, Text)]),
    ("recently-used-actions", &[("title", true, Text)]),
];

/// All widgets of a list in the order in which they stand, those within others after them, by what each is known
/// by: its `id`, else the way to it, `0/widgets/2`.
#[must_use]
pub fn placed(widgets: &[Value]) -> Vec<(String, &Value)> {
    fn walk<'w>(widgets: &'w [Value], way: &str, depth: usize, all: &mut Vec<(String, &'w Value)>) {
        for (at, widget) in widgets.iter().enumerate() {
            let here = if way.is_empty() { at.to_string() } else { format!("{way}/{at}") };
            let id = widget.get("id").and_then(Value::as_str).filter(|id| !id.is_empty());
            all.push((id.map_or_else(|| here.clone(), str::to_owned), widget));
            if depth == 0 {
                continue;
            }
            let list = |value: &'w Value, key: &str| value.get(key).and_then(Value::as_array);
            if let Some(inner) = list(widget, "widgets") {
                walk(inner, &format!("{here}/widgets"), depth - 1, all);
            }
            for (group, value) in list(widget, "groups").into_iter().flatten().enumerate() {
                if let Some(inner) = list(value, "widgets") {
                    walk(inner, &format!("{here}/groups/{group}/widgets"), depth - 1, all);
                }
            }
        }
    }
    let mut all = Vec::new();
    walk(widgets, "", DEPTH, &mut all);
    all
}

/// Checks the widgets of a page.
pub(super) fn check(widgets: &[Value]) -> Result<(), PortalError> {
    Checker { ids: HashMap::new(), count: 0 }.list(widgets, "widgets", DEPTH)
}

struct Checker {
    ids: HashMap<String, String>,
    count: usize,
}

fn must(place: &str, what: &str) -> PortalError {
    PortalError::invalid(format!("\"{place}\" must {what}"))
}

fn lacks(place: &str, key: &str) -> PortalError {
    must(place, &format!("have required property '{key}'"))
}

impl Checker {
    fn list(&mut self, widgets: &[Value], place: &str, depth: usize) -> Result<(), PortalError> {
        if depth == 0 && !widgets.is_empty() {
            return Err(must(place, &format!("NOT be nested more than {DEPTH} deep")));
        }
        for (at, widget) in widgets.iter().enumerate() {
            self.widget(widget, &format!("{place}/{at}"), depth)?;
        }
        Ok(())
    }

    fn widget(&mut self, widget: &Value, place: &str, depth: usize) -> Result<(), PortalError> {
        let Some(map) = widget.as_object() else { return Err(must(place, "be object")) };
        self.count += 1;
        if self.count > MOST {
            return Err(PortalError::invalid(format!("\"widgets\" must NOT have more than {MOST} items")));
        }
        for field in &COMMON {
            self.field(map, *field, place, depth)?;
        }
        if let Some(id) = map.get("id").and_then(Value::as_str).filter(|id| !id.is_empty())
            && let Some(other) = self.ids.insert(id.to_owned(), place.to_owned())
        {
            return Err(must(&format!("{place}/id"), &format!("be unique: \"{id}\" is that of {other} too")));
        }
        let name = map.get("type").and_then(Value::as_str).unwrap_or_default();
        let Some((_, fields)) = TYPES.iter().find(|(known, _)| *known == name) else { return Ok(()) };
        for field in *fields {
            self.field(map, *field, place, depth)?;
        }
        conditional(name, map, place)
    }

    fn field(
        &mut self,
        map: &Map<String, Value>,
        (key, required, is): Field,
        place: &str,
        depth: usize,
    ) -> Result<(), PortalError> {
        let Some(value) = map.get(key).filter(|value| !value.is_null()) else {
            return if required { Err(lacks(place, key)) } else { Ok(()) };
        };
        let place = format!("{place}/{key}");
        match is {
            Text => or(value.is_string(), &place, "be string"),
            Flag => or(value.is_boolean(), &place, "be boolean"),
            Query => or(value.is_object() || value.is_array(), &place, "be object"),
            Object => or(value.is_object(), &place, "be object"),
            List => or(value.is_array(), &place, "be array"),
            Texts => {
                let texts = value.as_array().is_some_and(|list| list.iter().all(Value::is_string));
                or(texts, &place, "be array of strings")
            }
            Layout => layout(value, &place),
            Widgets => self.list(array(value, &place)?, &place, depth - 1),
            Groups => {
                for (at, group) in array(value, &place)?.iter().enumerate() {
                    let place = format!("{place}/{at}");
                    let Some(map) = group.as_object() else { return Err(must(&place, "be object")) };
                    self.field(map, ("title", true, Text), &place, depth)?;
                    self.field(map, ("widgets", true, Widgets), &place, depth)?;
                }
                Ok(())
            }
            ListOf(keys) => {
                let list = array(value, &place)?;
                or(!list.is_empty(), &place, "NOT have fewer than 1 items")?;
                for (at, item) in list.iter().enumerate() {
                    let place = format!("{place}/{at}");
                    let Some(map) = item.as_object() else { return Err(must(&place, "be object")) };
                    for key in keys {
                        self.field(map, (key, true, Text), &place, depth)?;
                    }
                }
                Ok(())
            }
            OneOf(allowed) => {
                let known = value.as_str().is_some_and(|value| allowed.contains(&value));
                or(known, &place, &format!("be equal to one of the allowed values: {}", allowed.join(", ")))
            }
        }
    }
}

fn or(fits: bool, place: &str, what: &str) -> Result<(), PortalError> {
    if fits { Ok(()) } else { Err(must(place, what)) }
}

fn array<'v>(value: &'v Value, place: &str) -> Result<&'v [Value], PortalError> {
    value.as_array().map(Vec::as_slice).ok_or_else(|| must(place, "be array"))
}

fn layout(value: &Value, place: &str) -> Result<(), PortalError> {
    for (at, row) in array(value, place)?.iter().enumerate() {
        let place = format!("{place}/{at}");
        or(row.is_object(), &place, "be object")?;
        let height = row.get("height").ok_or_else(|| lacks(&place, "height"))?;
        or(height.is_number(), &format!("{place}/height"), "be number")?;
        let columns = row.get("columns").ok_or_else(|| lacks(&place, "columns"))?;
        let place = format!("{place}/columns");
        for (at, column) in array(columns, &place)?.iter().enumerate() {
            let place = format!("{place}/{at}");
            or(column.is_object(), &place, "be object")?;
            let size = column.get("size").ok_or_else(|| lacks(&place, "size"))?;
            or(size.is_number(), &format!("{place}/size"), "be number")?;
            let id = column.get("id").ok_or_else(|| lacks(&place, "id"))?;
            or(id.is_string(), &format!("{place}/id"), "be string")?;
        }
    }
    Ok(())
}

/// What a field's value demands of others.
fn conditional(name: &str, map: &Map<String, Value>, place: &str) -> Result<(), PortalError> {
    let says = |key: &str, value: &str| map.get(key).and_then(Value::as_str) == Some(value);
    let needs = |keys: &[&str]| {
        let missing = keys.iter().find(|key| map.get(**key).is_none_or(Value::is_null));
        missing.map_or(Ok(()), |key| Err(lacks(place, key)))
    };
    match name {
        "markdown" if says("source", "property") => {
            needs(&["blueprintIdentifier", "propertyIdentifier", "entityIdentifier"])
        }
        "markdown" => needs(&["markdown"]),
        "iframe-widget" if says("urlType", "protected") => {
            needs(&["tokenUrl", "authorizationUrl", "clientId", "scopes"])
        }
        "entities-number-chart" => {
            if says("unit", "custom") {
                needs(&["unitCustom"])?;
            }
            if says("chartType", "displaySingleProperty") {
                return needs(&["property"]);
            }
            needs(&["dataset"])?;
            if says("calculationBy", "property") {
                needs(&["property", "func"])?;
            }
            if says("func", "average") && says("calculationBy", "entities") {
                needs(&["averageOf"])?;
            }
            Ok(())
        }
        "line-chart" if says("chartType", "propertiesValueHistory") => needs(&["entity", "properties"]),
        "line-chart" if says("chartType", "aggregatePropertiesValues") => needs(&["func", "properties"]),
        "line-chart" => needs(&["func"]),
        _ => Ok(()),
    }
}
