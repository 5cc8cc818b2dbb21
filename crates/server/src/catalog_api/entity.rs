//! One entity as the API gives it.

use serde_json::Value;

/// Annotations that a server writes: where it found the entity, and whether nothing leads to it any more.
const SERVER_MADE: [&str; 3] =
    ["backstage.io/managed-by-location", "backstage.io/managed-by-origin-location", "backstage.io/orphan"];
const ORIGIN: &str = "backstage.io/managed-by-origin-location";

/// The entity as somebody wrote it: without what the server adds.
pub(crate) fn authored(mut entity: Value) -> Value {
    if let Some(all) = entity.as_object_mut() {
        all.shift_remove("relations");
        all.shift_remove("status");
    }
    let Some(metadata) = entity.get_mut("metadata").and_then(Value::as_object_mut) else { return entity };
    for key in ["uid", "etag", "generation"] {
        metadata.shift_remove(key);
    }
    let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_object_mut) else {
        return entity;
    };
    let before = annotations.len();
    SERVER_MADE.iter().for_each(|key| drop(annotations.shift_remove(*key)));
    if annotations.is_empty() && before > 0 {
        metadata.shift_remove("annotations");
    }
    entity
}

/// The location that it comes from in the end, `<type>:<target>`.
pub(crate) fn origin_of(entity: &Value) -> Option<&str> {
    entity.pointer("/metadata/annotations")?.get(ORIGIN)?.as_str()
}

/// Its kind in lower case; empty where it has none.
pub(crate) fn kind_of(entity: &Value) -> String {
    entity.get("kind").and_then(Value::as_str).unwrap_or_default().to_lowercase()
}

/// Its lower-case reference.
pub(crate) fn reference_of(entity: &Value) -> String {
    let text = |path: &str| entity.pointer(path).and_then(Value::as_str);
    let namespace = text("/metadata/namespace").unwrap_or("default");
    let name = text("/metadata/name").unwrap_or_default();
    format!("{}:{namespace}/{name}", kind_of(entity)).to_lowercase()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_servers_write_is_taken_away_and_nothing_else() {
        let entity = json!({
            "apiVersion": "backstage.io/v1alpha1", "kind": "Component",
            "metadata": {"name": "A", "uid": "u", "etag": "e", "generation": 3, "annotations": {
                "backstage.io/managed-by-location": "url:x", "backstage.io/managed-by-origin-location": "url:y",
                "backstage.io/orphan": "true", "backstage.io/view-url": "v"}},
            "relations": [], "status": {"items": []}, "spec": {"status": 1, "relations": 2, "uid": 3}
        });
        assert_eq!(origin_of(&entity), Some("url:y"));
        assert_eq!(reference_of(&entity), "component:default/a");
        assert_eq!(
            authored(entity),
            json!({
                "apiVersion": "backstage.io/v1alpha1", "kind": "Component",
                "metadata": {"name": "A", "annotations": {"backstage.io/view-url": "v"}},
                "spec": {"status": 1, "relations": 2, "uid": 3}
            })
        );
        let bare = json!({"kind": "X", "metadata": {"annotations": {"backstage.io/orphan": "true"}}});
        assert_eq!(authored(bare), json!({"kind": "X", "metadata": {}}));
        let empty = json!({"kind": "X", "metadata": {"annotations": {}}});
        assert_eq!(authored(empty.clone()), empty);
        for odd in
            [json!(null), json!([1]), json!({"metadata": 1}), json!({"metadata": {"annotations": "x"}})]
        {
            assert_eq!(authored(odd.clone()), odd);
        }
    }
}
