//! A scorecard as it is written down: Port's form, and what we add to it.
//!
//! Added are a condition `{"jq": "<program>"}`, a rule's `fix`, and that the identifier may be left out: it is then
//! the slug of the title. Everything else that a body says is kept as it is.

use serde_json::{Map, Value, json};
use stagedoor_model::blueprint::Invalid;
use stagedoor_model::names;

/// Rules of a scorecard, at most.
pub const MAX_RULES: usize = 100;
/// Levels of a scorecard, at most.
pub const MAX_LEVELS: usize = 20;
/// Conditions of a rule or filter, at most.
const MAX_CONDITIONS: usize = 100;
/// Characters of an identifier, at most.
const MAX_IDENTIFIER: usize = 100;

/// A standard for the entities of a blueprint.
#[derive(Clone, Debug, PartialEq)]
pub struct Scorecard {
    /// Unique within the blueprint.
    pub identifier: String,
    /// For people.
    pub title: String,
    /// The steps, the base first.
    pub levels: Vec<Level>,
    /// Which entities it is about; all where there is none.
    pub filter: Option<Query>,
    /// What is demanded, in the order in which it is written.
    pub rules: Vec<Rule>,
    body: Map<String, Value>,
}

/// A step of a scorecard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Level {
    /// Its name, unique within the scorecard.
    pub title: String,
    /// One of Port's colours.
    pub color: String,
}

/// One demand.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// Unique within the scorecard.
    pub identifier: String,
    /// For people.
    pub title: String,
    /// Why, and what exactly.
    pub description: Option<String>,
    /// Place of its level among the scorecard's; never 0.
    pub level: usize,
    /// What has to hold.
    pub query: Query,
    /// How to make it hold.
    pub fix: Option<Fix>,
}

/// Conditions, and how they combine.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    /// All of them, not any.
    pub all: bool,
    /// At least one, as written.
    pub conditions: Vec<Value>,
}

/// How a rule is made to hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fix {
    /// What to do, for people.
    pub text: Option<String>,
    /// Where that is described.
    pub url: Option<String>,
    /// Identifier of an action that does it.
    pub action: Option<String>,
}

impl Fix {
    /// As a body says it.
    #[must_use]
    pub fn value(&self) -> Value {
        let parts = [("text", &self.text), ("url", &self.url), ("action", &self.action)];
        parts.into_iter().filter_map(|(key, value)| Some((key.to_owned(), json!(value.as_ref()?)))).collect()
    }
}

/// The levels of a scorecard that names none.
fn default_levels() -> Vec<Level> {
    let level = |(title, color): (&str, &str)| Level { title: title.into(), color: color.into() };
    [("Basic", "paleBlue"), ("Bronze", "bronze"), ("Silver", "silver"), ("Gold", "gold")].map(level).into()
}

impl Scorecard {
    /// Reads a body in Port's form. What the conditions look at is judged by [`crate::check`].
    ///
    /// # Errors
    /// Everything that is wrong with its form, each with its place as a JSON pointer.
    pub fn parse(body: &Value) -> Result<Self, Vec<Invalid>> {
        let Some(map) = body.as_object() else { return Err(vec![wrong("", "must be object")]) };
        let mut reader = Reader::default();
        let title = reader.text(map, "", "title", true).unwrap_or_default();
        let identifier = match map.get("identifier") {
            None | Some(Value::Null) => slug(&title),
            Some(_) => reader.text(map, "", "identifier", true).unwrap_or_default(),
        };
        reader.identifier(&identifier, "/identifier", is_identifier);
        let levels = reader.levels(map.get("levels"));
        let filter = match map.get("filter") {
            None | Some(Value::Null) => None,
            Some(filter) => reader.query(filter, "/filter"),
        };
        let rules = reader.rules(map.get("rules"), &levels);
        if !reader.problems.is_empty() {
            return Err(reader.problems);
        }
        let mut kept = map.clone();
        for key in ["id", "blueprint", "createdAt", "createdBy", "updatedAt", "updatedBy"] {
            kept.shift_remove(key);
        }
        kept.insert("identifier".into(), identifier.as_str().into());
        let shown = levels.iter().map(|l| json!({ "title": l.title, "color": l.color })).collect();
        kept.insert("levels".into(), shown);
        for (at, rule) in rules.iter().enumerate() {
            let written =
                kept.get_mut("rules").and_then(|rules| rules.get_mut(at)).and_then(Value::as_object_mut);
            if let Some(written) = written {
                written.insert("identifier".into(), rule.identifier.as_str().into());
            }
        }
        Ok(Self { identifier, title, levels, filter, rules, body: kept })
    }

