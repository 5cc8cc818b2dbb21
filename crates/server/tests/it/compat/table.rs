//! The data, and the table that is made from it.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// The top of the repository.
pub(super) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Where a dialect's facts are.
#[derive(Clone, Copy)]
pub(super) struct Dialect {
    pub(super) name: &'static str,
    /// Its API description.
    pub(super) document: &'static str,
    /// What the paths in that begin with.
    pub(super) prefix: &'static str,
    /// Where it is asked.
    pub(super) mount: &'static str,
    /// The key that a case file has its cases under.
    pub(super) cases: &'static str,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum State {
    Same,
    Differs,
    NotYet,
}

impl State {
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Differs => "differs",
            Self::NotYet => "not yet",
        }
    }
}

/// One endpoint.
pub(super) struct Row {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) state: State,
    pub(super) note: String,
    pub(super) cases: Vec<String>,
}

impl Row {
    pub(super) fn of(value: &Value) -> Self {
        for key in value.as_object().unwrap().keys() {
            assert!(
                ["endpoint", "state", "note", "cases"].contains(&key.as_str()),
                "unknown key {key}: {value}"
            );
        }
        let (method, path) = value["endpoint"].as_str().unwrap().split_once(' ').unwrap();
        let state = match value["state"].as_str().unwrap() {
            "same" => State::Same,
            "differs" => State::Differs,
            "not yet" => State::NotYet,
            other => panic!("{method} {path}: no state is called {other}"),
        };
        let note = value["note"].as_str().unwrap_or_default().to_owned();
        assert!(state != State::Differs || !note.is_empty(), "{method} {path} differs: how?");
        let cases = value["cases"].as_array().into_iter().flatten();
        let cases = cases.map(|case| case.as_str().unwrap().to_owned()).collect();
        Self { method: method.to_owned(), path: path.to_owned(), state, note, cases }
    }

    /// Whether the path of a request is one of these; without query and slash at the end.
    pub(super) fn fits(&self, path: &str) -> bool {
        let (mine, path) = (self.path.split('/'), path.split('/'));
        mine.clone().count() == path.clone().count()
            && mine.zip(path).all(|(mine, part)| mine == part || (mine.starts_with('{') && !part.is_empty()))
    }

    /// How many parts of the path are what they are.
    pub(super) fn plain(&self) -> usize {
        self.path.split('/').filter(|part| !part.starts_with('{')).count()
    }
}

/// A path without the names of its parameters.
pub(super) fn shape(path: &str) -> String {
    let parts = path.split('/').map(|part| if part.starts_with('{') { "{}" } else { part });
    parts.collect::<Vec<_>>().join("/")
}

/// A heading, and the rows under it.
pub(super) type Group = (String, Vec<Row>);

impl Dialect {
    pub(super) fn folder(&self) -> PathBuf {
        root().join("tests/compat").join(self.name)
    }

    pub(super) fn page(&self) -> PathBuf {
        root().join(format!("docs/reference/compat-{}.md", self.name))
    }

    pub(super) fn groups(&self) -> Vec<Group> {
        let text = fs::read_to_string(self.folder().join("endpoints.yaml")).unwrap();
        let data = stagedoor_testkit::yaml(&text);
        let groups = data["groups"].as_array().unwrap().iter();
        let rows = |group: &Value| group["endpoints"].as_array().unwrap().iter().map(Row::of).collect();
        groups.map(|group| (group["group"].as_str().unwrap().to_owned(), rows(group))).collect()
    }

    pub(super) fn rows(&self) -> Vec<Row> {
        self.groups().into_iter().flat_map(|(_, rows)| rows).collect()
    }
}

/// The page with a new table between its marks.
pub(super) fn with_table(page: &str, dialect: &Dialect, groups: &[Group]) -> String {
    let (begin, end) = ("<!-- endpoints -->\n", "<!-- end of endpoints -->\n");
    let (before, rest) = page.split_once(begin).unwrap();
    let (_, after) = rest.split_once(end).unwrap();
    format!("{before}{begin}{}{end}{after}", table(dialect, groups))
}

fn table(dialect: &Dialect, groups: &[Group]) -> String {
    let count = |state| groups.iter().flat_map(|(_, rows)| rows).filter(|row| row.state == state).count();
    let mut text = format!(
        "\n{} endpoints: {} same, {} differ, {} not yet. Made from `tests/compat/{}/endpoints.yaml`.\n",
        count(State::Same) + count(State::Differs) + count(State::NotYet),
        count(State::Same),
        count(State::Differs),
        count(State::NotYet),
        dialect.name
    );
    for (group, rows) in groups {
        let _ = write!(
            text,
            "\n### {group}\n\n| Endpoint | State | Notes | Shown by |\n| --- | --- | --- | --- |\n"
        );
        for row in rows {
            let endpoint = format!("`{} {}`", row.method, row.path);
            for cell in [&endpoint, row.state.words(), &row.note, &shown_by(row)] {
                let blank = if cell.is_empty() { "" } else { " " };
                let _ = write!(text, "| {cell}{blank}");
            }
            text.push_str("|\n");
        }
    }
    text.push('\n');
    text
}

/// A case of each file; the data may name more.
fn shown_by(row: &Row) -> String {
    let mut shown: Vec<(&str, String)> = Vec::new();
    for case in &row.cases {
        let (file, text) = match case.split_once('/') {
            Some((file, name)) => (file, format!("`{file}.yaml`: {name}")),
            None => (case.as_str(), format!("`{case}`")),
        };
        if shown.iter().all(|(other, _)| *other != file) {
            shown.push((file, text));
        }
    }
    shown.into_iter().map(|(_, text)| text).collect::<Vec<_>>().join("; ")
}
