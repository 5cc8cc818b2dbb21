//! Compares what the reader makes of a folder of real files with what Backstage made of them.
//!
//! `cargo run -p stagedoor-ingest --example verdicts -- <folder>`; the folder holds `expected.jsonl`
//! (a line for each document: `file`, `docIndex`, `location`, `verdict`, `ref`, `entity`, `relations`, ...),
//! `files/` and what placeholders need.
#![expect(clippy::print_stdout, reason = "a program for the terminal")]

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use serde_json::{Value, json};
use stagedoor_ingest::{
    CustomKinds, LocationRef, ParsedDocument, ParsedEntity, PlaceholderError, PlaceholderReader, ReadContext,
    ReadDocument, read_documents, resolve_target,
};
use stagedoor_model::face::Target;
use stagedoor_model::{Blueprint, Face, Fields, Stamps, Timestamp, kinds};

struct NoKinds;

impl CustomKinds for NoKinds {
    fn is_known(&self, _: &str) -> bool {
        false
    }
}

/// Serves placeholders from the folder, by the addresses that `expected.jsonl` gives.
struct Served {
    folder: PathBuf,
    files: HashMap<String, String>,
}

impl PlaceholderReader for Served {
    fn read(&self, value: &str, place: &LocationRef) -> Result<(String, String), PlaceholderError> {
        let url =
            resolve_target(&place.kind, &place.target, None, value).map_err(PlaceholderError::Unresolved)?;
        let missing = || PlaceholderError::Unreadable("NotFoundError", format!("{url} could not be read"));
        let file = self.files.get(&url).ok_or_else(missing)?;
        let text = std::fs::read_to_string(self.folder.join(file)).map_err(|_| missing())?;
        Ok((text, url))
    }
}

#[derive(Default)]
struct Tally {
    agreed: BTreeMap<&'static str, usize>,
    total: BTreeMap<&'static str, usize>,
    differences: Vec<String>,
}

impl Tally {
    fn note(&mut self, what: &'static str, place: &str, ours: &Value, theirs: &Value) {
        *self.total.entry(what).or_default() += 1;
        if ours == theirs {
            *self.agreed.entry(what).or_default() += 1;
        } else {
            self.differences.push(format!("{place} {what}\n  ours   {ours}\n  theirs {theirs}"));
        }
    }
}