    /// As it is kept and answered: what was sent, with identifier and levels.
    #[must_use]
    pub fn body(&self) -> &Map<String, Value> {
        &self.body
    }

    /// The rule of an identifier, and its place.
    #[must_use]
    pub fn rule(&self, identifier: &str) -> Option<(usize, &Rule)> {
        self.rules.iter().enumerate().find(|(_, rule)| rule.identifier == identifier)
    }

    /// The place of a level by its title.
    #[must_use]
    pub fn level(&self, title: &str) -> Option<usize> {
        self.levels.iter().position(|level| level.title == title)
    }
}

/// The slug of a title, as the identifier of what has none.
fn slug(title: &str) -> String {
    names::slug(&title.trim().to_lowercase(), MAX_IDENTIFIER).replace('.', "-")
}

fn is_identifier(c: char) -> bool {
    c.is_alphanumeric() || "@_.+:=-".contains(c)
}

fn is_rule_identifier(c: char) -> bool {
    c.is_ascii_alphanumeric() || "@_=-".contains(c)
}

/// An error in the words that Port's clients show.
pub(crate) fn wrong(place: &str, what: &str) -> Invalid {
    let subject =
        if place.is_empty() { "body".to_owned() } else { format!("\"{}\"", place.trim_start_matches('/')) };
    Invalid::new(place, format!("{subject} {what}"))
}

/// Reads a body and notes what is wrong with it.
#[derive(Default)]
struct Reader {
    problems: Vec<Invalid>,
}

impl Reader {
    fn note(&mut self, place: &str, what: &str) {
        self.problems.push(wrong(place, what));
    }

    fn text(&mut self, map: &Map<String, Value>, at: &str, key: &str, required: bool) -> Option<String> {
        match map.get(key) {
            Some(Value::String(text)) if required && text.trim().is_empty() => {
                self.note(&format!("{at}/{key}"), "must NOT have fewer than 1 characters");
            }
            Some(Value::String(text)) => return Some(text.clone()),
            None | Some(Value::Null) if required => {
                self.note(at, &format!("must have required property '{key}'"));
            }
            None | Some(Value::Null) => {}
            Some(_) => self.note(&format!("{at}/{key}"), "must be string"),
        }
        None
    }

    fn identifier(&mut self, text: &str, place: &str, legal: fn(char) -> bool) {
        if text.chars().count() > MAX_IDENTIFIER {
            self.note(place, &format!("must NOT have more than {MAX_IDENTIFIER} characters"));
        } else if !text.chars().all(legal) || text == "." || text == ".." {
            self.note(place, "must be letters, digits and any of @_=-");
        }
    }

    fn levels(&mut self, value: Option<&Value>) -> Vec<Level> {
        let list = match value {
            None | Some(Value::Null) => return default_levels(),
            Some(Value::Array(list)) if list.is_empty() => return default_levels(),
            Some(Value::Array(list)) => list,
            Some(_) => {
                self.note("/levels", "must be array");
                return default_levels();
            }
        };
        if list.len() > MAX_LEVELS {
            self.note("/levels", &format!("must NOT have more than {MAX_LEVELS} items"));
        }
        let mut levels: Vec<Level> = Vec::new();
        for (i, level) in list.iter().take(MAX_LEVELS).enumerate() {
            let at = format!("/levels/{i}");
            let Some(map) = level.as_object() else {
                self.note(&at, "must be object");
                continue;
            };
            let title = self.text(map, &at, "title", true).unwrap_or_default();
            let color = self.text(map, &at, "color", false).unwrap_or_else(|| "paleBlue".to_owned());
            if levels.iter().any(|known| known.title == title) {
                self.note(&format!("{at}/title"), &format!("\"{title}\" is another level's, too"));
            }
            levels.push(Level { title, color });
        }
        levels
    }

