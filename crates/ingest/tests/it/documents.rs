use serde_json::json;
use stagedoor_ingest::{ParsedDocument, ReadContext, read_documents, read_value};

use crate::{Kinds, component, entity, error, read};

const ADR: &str = "To learn more about catalog file format, visit: \
    https://github.com/backstage/backstage/blob/master/docs/architecture-decisions/adr002-default-catalog-file-format.md";

#[test]
fn a_good_document_is_completed() {
    let found = entity(&component("labels: {a: b}", "dependsOn: [resource:b, component:x/a]\nsystem: Shop"));
    assert_eq!(found.entity_ref, "component:default/shop");
    assert_eq!((found.kind.as_str(), found.shipped), ("Component", Some("component")));
    let expected = json!({
        "apiVersion": "backstage.io/v1alpha1",
        "kind": "Component",
        "metadata": {
            "name": "shop",
            "labels": { "a": "b" },
            "annotations": {
                "backstage.io/managed-by-location": "file:/catalog/all.yaml",
                "backstage.io/managed-by-origin-location": "file:/catalog/all.yaml",
            },
            "namespace": "default",
        },
        "spec": {
            "type": "service", "lifecycle": "production", "owner": "team",
            "dependsOn": ["component:x/a", "resource:b"], "system": "Shop",
        },
    });
    assert_eq!(found.value, expected);
}

#[test]
fn addresses_bring_more_annotations_and_the_documents_own_win() {
    let place = "url:https://github.com/o/r/tree/main/a/c.yaml";
    let origin = "url:https://github.com/o/r/blob/main/all.yaml";
    let text = component(
        "annotations:\n  backstage.io/view-url: https://example.com\n  backstage.io/managed-by-location: x",
        "",
    );
    let found = read_documents(&text, &ReadContext::for_location(place, origin, &Kinds));
    let Ok(ParsedDocument::Entity(found)) = &found[0].outcome else { panic!("{found:?}") };
    let expected = json!({
        "backstage.io/view-url": "https://example.com",
        "backstage.io/managed-by-location": place,
        "backstage.io/managed-by-origin-location": origin,
        "backstage.io/edit-url": "https://github.com/o/r/edit/main/a/c.yaml",
        "backstage.io/source-location": "url:https://github.com/o/r/tree/main/a/",
    });
    assert_eq!(found.value["metadata"]["annotations"], expected);
}

#[test]
fn links_that_would_run_as_scripts_are_rejected() {
    let links = "annotations:\n  backstage.io/view-url: javascript:alert(1)\n  backstage.io/edit-url: ' JavaScript:alert(1)'\n  \
                 example.org/a: javascript:fine";
    let found = entity(&component(links, ""));
    let annotations = &found.value["metadata"]["annotations"];
    let rejected = "https://backstage.io/annotation-rejected-for-security-reasons";
    assert_eq!(annotations["backstage.io/view-url"], rejected);
    assert_eq!(annotations["backstage.io/edit-url"], rejected);
    assert_eq!(annotations["example.org/a"], "javascript:fine");
    assert!(!found.text.as_str().contains("alert"));
}

#[test]
fn documents_from_programs_get_no_annotations() {
    let text = component("", "");
    let found = read_documents(&text, &ReadContext::for_api(&Kinds));
    let Ok(ParsedDocument::Entity(found)) = &found[0].outcome else { panic!("{found:?}") };
    assert_eq!(found.value["metadata"], json!({ "name": "shop", "namespace": "default" }));
    let refused = read_value(json!({ "kind": "Component" }), &ReadContext::for_api(&Kinds)).unwrap_err();
    assert_eq!(
        refused.message,
        "<root> must have required property 'apiVersion' - missingProperty: apiVersion"
    );
}

#[test]
fn envelope_errors_name_the_place() {
    let found = error("apiVersion: v1\nkind: Component\nmetadata:\n  title: x\n");
    assert_eq!(found.name, "TypeError");
    assert_eq!(found.message, "/metadata must have required property 'name' - missingProperty: name");
    assert_eq!((found.line, found.column, found.entity_ref), (4, 3, None));
    let found = error(&component("", "").replace("name: shop", "name: {{name}}"));
    assert_eq!(found.message, "/metadata/name must be string - type: string");
    assert_eq!((found.line, found.column), (4, 9));
    let found = error(&component("namespace:", ""));
    assert_eq!(found.message, "/metadata/namespace must be string - type: string");
    assert_eq!(error("just text\n").message, "Expected object at root, got string");
    assert_eq!(error("12\n").message, "Expected object at root, got number");
    let found = error(&component("annotations: [a]", ""));
    assert_eq!(found.message, "metadata.annotations must be a valid object");
    assert_eq!(entity(&component("annotations:", "")).entity_ref, "component:default/shop");
}

