//! One file, with its variables and includes put in.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;
use stagedoor_ingest::yaml::{self, Node, NodeValue};

use super::environment::{Environment, Substituted, substitute};
use super::problem::{Place, Problems};
use super::value::{Data, Located, Member, Object};

/// More includes than any configuration has: files that include each other twice over grow without end.
const MAX_INCLUDES: usize = 1000;

const INCLUDE_KEYS: [&str; 3] = ["$env", "$file", "$include"];

/// Reads `file`; `None` when nothing of it can be used.
pub(super) fn read(file: &Path, environment: &Environment, problems: &mut Problems) -> Option<Located> {
    let file: Arc<Path> = file.into();
    let start = Place::new(&file, 1, 1);
    let mut transform = Transform { environment, problems, open: Vec::new(), included: 0 };
    let node = transform.parse(&file, &start)?;
    transform.open.push((identity(&file), String::new()));
    let place = Place::new(&file, node.line, node.column);
    let value = transform.value(&node, &file, "")?;
    match value.data {
        Data::Object(_) => Some(value),
        // An empty file.
        Data::Scalar(Value::Null) => None,
        _ => {
            problems.error(&place, format!("expected an object, found {}", value.what()));
            None
        }
    }
}

struct Transform<'a> {
    environment: &'a Environment,
    problems: &'a mut Problems,
    /// The file parts that are being read, one inside the other.
    open: Vec<(PathBuf, String)>,
    included: usize,
}

impl Transform<'_> {
    fn parse(&mut self, file: &Arc<Path>, from: &Place) -> Option<Node> {
        let text = match std::fs::read_to_string(file) {
            Ok(text) => text,
            Err(error) => {
                self.problems.error(from, format!("{} can't be read: {error}", file.display()));
                return None;
            }
        };
        match yaml::parse_one(&text) {
            Ok(node) => Some(node),
            Err(error) => {
                self.problems.error(&Place::new(file, error.line, error.column), error.message);
                None
            }
        }
    }

    /// The value of `node`, or `None` where a variable is not set or something is wrong.
    fn value(&mut self, node: &Node, file: &Arc<Path>, path: &str) -> Option<Located> {
        let place = Place::new(file, node.line, node.column);
        let data = match &node.value {
            NodeValue::Scalar(Value::String(text)) => return self.text(text, place, path),
            NodeValue::Scalar(scalar) => Data::Scalar(scalar.clone()),
            NodeValue::List(items) => {
                let items = items.iter().enumerate();
                Data::List(
                    items.filter_map(|(n, item)| self.value(item, file, &format!("{path}[{n}]"))).collect(),
                )
            }
            NodeValue::Map(entries) => {
                if let Some(include) = entries.iter().find(|entry| INCLUDE_KEYS.contains(&entry.key.as_str()))
                {
                    let at = Place::new(file, include.line, include.column);
                    if entries.len() > 1 {
                        self.problems
                            .error(&at, format!("{} must be the only key of its object", include.key));
                        return None;
                    }
                    return self.include(&include.key, &include.value, file, path);
                }
                let mut object = Object::default();
                for entry in entries {
                    let path =
                        if path.is_empty() { entry.key.clone() } else { format!("{path}.{}", entry.key) };
                    if let Some(value) = self.value(&entry.value, file, &path) {
                        let key = Place::new(file, entry.line, entry.column);
                        object.insert(entry.key.clone(), Member { key, value });
                    }
                }
                Data::Object(object)
            }
        };
        Some(Located { data, place, secret: false })
    }

    fn text(&mut self, text: &str, place: Place, path: &str) -> Option<Located> {
        let (text, secret) = match substitute(text, self.environment) {
            Substituted::Plain(text) => (text, false),
            Substituted::Filled(text) => (text, true),
            Substituted::Unset(name) => {
                self.unset(&name, &place, path);
                return None;
            }
        };
        Some(Located { data: Data::Scalar(Value::String(text)), place, secret })
    }

    fn unset(&mut self, name: &str, place: &Place, path: &str) {
        self.problems.warn(Some(place), format!("{path} is left out: the variable {name} is not set"));
    }

    /// What `{key: argument}` stands for.
    fn include(&mut self, key: &str, argument: &Node, file: &Arc<Path>, path: &str) -> Option<Located> {
        let place = Place::new(file, argument.line, argument.column);
        let Some(argument) = argument.as_str() else {
            self.problems.error(&place, format!("{key} expects text"));
            return None;
        };
        let argument = self.text(argument, place.clone(), path)?;
        let Data::Scalar(Value::String(argument)) = argument.data else { return None };
        let secret = |text: String| Located {
            data: Data::Scalar(Value::String(text)),
            place: place.clone(),
            secret: true,
        };
        match key {
            "$env" => match self.environment.get(argument.trim()) {
                Some(text) => Some(secret(text.to_owned())),
                None => {
                    self.unset(argument.trim(), &place, path);
                    None
                }
            },
            "$file" => {
                let file = beside(file, &argument);
                match std::fs::read_to_string(&file) {
                    Ok(text) => Some(secret(text.trim_end().to_owned())),
                    Err(error) => {
                        self.problems.error(&place, format!("{} can't be read: {error}", file.display()));
                        None
                    }
                }
            }
            _ => self.include_yaml(&argument, &place, file, path),
        }
    }

    /// `file.yaml#a.b`: the part at `a.b`, read as if it stood here.
    fn include_yaml(&mut self, argument: &str, at: &Place, from: &Arc<Path>, path: &str) -> Option<Located> {
        let (name, part) = argument.split_once('#').unwrap_or((argument, ""));
        let file: Arc<Path> = beside(from, name).into();
        let readable =
            file.extension().is_some_and(|ending| ["yaml", "yml", "json"].iter().any(|e| ending == *e));
        if !readable {
            self.problems.error(at, format!("$include reads .yaml, .yml and .json, not {name}"));
            return None;
        }
        let open = (identity(&file), part.to_owned());
        if self.open.contains(&open) {
            self.problems.error(at, format!("{argument} includes itself"));
            return None;
        }
        self.included += 1;
        if self.included > MAX_INCLUDES {
            if self.included == MAX_INCLUDES + 1 {
                self.problems.error(at, format!("more than {MAX_INCLUDES} includes"));
            }
            return None;
        }
        let root = self.parse(&file, at)?;
        let mut node = &root;
        for step in part.split('.').filter(|_| !part.is_empty()) {
            let Some(next) = node.get(step) else {
                self.problems.error(at, format!("there is no {part} in {name}"));
                return None;
            };
            node = next;
        }
        self.open.push(open);
        let value = self.value(node, &file, path);
        self.open.pop();
        value
    }
}

/// `name` as seen from the directory of `file`.
fn beside(file: &Path, name: &str) -> PathBuf {
    file.parent().unwrap_or(Path::new("")).join(name.trim())
}

/// One name for one file, however it is reached.
fn identity(file: &Path) -> PathBuf {
    file.canonicalize().unwrap_or_else(|_| file.to_owned())
}
