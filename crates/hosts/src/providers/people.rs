//! What providers of people have in common.

use serde_json::{Map, Value, json};

/// Puts where a document comes from into it, unless it says so itself: `<scheme><provider>/<thing>`.
pub(super) fn place(document: &mut Value, scheme: &str, provider: &str, thing: &str) {
    let location = format!("{scheme}{provider}/{}", encoded(thing));
    for name in ["backstage.io/managed-by-location", "backstage.io/managed-by-origin-location"] {
        if document["metadata"]["annotations"][name].is_null() {
            put(document, &["metadata", "annotations", name], json!(location));
        }
    }
}

/// Puts a value at a path. What is in the way and no object becomes one.
pub(super) fn put<S: AsRef<str>>(document: &mut Value, path: &[S], value: Value) {
    let mut at = document;
    for step in path {
        if !at.is_object() {
            *at = Value::Object(Map::new());
        }
        let Value::Object(map) = at else { return };
        at = map.entry(step.as_ref().to_owned()).or_insert(Value::Null);
    }
    *at = value;
}

/// As JavaScript's `encodeURIComponent` does it.
pub(super) fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.!~*'()".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{encoded, place};

    #[test]
    fn documents_say_where_they_come_from() {
        assert_eq!(encoded("uid=ann,ou=people ü"), "uid%3Dann%2Cou%3Dpeople%20%C3%BC");
        let mut document =
            json!({"metadata": {"annotations": {"backstage.io/managed-by-location": "url:mine"}}});
        place(&mut document, "ldap://", "default", "a=b");
        let annotations = &document["metadata"]["annotations"];
        assert_eq!(annotations["backstage.io/managed-by-location"], "url:mine");
        assert_eq!(annotations["backstage.io/managed-by-origin-location"], "ldap://default/a%3Db");
    }
}
