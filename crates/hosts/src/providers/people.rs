//! What providers of people have in common.

use serde_json::{Value, json};

/// Puts where a document comes from into it, unless it says so itself: `<scheme><provider>/<thing>`.
pub(super) fn place(document: &mut Value, scheme: &str, provider: &str, thing: &str) {
    let location = format!("{scheme}{provider}/{}", encoded(thing));
    let annotations = &mut document["metadata"]["annotations"];
    if !annotations.is_object() {
        *annotations = json!({});
    }
    for name in ["backstage.io/managed-by-location", "backstage.io/managed-by-origin-location"] {
        if annotations[name].is_null() {
            annotations[name] = json!(location);
        }
    }
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
