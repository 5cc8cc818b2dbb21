//! Where the definitions of blueprints name other blueprints, and their properties and relations: what has to
//! follow a rename. JQ programs are texts that may say anything; they are left alone.

use serde_json::Value;

/// An attribute of a blueprint that gets another name.
pub(super) struct Renaming<'a> {
    /// Whose attribute it is.
    pub(super) blueprint: &'a str,
    /// Whether it is a relation; a value otherwise.
    pub(super) relation: bool,
    pub(super) from: &'a str,
    pub(super) to: &'a str,
    /// Target of a relation: (blueprint, relation key), as it was before.
    pub(super) target_of: &'a dyn Fn(&str, &str) -> Option<String>,
}

fn values<'a>(body: &'a mut Value, part: &str) -> impl Iterator<Item = &'a mut Value> {
    body.get_mut(part).and_then(Value::as_object_mut).into_iter().flat_map(|map| map.values_mut())
}

/// Replaces a text at a key of an object, if it is `from`.
fn replace(value: &mut Value, key: &str, from: &str, to: &str) {
    if let Some(text) = value.get_mut(key).filter(|v| *v == from) {
        *text = to.into();
    }
}

fn path_filters(aggregation: &mut Value) -> impl Iterator<Item = &mut Value> {
    aggregation.get_mut("pathFilter").and_then(Value::as_array_mut).into_iter().flatten()
}

/// Every rule of a query, groups too.
fn each_rule(query: &mut Value, visit: &mut dyn FnMut(&mut Value)) {
    visit(query);
    for rule in query.get_mut("rules").and_then(Value::as_array_mut).into_iter().flatten() {
        each_rule(rule, visit);
    }
}

/// Lets a body follow the rename of a blueprint.
pub(super) fn rename_blueprint(body: &mut Value, from: &str, to: &str) {
    for relation in values(body, "relations") {
        replace(relation, "target", from, to);
    }
    for aggregation in values(body, "aggregationProperties") {
        replace(aggregation, "target", from, to);
        path_filters(aggregation).for_each(|filter| replace(filter, "fromBlueprint", from, to));
        let Some(query) = aggregation.get_mut("query") else { continue };
        each_rule(query, &mut |rule| {
            replace(rule, "blueprint", from, to);
            if rule.get("property").is_some_and(|p| p == "$blueprint") {
                replace(rule, "value", from, to);
                let list = rule.get_mut("value").and_then(Value::as_array_mut);
                list.into_iter().flatten().filter(|v| *v == from).for_each(|v| *v = to.into());
            }
        });
    }
}

