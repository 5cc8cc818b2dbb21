//! Writing YAML, for people to read and to paste into a file.

use std::fmt::Write as _;

use serde_json::Value;

/// A JSON value as block-style YAML 1.2. Reading it back gives the same value.
#[must_use]
pub fn to_yaml(value: &Value) -> String {
    let mut out = String::new();
    write_value(value, 0, &mut out);
    out
}

fn write_value(value: &Value, indent: usize, out: &mut String) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            for (key, value) in map {
                let _ = write!(out, "{:indent$}{}:", "", scalar(key));
                write_nested(value, indent, false, out);
            }
        }
        Value::Array(list) if !list.is_empty() => {
            for value in list {
                let _ = write!(out, "{:indent$}-", "");
                write_nested(value, indent, true, out);
            }
        }
        other => {
            let _ = writeln!(out, "{:indent$}{}", "", leaf(other));
        }
    }
}

/// What follows `key:` or `-`.
fn write_nested(value: &Value, indent: usize, in_list: bool, out: &mut String) {
    match value {
        Value::Object(map) if !map.is_empty() && in_list => {
            // The first key stands behind the dash.
            let mut block = String::new();
            write_value(value, indent + 2, &mut block);
            let _ = write!(out, " {}", block.trim_start());
        }
        Value::Object(map) if !map.is_empty() => {
            out.push('\n');
            write_value(value, indent + 2, out);
        }
        Value::Array(list) if !list.is_empty() => {
            out.push('\n');
            write_value(value, indent + 2, out);
        }
        Value::String(text) if is_block(text) => write_block(text, indent + 2, out),
        other => {
            let _ = writeln!(out, " {}", leaf(other));
        }
    }
}

fn leaf(value: &Value) -> String {
    match value {
        Value::String(text) => scalar(text),
        Value::Object(_) => "{}".into(),
        Value::Array(_) => "[]".into(),
        other => other.to_string(),
    }
}

/// Several lines that a literal block can hold as they are.
fn is_block(text: &str) -> bool {
    text.contains('\n')
        && !text.starts_with([' ', '\n', '\t'])
        && !text.chars().any(|c| {
            c != '\n'
                && (c.is_control() || c == '\u{feff}' || c == '\u{85}' || c == '\u{2028}' || c == '\u{2029}')
        })
        && text.trim_end_matches('\n').lines().all(|l| l.is_empty() || !l.trim().is_empty())
}

fn write_block(text: &str, indent: usize, out: &mut String) {
    let body = text.trim_end_matches('\n');
    let chomp = match text.len() - body.len() {
        0 => "-",
        1 => "",
        _ => "+",
    };
    let _ = writeln!(out, " |{chomp}");
    for line in body.split('\n') {
        let width = if line.is_empty() { 0 } else { indent };
        let _ = writeln!(out, "{:width$}{line}", "");
    }
    for _ in 1..(text.len() - body.len()) {
        out.push('\n');
    }
}

/// A string on one line: plain where no reader could take it for anything else, quoted as JSON otherwise.
fn scalar(text: &str) -> String {
    let plain = |c: char| {
        c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | ' ' | '@' | '+' | ',' | '(' | ')' | '\'')
    };
    let first = text.chars().next();
    let ambiguous = matches!(
        text,
        "true"
            | "false"
            | "null"
            | "True"
            | "False"
            | "Null"
            | "TRUE"
            | "FALSE"
            | "NULL"
            | "yes"
            | "no"
            | "on"
            | "off"
            | "Yes"
            | "No"
            | "On"
            | "Off"
            | "y"
            | "n"
    ) || text
        .starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '.' | '+' | '\'' | '@' | ',' | ' '))
        || text.ends_with(' ');
    // A colon or a hash is harmless inside a word (`component:default/a`).
    let harmless = |at: usize, c: char| {
        matches!(c, ':' | '#')
            && at > 0
            && text[at + 1..].starts_with(|n: char| n.is_alphanumeric() || n == '/')
            && !text[..at].ends_with(' ')
    };
    if first.is_some() && !ambiguous && text.char_indices().all(|(at, c)| plain(c) || harmless(at, c)) {
        return text.to_owned();
    }
    Value::String(text.to_owned()).to_string()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn reads_back_as_the_same_value() {
        let value = json!({
            "apiVersion": "backstage.io/v1alpha1", "kind": "API", "empty": {}, "none": [], "nothing": null,
            "metadata": {"name": "a", "title": "A: b # c", "tags": ["java", "true", "1"], "n": 1.5, "t": true,
                "annotations": {"a/b": "x:y", "odd key ": "- z", "": "empty"}, "time": "2026-11-01", "trail": "x "},
            "spec": {"definition": "openapi: 3.0.0\ninfo:\n  title: x\n", "no-end": "a\nb", "many": "a\n\nb\n\n\n", "lead": " a\nb",
                "list": [{"a": 1, "b": [1, [2, []]]}, "x", ["y"]], "owner": "group:default/a", "tab": "a\tb\nc", "q": "it's", "u": "größe 🚀"}
        });
        let text = to_yaml(&value);
        let documents = crate::yaml::parse(&text);
        assert_eq!(documents.len(), 1, "{text}");
        let read = documents[0].root.as_ref().map(crate::yaml::Node::to_value);
        assert_eq!(read.as_ref().ok(), Some(&value), "{text}");
        assert!(text.contains("owner: group:default/a\n") && text.contains("definition: |\n"));
    }
}