    fn rules(&mut self, value: Option<&Value>, levels: &[Level]) -> Vec<Rule> {
        let list = match value {
            Some(Value::Array(list)) => list,
            Some(_) => {
                self.note("/rules", "must be array");
                return Vec::new();
            }
            None => {
                self.note("", "must have required property 'rules'");
                return Vec::new();
            }
        };
        if list.len() > MAX_RULES {
            self.note("/rules", &format!("must NOT have more than {MAX_RULES} items"));
        }
        let mut rules: Vec<Rule> = Vec::new();
        for (i, rule) in list.iter().take(MAX_RULES).enumerate() {
            let at = format!("/rules/{i}");
            let Some(map) = rule.as_object() else {
                self.note(&at, "must be object");
                continue;
            };
            if let Some(rule) = self.rule(map, &at, levels) {
                if rules.iter().any(|known| known.identifier == rule.identifier) {
                    let text = format!("\"{}\" is another rule's, too", rule.identifier);
                    self.note(&format!("{at}/identifier"), &text);
                }
                rules.push(rule);
            }
        }
        rules
    }

    fn rule(&mut self, map: &Map<String, Value>, at: &str, levels: &[Level]) -> Option<Rule> {
        let title = self.text(map, at, "title", false).filter(|t| !t.trim().is_empty());
        let identifier = match (map.get("identifier"), &title) {
            (None | Some(Value::Null), Some(title)) => slug(title),
            _ => self.text(map, at, "identifier", true)?,
        };
        self.identifier(&identifier, &format!("{at}/identifier"), is_rule_identifier);
        let level = self.text(map, at, "level", true).and_then(|level| self.level(&level, at, levels));
        let query = match map.get("query") {
            Some(query) => self.query(query, &format!("{at}/query")),
            None => {
                self.note(at, "must have required property 'query'");
                None
            }
        };
        let description = self.text(map, at, "description", false);
        let fix = self.fix(map.get("fix"), &format!("{at}/fix"));
        let title = title.unwrap_or_else(|| identifier.clone());
        Some(Rule { identifier, title, description, level: level?, query: query?, fix })
    }

    fn level(&mut self, title: &str, at: &str, levels: &[Level]) -> Option<usize> {
        let place = format!("{at}/level");
        match levels.iter().position(|level| level.title == title) {
            Some(0) => self.note(&place, "must not be the first level: that is where everything starts"),
            Some(level) => return Some(level),
            None => {
                let titles: Vec<&str> = levels.iter().skip(1).map(|l| l.title.as_str()).collect();
                let text = format!("must be equal to one of the allowed values: {}", titles.join(", "));
                self.note(&place, &text);
            }
        }
        None
    }

    fn fix(&mut self, value: Option<&Value>, at: &str) -> Option<Fix> {
        let map = match value {
            None | Some(Value::Null) => return None,
            Some(Value::Object(map)) => map,
            Some(_) => {
                self.note(at, "must be object");
                return None;
            }
        };
        let url = self.text(map, at, "url", false);
        if url.as_ref().is_some_and(|url| !url.starts_with("https://") && !url.starts_with("http://")) {
            self.note(&format!("{at}/url"), "must begin with https:// or http://");
        }
        Some(Fix {
            text: self.text(map, at, "text", false),
            url,
            action: self.text(map, at, "action", false),
        })
    }

    fn query(&mut self, value: &Value, at: &str) -> Option<Query> {
        let Some(map) = value.as_object() else {
            self.note(at, "must be object");
            return None;
        };
        let all = match map.get("combinator").and_then(Value::as_str) {
            Some("and") => true,
            Some("or") => false,
            _ => {
                let text = "must be equal to one of the allowed values: and, or";
                self.note(&format!("{at}/combinator"), text);
                true
            }
        };
        let place = format!("{at}/conditions");
        let conditions = match map.get("conditions").or_else(|| map.get("rules")) {
            Some(Value::Array(list)) => list,
            Some(_) => {
                self.note(&place, "must be array");
                return None;
            }
            None => {
                self.note(at, "must have required property 'conditions'");
                return None;
            }
        };
        if conditions.is_empty() {
            self.note(&place, "must NOT have fewer than 1 items");
        }
        if conditions.len() > MAX_CONDITIONS {
            self.note(&place, &format!("must NOT have more than {MAX_CONDITIONS} items"));
        }
        for (i, condition) in conditions.iter().enumerate() {
            if !condition.is_object() {
                self.note(&format!("{place}/{i}"), "must be object");
            }
        }
        Some(Query { all, conditions: conditions.clone() })
    }
}