fn main() -> ExitCode {
    let Some(folder) = std::env::args().nth(1).map(PathBuf::from) else {
        println!("name the folder that holds expected.jsonl");
        return ExitCode::FAILURE;
    };
    let expected: Vec<Value> =
        read(&folder.join("expected.jsonl")).lines().filter_map(|l| serde_json::from_str(l).ok()).collect();
    let placeholders = expected.iter().flat_map(|e| e["placeholders"].as_array().into_iter().flatten());
    let files = placeholders
        .filter_map(|p| Some((p["url"].as_str()?.to_owned(), p["served"].as_str()?.to_owned())))
        .collect();
    let reader = Served { folder: folder.clone(), files };
    let faces: HashMap<&str, Face> =
        kinds::KINDS.iter().filter_map(|k| Some((k.identifier(), face(k)?))).collect();

    let mut by_file: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
    for line in &expected {
        by_file.entry(line["file"].as_str().unwrap_or_default()).or_default().push(line);
    }
    let texts: HashMap<&str, String> =
        by_file.keys().map(|f| (*f, read(&folder.join("files").join(f)))).collect();
    let mut tally = Tally::default();
    let started = Instant::now();
    let mut documents = HashMap::new();
    for (file, lines) in &by_file {
        let place = format!("url:{}", lines[0]["location"].as_str().unwrap_or_default());
        let context = ReadContext::for_location(&place, &place, &NoKinds).with_placeholders(&reader);
        documents.insert(*file, read_documents(&texts[file], &context));
    }
    let took = started.elapsed();
    for (file, lines) in &by_file {
        tally.note("documents", file, &json!(documents[file].len()), &json!(lines.len()));
        for line in lines {
            let index = usize::try_from(line["docIndex"].as_u64().unwrap_or_default()).unwrap_or_default();
            if let Some(document) = documents[file].get(index) {
                compare(&format!("{file}#{index}"), line, document, &faces, &mut tally);
            }
        }
    }
    for difference in &tally.differences {
        println!("{difference}");
    }
    for (what, total) in &tally.total {
        println!("{what}: {} of {total}", tally.agreed.get(what).copied().unwrap_or_default());
    }
    let seconds = took.as_secs_f64();
    #[allow(clippy::cast_precision_loss)]
    let rate = expected.len() as f64 / seconds;
    println!("{} documents in {:.1} ms, {rate:.0} documents/s", expected.len(), seconds * 1000.0);
    if tally.differences.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn compare(
    place: &str,
    line: &Value,
    document: &ReadDocument,
    faces: &HashMap<&str, Face>,
    tally: &mut Tally,
) {
    // With the AI model installed, as it is here.
    let model = |key: &str| line["model"].get(key).filter(|v| !v.is_null());
    let verdict = model("verdict").unwrap_or(&line["verdict"]);
    let accepted = matches!(document.outcome, Ok(ParsedDocument::Entity(_)));
    tally.note("verdict", place, &json!(if accepted { "accept" } else { "reject" }), verdict);
    match &document.outcome {
        Ok(ParsedDocument::Entity(entity)) if verdict == "accept" => {
            tally.note("ref", place, &json!(entity.entity_ref), &line["ref"]);
            let theirs = if line["verdict"] == "accept" {
                &line["entity"]
            } else {
                model("entity").unwrap_or(&Value::Null)
            };
            let (ours, annotations) = without_annotations(&entity.value, &line["serverAnnotations"], theirs);
            tally.note("entity", place, &ours, theirs);
            if line["serverAnnotations"].is_object() {
                tally.note("annotations", place, &annotations, &line["serverAnnotations"]);
            }
            // Relations of the stock kinds are the stock backend's.
            let theirs = if line["verdict"] == "accept" {
                &line["relations"]
            } else {
                model("relations").unwrap_or(&Value::Null)
            };
            tally.note("relations", place, &relations(entity, faces), &sorted(theirs));
            if let Some(theirs) = line["locationTargets"].as_array() {
                let theirs: Vec<&Value> = theirs.iter().map(|t| &t["target"]).collect();
                tally.note("targets", place, &json!(targets(entity, line)), &json!(theirs));
            }
        }
        Err(error) if verdict == "reject" && line["stage"] == "yaml" => {
            let (line_at, message) =
                (format!("at line {},", error.line), line["error"].as_str().unwrap_or_default());
            tally.note("yaml error's line", place, &json!(message.contains(&line_at)), &json!(true));
        }
        Err(error) if verdict == "reject" => {
            let stock = json!(format!("{}: {}", error.name, error.message));
            let same = model("error").is_some_and(|m| *m == stock);
            tally.note("error text", place, &stock, if same { &stock } else { &line["error"] });
            tally.note("error's ref", place, &json!(error.entity_ref), &line["ref"]);
        }
        _ => {}
    }
}

/// The entity without the annotations that a server adds, and those.
fn without_annotations(value: &Value, expected: &Value, theirs: &Value) -> (Value, Value) {
    let mut value = value.clone();
    let mut taken = serde_json::Map::new();
    let keep = theirs.pointer("/metadata/annotations").is_some();
    if let Some(metadata) = value.get_mut("metadata").and_then(Value::as_object_mut) {
        if let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_object_mut) {
            let added = [
                "managed-by-location",
                "managed-by-origin-location",
                "view-url",
                "edit-url",
                "source-location",
            ];
            for key in added.map(|k| format!("backstage.io/{k}")) {
                let theirs = theirs.pointer("/metadata/annotations").and_then(|a| a.get(&key));
                if expected.get(&key).is_some() || theirs.is_none() {
                    taken.extend(annotations.get(&key).cloned().map(|v| (key.clone(), v)));
                }
                if theirs.is_none() {
                    annotations.shift_remove(&key);
                }
            }
        }
        if !keep {
            metadata.shift_remove("annotations");
        }
    }
    (value, Value::Object(taken))
}

fn relations(entity: &ParsedEntity, faces: &HashMap<&str, Face>) -> Value {
    let Some(face) = entity.shipped.and_then(|kind| faces.get(kind)) else { return Value::Null };
    let mut all = Vec::new();
    for edge in face.edges(Some(&entity.value), &Fields::default()) {
        let Target::Ref(target) = edge.target else { continue };
        all.push(json!({ "source": entity.entity_ref, "type": edge.relation, "target": target }));
        all.push(json!({ "source": target, "type": edge.reverse, "target": entity.entity_ref }));
    }
    sorted(&Value::Array(all))
}

fn sorted(relations: &Value) -> Value {
    let list: BTreeSet<String> = relations
        .as_array()
        .into_iter()
        .flatten()
        .map(|r| {
            format!(
                "{} {} {}",
                r["source"].as_str().unwrap_or(""),
                r["type"].as_str().unwrap_or(""),
                r["target"].as_str().unwrap_or("")
            )
        })
        .collect();
    json!(list)
}

fn targets(entity: &ParsedEntity, line: &Value) -> Vec<String> {
    let base = line["location"].as_str().unwrap_or_default();
    let Some(targets) = &entity.targets else { return Vec::new() };
    let resolve = |t: &String| {
        resolve_target("url", base, targets.kind.as_deref(), t).unwrap_or_else(|e| format!("error: {e}"))
    };
    targets.targets.iter().map(resolve).collect()
}

fn face(kind: &kinds::ShippedKind) -> Option<Face> {
    let nobody = || String::from("-");
    let stamps = Stamps {
        created_at: Timestamp(0),
        created_by: nobody().into(),
        updated_at: Timestamp(0),
        updated_by: nobody().into(),
        datasource: None,
    };
    let blueprint = Blueprint::parse(&kind.blueprint, stamps, Some(kind.identifier().to_owned())).ok()?;
    Some(Face::compile(&blueprint, &kind.backstage.kind, &|target| target.to_owned()))
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}
