use std::fs;
use std::path::Path;

use serde_json::json;
use stagedoor_ingest::{
    DocumentError, LocationRef, ParsedDocument, PlaceholderError, PlaceholderReader, ReadContext,
    placeholders, read_documents,
};

use crate::{Kinds, component};

type Outcome = Result<stagedoor_ingest::ParsedEntity, DocumentError>;

/// Reads a document that stands in `<root>/a/all.yaml`, of a location that covers `<root>`.
fn read_in(root: &Path, text: &str) -> Outcome {
    let place = format!("file:{}/a/all.yaml", root.display());
    let origin = format!("file:{}/*/all.yaml", root.display());
    outcome(text, &ReadContext::for_location(&place, &origin, &Kinds))
}

fn outcome(text: &str, context: &ReadContext<'_>) -> Outcome {
    match read_documents(text, context).remove(0).outcome? {
        ParsedDocument::Entity(entity) => Ok(entity),
        ParsedDocument::Port(item) => panic!("{item:?}"),
    }
}

fn cause(outcome: Outcome) -> String {
    let error = outcome.unwrap_err();
    let start = "Processor PlaceholderProcessor threw an error while preprocessing; caused by Error: ";
    error.message.strip_prefix(start).unwrap_or_else(|| panic!("{error}")).to_owned()
}

#[test]
fn files_are_pulled_in() {
    let root = tempfile::tempdir().unwrap();
    fs::create_dir(root.path().join("a")).unwrap();
    fs::write(root.path().join("a/t.txt"), "some\ntext\n").unwrap();
    fs::write(root.path().join("j.json"), "{\"x\": [1]}").unwrap();
    fs::write(root.path().join("a/y.yaml"), "---\ny: 017\n").unwrap();
    let spec = "one: {$text: ./t.txt}\ntwo: [{$json: ../j.json}, {$yaml: y.yaml}]\nthree: {$json: /j.json}\n\
                kept: {$text: ./t.txt, other: {$text: x}}\nalso: {$other: x}";
    let found = read_in(root.path(), &component("", spec)).unwrap();
    let spec = &found.value["spec"];
    assert_eq!(spec["one"], "some\ntext\n");
    assert_eq!(spec["two"], json!([{ "x": [1] }, { "y": 17 }]));
    assert_eq!(spec["three"], json!({ "x": [1] }));
    assert_eq!(spec["kept"], json!({ "$text": "./t.txt", "other": { "$text": "x" } }));
    assert_eq!(spec["also"], json!({ "$other": "x" }));
    assert_eq!(found.reads.len(), 4);
}

#[test]
fn what_cannot_be_had_is_an_error() {
    let root = tempfile::tempdir().unwrap();
    fs::create_dir(root.path().join("a")).unwrap();
    let text = |name: &str, content: &str| fs::write(root.path().join("a").join(name), content).unwrap();
    text("bad.json", "{");
    text("bad.yaml", "a: [");
    text("two.yaml", "1\n---\n2\n");
    let cause_of = |spec: &str| cause(read_in(root.path(), &component("", spec)));
    let missing = cause_of("x: {$text: ./none}");
    assert!(
        missing.starts_with("Placeholder $text could not read location ./none, NotFoundError: "),
        "{missing}"
    );
    assert!(
        cause_of("x: {$json: bad.json}")
            .starts_with("Placeholder $json failed to parse JSON data at bad.json, ")
    );
    assert!(
        cause_of("x: {$yaml: bad.yaml}")
            .starts_with("Placeholder $yaml found an error in the data at bad.yaml, ")
    );
    let two = "Placeholder $yaml expected to find exactly one document of data at two.yaml, found 2";
    assert_eq!(cause_of("x: {$yaml: two.yaml}"), two);
    assert!(cause_of("x: {$text: [a]}").starts_with("Placeholder $text expected a string value parameter"));
    let error = read_in(root.path(), &component("", "x: {$text: ./none}")).unwrap_err();
    assert_eq!((error.line, error.column, error.name.as_str()), (9, 14, "InputError"));
}