impl Renaming<'_> {
    /// Lets the body of a blueprint follow. Its own keys are not touched.
    pub(super) fn apply(&self, body: &mut Value, owner: &str) {
        for mirror in values(body, "mirrorProperties") {
            self.dotted(mirror, owner, true);
        }
        for part in ["ownership", "teamInheritance"] {
            if let Some(part) = body.get_mut(part) {
                self.dotted(part, owner, false);
            }
        }
        for aggregation in values(body, "aggregationProperties") {
            self.aggregation(aggregation, owner);
        }
    }

    fn aggregation(&self, aggregation: &mut Value, owner: &str) {
        for filter in path_filters(aggregation) {
            let from = filter.get("fromBlueprint").and_then(Value::as_str).unwrap_or(owner).to_owned();
            self.listed(filter, &from);
        }
        let target = aggregation.get("target").and_then(Value::as_str).unwrap_or_default().to_owned();
        if target == self.blueprint
            && !self.relation
            && let Some(spec) = aggregation.get_mut("calculationSpec")
        {
            replace(spec, "property", self.from, self.to);
            replace(spec, "measureTimeBy", self.from, self.to);
        }
        let Some(query) = aggregation.get_mut("query") else { return };
        each_rule(query, &mut |rule| {
            if let Some(at) = rule.get_mut("property").filter(|p| p.is_object()) {
                let end = self.listed(at, &target);
                if end.as_deref() == Some(self.blueprint) {
                    replace(at, "property", self.from, self.to);
                }
            } else if target == self.blueprint {
                replace(rule, "property", self.from, self.to);
                if self.relation {
                    replace(rule, "relation", self.from, self.to);
                }
            }
        });
    }

    /// Follows `path`, a text with dots, of an object. With `value` its last part names a value.
    fn dotted(&self, value: &mut Value, owner: &str, ends_in_value: bool) {
        let Some(path) = value.get("path").and_then(Value::as_str) else { return };
        let mut steps: Vec<String> = path.split('.').map(str::to_owned).collect();
        let last = if ends_in_value { steps.pop() } else { None };
        let end = self.steps(&mut steps, owner);
        if let Some(last) = last {
            let here = !self.relation && last == self.from && end.as_deref() == Some(self.blueprint);
            steps.push(if here { self.to.to_owned() } else { last });
        }
        let new = steps.join(".");
        if new != path
            && let Some(map) = value.as_object_mut()
        {
            map.insert("path".into(), new.into());
        }
    }

    /// Follows `path`, a list of relations, of an object. Answers where it ends.
    fn listed(&self, value: &mut Value, owner: &str) -> Option<String> {
        let list = value.get_mut("path").and_then(Value::as_array_mut)?;
        let mut steps: Vec<String> = list.iter().filter_map(Value::as_str).map(str::to_owned).collect();
        let end = self.steps(&mut steps, owner);
        if steps.len() == list.len() {
            *list = steps.into_iter().map(Value::String).collect();
        }
        end
    }

    /// Renames the relation wherever a path crosses it. Answers the blueprint at the end.
    fn steps(&self, steps: &mut [String], owner: &str) -> Option<String> {
        let mut here = owner.to_owned();
        for step in steps {
            let next = (self.target_of)(&here, step);
            if self.relation && here == self.blueprint && *step == self.from {
                *step = self.to.to_owned();
            }
            here = next?;
        }
        Some(here)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// `a -next-> b -next-> c`, `c -home-> a`.
    fn target_of(blueprint: &str, relation: &str) -> Option<String> {
        let target = match (blueprint, relation) {
            ("a", "next") => "b",
            ("b", "next") => "c",
            ("c", "home") => "a",
            _ => return None,
        };
        Some(target.to_owned())
    }

    fn renamed(relation: bool, from: &str, mut body: Value, owner: &str) -> Value {
        Renaming { blueprint: "b", relation, from, to: "new", target_of: &target_of }.apply(&mut body, owner);
        body
    }

    #[test]
    fn relations_are_renamed_where_a_path_crosses_their_blueprint() {
        let path = |path: &str| json!({"mirrorProperties": {"m": {"path": path}}, "ownership": {"path": "next.next"}});
        for (owner, before, after) in [
            ("a", "next.next.next", "next.new.next"),
            ("b", "next.next", "new.next"),
            ("c", "home.next.next.x", "home.next.new.x"),
            ("a", "nowhere.next.next", "nowhere.next.next"),
        ] {
            let got = renamed(true, "next", path(before), owner);
            assert_eq!(got["mirrorProperties"]["m"]["path"], after, "{owner}: {before}");
        }
        assert_eq!(renamed(true, "next", path("next.x"), "a")["ownership"]["path"], "next.new");
        let filter =
            |path: Value| json!({"aggregationProperties": {"x": {"target": "c", "pathFilter": [path]}}});
        let got = renamed(true, "next", filter(json!({"path": ["next", "next"]})), "a");
        assert_eq!(got, filter(json!({"path": ["next", "new"]})));
        let got = renamed(true, "next", filter(json!({"path": ["next"], "fromBlueprint": "b"})), "c");
        assert_eq!(got, filter(json!({"path": ["new"], "fromBlueprint": "b"})));
    }

    #[test]
    fn values_are_renamed_at_the_end_of_paths_and_in_aggregations() {
        let mirror = |path: &str| json!({"mirrorProperties": {"m": {"path": path}}});
        assert_eq!(renamed(false, "x", mirror("next.x"), "a"), mirror("next.new"));
        assert_eq!(renamed(false, "x", mirror("next.next.x"), "a"), mirror("next.next.x"));
        let aggregation = |target: &str, key: &str| {
            json!({"aggregationProperties": {"n": {"target": target,
                "calculationSpec": {"func": "sum", "property": key, "measureTimeBy": key},
                "query": {"combinator": "and", "rules": [{"combinator": "or", "rules": [
                    {"property": key, "operator": "=", "value": "x"}, {"property": "y", "value": "x"}]}]}}}})
        };
        assert_eq!(renamed(false, "x", aggregation("b", "x"), "a"), aggregation("b", "new"));
        assert_eq!(renamed(false, "x", aggregation("c", "x"), "a"), aggregation("c", "x"));
    }

    #[test]
    fn blueprints_are_renamed_as_targets() {
        let body = |name: &str| {
            json!({"relations": {"r": {"target": name}, "s": {"target": "z"}},
                "aggregationProperties": {"n": {"target": name, "pathFilter": [{"path": ["r"], "fromBlueprint": name}],
                    "query": {"combinator": "and", "rules": [
                        {"property": "$blueprint", "operator": "in", "value": [name, "z"]},
                        {"operator": "relatedTo", "blueprint": name, "value": "b"}]}}}})
        };
        let mut got = body("b");
        rename_blueprint(&mut got, "b", "new");
        assert_eq!(got, body("new"));
    }
}
