//! Dynamic values in page data: `{{blueprint}}`, `{{url.identifier}}`, `{{getUserTeams()}}`, `{{ .user.email }}`,
//! `{{ .entity.properties.tier }}`. Data, not a program: each stands for one value that is looked up.

use indexmap::IndexMap;
use serde_json::{Map, Value, json};
use stagedoor_portal::View;

use super::WidgetsRequest;

/// What dynamic values stand for.
pub(super) struct Values {
    blueprint: Option<String>,
    url: IndexMap<String, String>,
    user: Map<String, Value>,
    teams: Vec<String>,
    entity: Option<Value>,
}

impl Values {
    pub(super) fn of(view: &View, request: &WidgetsRequest, page_blueprint: Option<String>) -> Self {
        let mut url = request.url.clone();
        let mut entity = None;
        if let Some(of) = &request.entity {
            for key in ["identifier", "id"] {
                url.insert(key.to_owned(), of.identifier.clone());
            }
            let node = view.by_key(&of.blueprint, &of.identifier);
            entity = node.filter(|node| view.entity(*node).is_some()).map(|node| view.port_entity(node));
        }
        let blueprint = request.entity.as_ref().map(|of| of.blueprint.clone()).or(page_blueprint);
        let teams = view.rights().teams().map(str::to_owned).collect();
        Self { blueprint, url, user: user(view), teams, entity }
    }

    /// The value of what stands between the braces.
    fn value(&self, name: &str) -> Result<Value, String> {
        let name = name.trim();
        let missing = |what: &str| format!("\"{{{{{name}}}}}\" stands for nothing here: {what}");
        let text = |value: &Option<String>, what: &str| {
            value.as_ref().map(|text| json!(text)).ok_or_else(|| missing(what))
        };
        let user = |key: &str| self.user.get(key).cloned().ok_or_else(|| missing("nobody is known by name"));
        match name.trim_start_matches('.').trim_end_matches("()") {
            "getUserTeams" => Ok(json!(self.teams)),
            "getUserEmail" => user("email"),
            "getUserFullName" => user("fullName"),
            "blueprint" => text(&self.blueprint, "the page is about no blueprint"),
            rest => match rest.split_once('.') {
                Some(("url", key)) => text(&self.url.get(key).cloned(), "the page is about no entity"),
                Some(("user", "teams")) => Ok(json!(self.teams)),
                Some(("user", key)) => user(key),
                Some(("entity", path)) => {
                    let entity =
                        self.entity.as_ref().ok_or_else(|| missing("the page is about no entity"))?;
                    Ok(path.split('.').fold(entity, |at, key| at.get(key).unwrap_or(&Value::Null)).clone())
                }
                _ => Err(missing("it is not known")),
            },
        }
    }

    /// A text with its dynamic values filled in. What is not known is an error.
    pub(super) fn text(&self, text: &str) -> Result<String, String> {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("{{") {
            let Some((name, behind)) = after.split_once("}}") else { break };
            out.push_str(before);
            match self.value(name)? {
                Value::String(text) => out.push_str(&text),
                Value::Null => {}
                Value::Array(list) => {
                    let texts: Vec<&str> = list.iter().filter_map(Value::as_str).collect();
                    out.push_str(&texts.join(", "));
                }
                value => out.push_str(&value.to_string()),
            }
            rest = behind;
        }
        out.push_str(rest);
        Ok(out)
    }

    /// The same for people: what is not known stays as it is written.
    pub(super) fn prose(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("{{") {
            let Some((name, behind)) = after.split_once("}}") else { break };
            out.push_str(before);
            let whole = format!("{{{{{name}}}}}");
            out.push_str(&self.text(&whole).unwrap_or(whole));
            rest = behind;
        }
        out.push_str(rest);
        out
    }

