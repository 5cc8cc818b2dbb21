//! The query parameter `fields` of users and teams: which parts are wanted, down to `teams.name`.

use serde_json::{Map, Value};

use crate::flags::Parameters;

/// Which fields are wanted; all of them where none is named. Unknown ones are ignored.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fields(Vec<String>);

impl Fields {
    /// Those of a request.
    pub(crate) fn of_query(parameters: &Parameters) -> Self {
        Self(parameters.list("fields"))
    }

    /// Whether a top-level field, or a part of it, is wanted.
    pub(crate) fn want(&self, key: &str) -> bool {
        let first = |path: &str| path.split('.').next() == Some(key);
        self.0.is_empty() || self.0.iter().any(|path| first(path))
    }

    /// What is wanted of an object whose lists hold objects. Where a list is not asked for by the parts of its items, it
    /// is a list of texts for each `(key, part)` of `texts`, and has no other parts than those of `brief`.
    pub(crate) fn of(&self, whole: Value, texts: &[(&str, &str)], brief: &[(&str, &[&str])]) -> Value {
        let Value::Object(whole) = whole else { return whole };
        let mut out = Map::new();
        for (key, value) in whole {
            if !self.want(&key) {
                continue;
            }
            let parts = self.parts(&key);
            let value = if !parts.is_empty() {
                restricted(value, &parts)
            } else if let Some((_, part)) = texts.iter().find(|(k, _)| *k == key) {
                each(value, |item| item.get(*part).cloned().unwrap_or_default())
            } else if let Some((_, parts)) = brief.iter().find(|(k, _)| *k == key) {
                restricted(value, parts)
            } else {
                value
            };
            out.insert(key, value);
        }
        Value::Object(out)
    }

    /// The parts that are wanted of a field's items; none where the field itself is wanted.
    fn parts(&self, key: &str) -> Vec<&str> {
        if self.0.iter().any(|path| path == key) {
            return Vec::new();
        }
        self.0.iter().filter_map(|path| path.strip_prefix(key)?.strip_prefix('.')).collect()
    }
}

fn restricted(value: Value, parts: &[&str]) -> Value {
    each(value, |mut item| {
        if let Some(map) = item.as_object_mut() {
            map.retain(|key, _| parts.contains(&key.as_str()));
        }
        item
    })
}

fn each(value: Value, change: impl Fn(Value) -> Value) -> Value {
    match value {
        Value::Array(items) => Value::Array(items.into_iter().map(change).collect()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Fields;

    #[test]
    fn fields_reach_into_lists() {
        let whole = json!({
            "email": "a@b.example", "id": "1",
            "teams": [{ "name": "T", "identifier": "t" }],
            "roles": [{ "name": "Admin", "isAdmin": true }],
        });
        let of = |fields: &[&str]| {
            let fields = Fields(fields.iter().map(|f| (*f).to_owned()).collect());
            fields.of(whole.clone(), &[("teams", "name")], &[("roles", &["name"])])
        };
        assert_eq!(
            of(&[]),
            json!({ "email": "a@b.example", "id": "1", "teams": ["T"], "roles": [{ "name": "Admin" }] })
        );
        assert_eq!(of(&["email", "teams"]), json!({ "email": "a@b.example", "teams": ["T"] }));
        assert_eq!(
            of(&["teams.name", "roles.isAdmin", "nothing.here"]),
            json!({
                "teams": [{ "name": "T" }], "roles": [{ "isAdmin": true }],
            })
        );
        assert_eq!(of(&["teams.name", "teams"]), json!({ "teams": ["T"] }));
        assert_eq!(of(&["email.x"]), json!({ "email": "a@b.example" }));
    }
}