#[test]
fn nothing_outside_of_the_location_is_read() {
    let top = tempfile::tempdir().unwrap();
    let root = top.path().join("catalog");
    fs::create_dir_all(root.join("a")).unwrap();
    fs::write(top.path().join("secret"), "s").unwrap();
    let secret = top.path().join("secret").display().to_string();
    for target in ["../../secret", "../../../../../../../etc/hostname", "https://example.com/x"] {
        let cause = cause(read_in(&root, &component("", &format!("x: {{$text: {target}}}"))));
        assert!(cause.contains("could not form a URL out of "), "{cause}");
    }
    let below = cause(read_in(&root, &component("", &format!("x: {{$text: {secret}}}"))));
    assert!(below.contains("NotFoundError"), "a leading / is the location's folder: {below}");
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(&secret, root.join("a/link")).unwrap();
        let linked = cause(read_in(&root, &component("", "x: {$text: ./link}")));
        assert!(linked.contains("lies outside of"), "{linked}");
    }
}

#[test]
fn other_readers_can_be_given() {
    struct Fixed;
    impl PlaceholderReader for Fixed {
        fn read(&self, value: &str, place: &LocationRef) -> Result<(String, String), PlaceholderError> {
            Ok((format!("{value} seen from {}", place.target), value.to_owned()))
        }
    }
    let place = "url:https://example.com/c.yaml";
    let text = component("", "x: {$text: ./t}");
    let context = ReadContext::for_location(place, place, &Kinds);
    let found = outcome(&text, &context.with_placeholders(&Fixed)).unwrap();
    assert_eq!(found.value["spec"]["x"], "./t seen from https://example.com/c.yaml");
    assert!(cause(outcome(&text, &context)).contains("NotImplementedError"));
    assert!(cause(outcome(&text, &ReadContext::for_api(&Kinds))).contains("placeholders need a location"));
    let document = json!({ "a": [{ "$text": "x" }, { "$yaml": "y" }], "b": { "$text": "z", "c": 1 }, "d": { "$no": "w" } });
    assert_eq!(placeholders(&document), [("text", "x"), ("yaml", "y")]);
}

#[test]
fn specifications_are_bundled() {
    let root = tempfile::tempdir().unwrap();
    fs::create_dir_all(root.path().join("a/models")).unwrap();
    let file = |name: &str, text: &str| fs::write(root.path().join(name), text).unwrap();
    file(
        "a/api.yaml",
        "openapi: 3.1.0\ncomponents: {schemas: {Pet: {$ref: './models/pet.yaml'}, Id: {type: string}}}",
    );
    file(
        "a/models/pet.yaml",
        "properties: {id: {$ref: '../api.yaml#/components/schemas/Id'}, kin: {$ref: '#'}}",
    );
    file("a/plain.yaml", "asyncapi: 3.0.0 # kept\n");
    let found =
        read_in(root.path(), &component("", "one: {$openapi: ./api.yaml}\ntwo: {$asyncapi: plain.yaml}"));
    let found = found.unwrap();
    let one: serde_json::Value = serde_json::from_str(found.value["spec"]["one"].as_str().unwrap()).unwrap();
    assert_eq!(
        one,
        json!({ "openapi": "3.1.0", "components": { "schemas": {
            "Pet": { "properties": {
                "id": { "$ref": "#/components/schemas/Id" }, "kin": { "$ref": "#/components/schemas/Pet" }
            } },
            "Id": { "type": "string" }
        } } })
    );
    assert_eq!(found.value["spec"]["two"], "asyncapi: 3.0.0 # kept\n");
    let names: Vec<_> = found.reads.iter().map(|read| read.rsplit('/').next().unwrap()).collect();
    assert_eq!(names, ["api.yaml", "pet.yaml", "api.yaml", "plain.yaml"]);
}

#[test]
fn a_specification_cannot_reach_outside_either() {
    let top = tempfile::tempdir().unwrap();
    let root = top.path().join("catalog");
    fs::create_dir_all(root.join("a")).unwrap();
    fs::write(top.path().join("secret.yaml"), "s: 1").unwrap();
    for target in ["../../secret.yaml", "/etc/hostname", "https://example.com/x", "file:///etc/hostname"] {
        fs::write(root.join("a/api.yaml"), format!("a: {{$ref: '{target}'}}")).unwrap();
        let cause = cause(read_in(&root, &component("", "x: {$openapi: api.yaml}")));
        assert!(cause.starts_with("Placeholder $openapi failed to bundle"), "{cause}");
    }
}