#[test]
fn policy_errors_have_backstages_texts() {
    let policy =
        |cause: String| format!("Policy check failed for component:default/shop; caused by Error: {cause}");
    let cases = [
        (component("tags: x", ""), "Malformed envelope, /metadata/tags must be array".to_owned(), (5, 9)),
        (
            component("annotations:\n  a: 1", ""),
            "Malformed envelope, /metadata/annotations/a must be string".into(),
            (6, 8),
        ),
        (
            component("description:", ""),
            "Malformed envelope, /metadata/description must be string".into(),
            (5, 3),
        ),
        (
            component("", "") + "extra: 1\n",
            "Malformed envelope, <root> must NOT have additional properties".into(),
            (9, 8),
        ),
        (component("", "") + "relations: []\n", "Unknown field relations".into(), (9, 12)),
        (
            component("tags: [ok, c++, 'a:b', Not Ok]", ""),
            format!(
                "\"tags.3\" is not valid; expected a string that is sequences of [a-z0-9+#] separated by [-], \
                 at most 63 characters in total but found \"Not Ok\". {ADR}"
            ),
            (5, 26),
        ),
        (
            component("labels:\n  a/b/c: x", ""),
            format!(
                "\"labels.a/b/c\" is not valid; expected a valid prefix and/or suffix but found \"a/b/c\". {ADR}"
            ),
            (6, 12),
        ),
        (
            component("links:\n  - url: nowhere", ""),
            format!(
                "\"links.0.url\" is not valid; expected a string that is a valid url but found \"nowhere\". {ADR}"
            ),
            (6, 12),
        ),
        (
            component("links:\n  - url: https://a.b\n    title: ' '", ""),
            format!("\"links.0.title\" is not valid; expected a non empty string but found \" \". {ADR}"),
            (7, 14),
        ),
    ];
    for (text, cause, place) in cases {
        let found = error(&text);
        assert_eq!((found.name.as_str(), found.message.as_str()), ("InputError", policy(cause).as_str()));
        assert_eq!((found.line, found.column), place, "{text}");
        assert_eq!(found.entity_ref.as_deref(), Some("component:default/shop"));
    }
    let found = error(&component("", "").replace("name: shop", "name: ${{ values.Name }}"));
    assert!(
        found.message.starts_with("Policy check failed for component:default/${{ values.name }}; caused by")
    );
    let found = error(&component("namespace: Team", ""));
    assert!(
        found
            .message
            .contains("\"metadata.namespace\" is not valid; expected a string that is sequences of [a-z0-9]")
    );
}

#[test]
fn kind_errors_have_backstages_texts() {
    let found = error(&component("", "").replace("  owner: team\n", ""));
    assert_eq!(
        found.message,
        "Processor BuiltinKindsEntityProcessor threw an error while validating the entity component:default/shop; \
         caused by TypeError: /spec must have required property 'owner' - missingProperty: owner"
    );
    assert_eq!(found.line, 6);
    let found =
        error("apiVersion: backstage.io/v1alpha1\nkind: Location\nmetadata: {name: l}\nspec:\n  targets:\n");
    assert!(
        found.message.ends_with("caused by TypeError: /spec/targets must be array - type: array"),
        "{found}"
    );
    assert_eq!((found.line, found.column), (5, 3));
    let steps = "apiVersion: scaffolder.backstage.io/v1beta3\nkind: Template\nmetadata: {name: t}\n\
                 spec: {type: x, steps: [{id: 1, action: a}]}\n";
    let found = error(steps);
    assert!(found.message.starts_with("Processor ScaffolderEntitiesProcessor threw"), "{found}");
    assert!(found.message.ends_with("/spec/steps/0/id must be string - type: string"), "{found}");
    let skill = "apiVersion: backstage.io/v1alpha1\nkind: AiResource\nmetadata: {name: a}\n\
                 spec: {type: skill, lifecycle: x, owner: y, allowedTools: [z]}\n";
    assert!(error(skill).message.ends_with(
        "Validation of AiResource entity failed: /spec/allowedTools must be string - type: string"
    ));
}