    /// Rules with their dynamic values filled in. One that stands alone keeps its type: teams are a list.
    pub(super) fn rules(&self, rules: &Value) -> Result<Value, String> {
        Ok(match rules {
            Value::String(text) => match sole(text) {
                Some(name) => self.value(name)?,
                None => json!(self.text(text)?),
            },
            Value::Array(list) => {
                // A list of teams within a list is meant as its items.
                let mut out = Vec::with_capacity(list.len());
                for item in list {
                    match (item, self.rules(item)?) {
                        (Value::String(_), Value::Array(items)) => out.extend(items),
                        (_, value) => out.push(value),
                    }
                }
                Value::Array(out)
            }
            Value::Object(map) => {
                let mut out = Map::with_capacity(map.len());
                for (key, value) in map {
                    out.insert(key.clone(), self.rules(value)?);
                }
                // Equal to a list means: to any of it.
                if out.get("operator").is_some_and(|o| o == "=")
                    && out.get("value").is_some_and(Value::is_array)
                    && map.get("value").is_some_and(Value::is_string)
                {
                    out.insert("operator".into(), json!("in"));
                }
                Value::Object(out)
            }
            value => value.clone(),
        })
    }
}

/// The name, where a text is one dynamic value and nothing else.
fn sole(text: &str) -> Option<&str> {
    let name = text.trim().strip_prefix("{{")?.strip_suffix("}}")?;
    (!name.contains("{{") && !name.contains("}}")).then_some(name)
}

/// What is known of the caller: e-mail address and names.
fn user(view: &View) -> Map<String, Value> {
    let mut known = Map::new();
    let Some(email) = view.viewer().email() else { return known };
    known.insert("email".into(), json!(email));
    let title = view.by_key("_user", email).and_then(|node| view.title(node));
    let full = title.unwrap_or_else(|| email.to_owned());
    let (first, last) = full.split_once(' ').unwrap_or((full.as_str(), ""));
    for (key, value) in
        [("name", full.as_str()), ("fullName", &full), ("firstName", first), ("lastName", last)]
    {
        known.insert(key.into(), json!(value));
    }
    known
}

#[cfg(test)]
mod tests {
    use indexmap::IndexMap;
    use serde_json::{Map, json};

    use super::Values;

    fn values() -> Values {
        Values {
            blueprint: Some("service".into()),
            url: IndexMap::from([("identifier".to_owned(), "cart".to_owned())]),
            user: Map::from_iter([("email".to_owned(), json!("elsa@larkfell.example"))]),
            teams: vec!["core".into(), "shop".into()],
            entity: Some(json!({ "properties": { "tier": "gold" } })),
        }
    }

    #[test]
    fn texts_are_filled() {
        let values = values();
        assert_eq!(values.text("a {{blueprint}} b").as_deref(), Ok("a service b"));
        assert_eq!(values.text("{{ url.identifier }}").as_deref(), Ok("cart"));
        assert_eq!(values.text("{{ .user.email }}").as_deref(), Ok("elsa@larkfell.example"));
        assert_eq!(values.text("{{ .entity.properties.tier }}").as_deref(), Ok("gold"));
        assert_eq!(values.text("{{getUserTeams()}}").as_deref(), Ok("core, shop"));
        assert_eq!(values.text("{{ open").as_deref(), Ok("{{ open"));
        assert!(values.text("{{nobody}}").is_err());
        assert_eq!(values.prose("{{nobody}} of {{blueprint}}"), "{{nobody}} of service");
    }

    #[test]
    fn rules_keep_lists() {
        let rule =
            |operator: &str, value| json!({ "property": "$team", "operator": operator, "value": value });
        let filled = values().rules(&rule("containsAny", json!(["{{getUserTeams()}}", "x"]))).unwrap();
        assert_eq!(filled, rule("containsAny", json!(["core", "shop", "x"])));
        let filled = values().rules(&rule("=", json!("{{getUserTeams()}}"))).unwrap();
        assert_eq!(filled, rule("in", json!(["core", "shop"])));
    }
}
