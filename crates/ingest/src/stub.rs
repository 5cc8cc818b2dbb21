//! Stand-in until the reader of documents is here.
#![allow(missing_docs, clippy::all)]
use std::path::{Path, PathBuf};
use serde_json::Value;
use crate::yaml;

pub trait CustomKinds { fn is_known(&self, kind: &str) -> bool; }
pub struct ReadContext<'a> { pub place: Option<String>, pub origin: Option<String>, pub kinds: &'a dyn CustomKinds }
impl<'a> ReadContext<'a> {
    pub fn for_api(kinds: &'a dyn CustomKinds) -> Self { Self { place: None, origin: None, kinds } }
    pub fn for_location(place: &str, origin: &str, kinds: &'a dyn CustomKinds) -> Self { Self { place: Some(place.into()), origin: Some(origin.into()), kinds } }
}
#[derive(Debug, Clone)]
pub struct ReadDocument { pub index: usize, pub line: u32, pub column: u32, pub outcome: Result<ParsedDocument, DocumentError> }
#[derive(Debug, Clone)]
pub enum ParsedDocument { Entity(ParsedEntity), Port(PortItem) }
#[derive(Debug, Clone)]
pub struct ParsedEntity { pub entity_ref: String, pub kind: String, pub value: Value, pub targets: Option<LocationTargets> }
#[derive(Debug, Clone)]
pub enum PortItem { Blueprint(Value), Entity(Value) }
#[derive(Debug, Clone)]
pub struct LocationTargets { pub kind: Option<String>, pub targets: Vec<String>, pub optional: bool }
#[derive(Debug, Clone, thiserror::Error)]
#[error("{name}: {message}")]
pub struct DocumentError { pub line: u32, pub column: u32, pub entity_ref: Option<String>, pub name: String, pub message: String }

pub fn read_documents(text: &str, context: &ReadContext<'_>) -> Vec<ReadDocument> {
    let mut out = Vec::new();
    for d in yaml::parse(text) {
        let err = |m: String| DocumentError { line: d.line, column: 1, entity_ref: None, name: "InputError".into(), message: m };
        match &d.root {
            Err(e) => out.push(ReadDocument { index: d.index, line: e.line, column: e.column, outcome: Err(DocumentError { line: e.line, column: e.column, ..err(e.message.clone()) }) }),
            Ok(node) => {
                let mut value = node.to_value();
                let mut push = |outcome| out.push(ReadDocument { index: d.index, line: d.line, column: 1, outcome });
                if value.get("kind").is_some() {
                    let kind = value["kind"].as_str().unwrap_or("").to_owned();
                    let name = value["metadata"]["name"].as_str().unwrap_or("").to_owned();
                    if !stagedoor_model::names::is_backstage_name(&name) { push(Err(err(format!("\"metadata.name\" is not valid: {name}")))); continue; }
                    if stagedoor_model::kinds::by_kind(&kind).is_none() && !context.kinds.is_known(&kind) { push(Err(err("No processor recognized the entity".into()))); continue; }
                    if value["metadata"].get("namespace").is_none() { value["metadata"]["namespace"] = "default".into(); }
                    let ns = value["metadata"]["namespace"].as_str().unwrap_or("default").to_owned();
                    if let (Some(p), Some(o)) = (&context.place, &context.origin) {
                        value["metadata"]["annotations"]["backstage.io/managed-by-location"] = p.clone().into();
                        value["metadata"]["annotations"]["backstage.io/managed-by-origin-location"] = o.clone().into();
                    }
                    let entity_ref = format!("{}:{}/{}", kind, ns, name).to_lowercase();
                    let targets = (kind == "Location").then(|| {
                        let mut t: Vec<String> = value["spec"]["targets"].as_array().into_iter().flatten().filter_map(|v| v.as_str().map(str::to_owned)).collect();
                        t.extend(value["spec"]["target"].as_str().map(str::to_owned));
                        LocationTargets { kind: value["spec"]["type"].as_str().map(str::to_owned), targets: t, optional: value["spec"]["presence"] == "optional" }
                    });
                    push(Ok(ParsedDocument::Entity(ParsedEntity { entity_ref, kind, value, targets })));
                } else {
                    let items: Vec<Value> = match &value { Value::Array(a) => a.clone(), v => vec![v.clone()] };
                    for v in items {
                        if v.get("blueprints").is_some() || v.get("entities").is_some() {
                            for b in v["blueprints"].as_array().into_iter().flatten() { push(Ok(ParsedDocument::Port(PortItem::Blueprint(b.clone())))); }
                            for b in v["entities"].as_array().into_iter().flatten() { push(Ok(ParsedDocument::Port(PortItem::Entity(b.clone())))); }
                        } else if v.get("blueprint").is_some() { push(Ok(ParsedDocument::Port(PortItem::Entity(v)))); }
                        else { push(Ok(ParsedDocument::Port(PortItem::Blueprint(v)))); }
                    }
                }
            }
        }
    }
    out
}
pub fn resolve_target(kind: &str, from: &str, _t: Option<&str>, target: &str) -> Result<String, String> {
    if kind == "file" { Ok(Path::new(from).parent().unwrap_or(Path::new("/")).join(target).display().to_string()) } else { Ok(target.to_owned()) }
}
pub fn not_allowed_text(reference: &str, place: &str, origin: &str) -> String { format!("Entity {reference} at {place}, originated at {origin}, is not of an allowed kind for that location") }
#[derive(Clone, Debug, Default)] pub struct Rules { rules: Option<Vec<AllowRule>>, all: bool }
#[derive(Clone, Debug)] pub struct AllowRule { pub allow: Vec<AllowedKind>, pub locations: Option<Vec<LocationMatch>> }
#[derive(Clone, Debug)] pub struct AllowedKind { pub kind: String, pub spec_type: Option<String> }
#[derive(Clone, Debug)] pub struct LocationMatch { pub kind: String, pub target: Option<TargetMatch> }
#[derive(Clone, Debug)] pub enum TargetMatch { Exact(String), Pattern(String) }
impl Rules {
    pub fn from_config(rules: Option<Vec<AllowRule>>) -> Self { Self { rules, all: false } }
    pub fn allow_everything() -> Self { Self { rules: None, all: true } }
    pub fn allows(&self, kind: &str, _t: Option<&str>, _ok: &str, _ot: &str, extra: &[AllowRule]) -> bool {
        let has = |r: &AllowRule| r.allow.iter().any(|a| a.kind.eq_ignore_ascii_case(kind));
        self.all || extra.iter().any(has) || match &self.rules { Some(r) => r.iter().any(has), None => ["Component", "API", "Location"].contains(&kind) }
    }
}
pub mod files {
    use super::*;
    #[derive(Debug, thiserror::Error)] #[error("{0}")] pub struct FileError(pub String, pub Vec<PathBuf>);
    impl FileError { pub fn directories(&self) -> &[PathBuf] { &self.1 } }
    pub struct Expansion { pub files: Vec<PathBuf>, pub directories: Vec<PathBuf> }
    pub fn exists(target: &str, base: &Path) -> bool { base.join(target.split('*').next().unwrap_or("")).exists() }
    pub fn absolute(target: &str, base: &Path) -> PathBuf { let mut out = PathBuf::new(); for c in base.join(target).components() { match c { std::path::Component::CurDir => {}, std::path::Component::ParentDir => { out.pop(); }, c => out.push(c) } } out }
    pub fn expand(target: &str, base: &Path) -> Result<Expansion, FileError> {
        let path = absolute(target, base).display().to_string();
        if !path.contains('*') { let p = PathBuf::from(&path); let d = vec![p.parent().unwrap_or(Path::new("/")).to_owned()]; return if p.is_file() { Ok(Expansion { files: vec![p], directories: d }) } else { Err(FileError(format!("file {path} does not exist"), d)) }; }
        let glob = globset::GlobBuilder::new(&path).literal_separator(true).build().map_err(|e| FileError(e.to_string(), vec![]))?.compile_matcher();
        let root = PathBuf::from(path.split('*').next().unwrap_or("/")).parent().map(Path::to_owned).unwrap_or_default();
        let root = if Path::new(path.split('*').next().unwrap_or("/")).is_dir() { PathBuf::from(path.split('*').next().unwrap_or("/")) } else { root };
        let (mut files, mut directories, mut queue) = (vec![], vec![], vec![root]);
        while let Some(d) = queue.pop() { directories.push(d.clone()); for e in std::fs::read_dir(&d).into_iter().flatten().flatten() { let p = e.path(); if p.is_dir() { queue.push(p) } else if glob.is_match(&p) { files.push(p) } } }
        files.sort();
        Ok(Expansion { files, directories })
    }
    pub fn read_text(path: &Path) -> Result<String, FileError> { std::fs::read_to_string(path).map_err(|e| FileError(format!("{}: {e}", path.display()), vec![])) }
}