#[test]
fn unknown_kinds_and_versions_are_foreign() {
    for (from, to) in
        [("kind: Component", "kind: component"), ("v1alpha1", "v2"), ("kind: Component", "kind: Server")]
    {
        let found = error(&component("", "").replace(from, to));
        assert!(found.message.starts_with("No processor recognized the entity "), "{found}");
        assert!(
            found.message.ends_with(" as valid, possibly caused by a foreign kind or apiVersion"),
            "{found}"
        );
    }
    assert_eq!(entity(&component("", "").replace("v1alpha1", "v1beta1")).shipped, Some("component"));
}

#[test]
fn custom_kinds_need_only_the_envelope() {
    let found = entity(
        "apiVersion: example.com/v7\nkind: Database\nmetadata: {name: Orders}\nspec: {size: 3, dependsOn: x}\n",
    );
    assert_eq!((found.entity_ref.as_str(), found.shipped), ("database:default/orders", None));
    assert!(
        error("apiVersion: x y\nkind: Database\nmetadata: {name: a}\n")
            .message
            .contains("\"apiVersion\" is not valid")
    );
}

#[test]
fn variants_replace_the_schema_of_their_kind() {
    let api = |spec: &str| {
        format!(
            "apiVersion: backstage.io/v1alpha1\nkind: API\nmetadata: {{name: a}}\nspec: {{lifecycle: x, owner: y, {spec}}}\n"
        )
    };
    assert!(error(&api("type: openapi")).message.contains("required property 'definition'"));
    assert_eq!(entity(&api("type: mcp-server, remotes: [{type: http, url: u}]")).kind, "API");
    assert!(error(&api("type: mcp-server, definition: x")).message.contains("required property 'remotes'"));
}

#[test]
fn references_must_be_readable() {
    let found = error(&component("", "dependsOn: [component:a, b]"));
    assert_eq!(
        found.message,
        "Processor BuiltinKindsEntityProcessor threw an error while postprocessing; caused by Error: Entity reference \
         \"b\" had missing or empty kind (e.g. did not start with \"component:\" or similar)"
    );
    assert!(
        error(&component("", "system: 'a:'"))
            .message
            .ends_with("was not on the form [<kind>:][<namespace>/]<name>")
    );
    assert_eq!(
        entity(&component("", "").replace("owner: team", "owner: john@example.com")).kind,
        "Component"
    );
}

#[test]
fn good_and_bad_documents_mix() {
    let text = format!(
        "{}---\n{}---\nkind: {{%- if x %}}\n---\n# nothing\n---\n{}",
        component("", ""),
        component("tags: [No]", ""),
        component("title: again", "")
    );
    let found = read(&text);
    let kinds: Vec<_> = found.iter().map(|d| (d.index, d.line, d.outcome.is_ok())).collect();
    assert_eq!(kinds, [(0, 1, true), (1, 10, false), (2, 20, false), (3, 24, true)]);
    let broken = found[2].outcome.as_ref().unwrap_err();
    assert!(broken.message.starts_with("YAML error at file:/catalog/all.yaml, YAMLParseError: "), "{broken}");
    assert_eq!((broken.line, broken.name.as_str()), (20, "Error"));
}

#[test]
fn locations_name_their_targets() {
    let text = "apiVersion: backstage.io/v1alpha1\nkind: Location\nmetadata: {name: l}\n\
                spec: {target: ./a.yaml, targets: [./b/*.yaml, /c.yaml], presence: optional}\n";
    let targets = entity(text).targets.unwrap();
    assert_eq!(targets.targets, ["./a.yaml", "./b/*.yaml", "/c.yaml"]);
    assert_eq!((targets.kind, targets.optional), (None, true));
    assert_eq!(entity(&component("", "")).targets, None);
}

#[test]
fn ten_megabytes_are_read() {
    let words = "some words about it ".repeat(500);
    let one = component(&format!("description: {words}"), "");
    let text: String = (0..1000)
        .map(|i| format!("---\n{}", one.replace("name: shop", &format!("name: shop-{i}"))))
        .collect();
    assert!(text.len() > 10_000_000);
    let found = read(&text);
    assert_eq!(found.iter().filter(|d| d.outcome.is_ok()).count(), 1000);
}
