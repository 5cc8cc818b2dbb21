//! From the parser's events to a tree, without recursion and within limits.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError, Span, Tag};
use serde_json::Value;

use super::scalar::{self, Wanted};
use super::{ALIAS_BUDGET, Entry, MAX_DEPTH, Node, NodeValue, YamlError};

/// From this many keys on, repeats are looked for in a set.
const MANY_KEYS: usize = 16;

/// How the parser refuses a tab between a key's colon and its value, which YAML allows.
const TAB_ERROR: &str = "':' must be followed by a valid YAML whitespace";
/// How it refuses half a character, of which JSON writes two: `\ud83d\ude80`.
const SURROGATE_ERROR: &str = "While parsing a quoted scalar, found invalid Unicode character escape code";
/// Stands for a byte order mark inside a document, which the parser refuses and YAML allows.
const MARK_STAND_IN: char = '\u{fdd1}';

/// Reads the one document of `text`, which starts at `first_line` of its file. `None` when it holds nothing.
pub(super) fn document(text: &str, first_line: u32) -> Result<Option<Node>, YamlError> {
    let mut text = Cow::Borrowed(text);
    if text.contains('\u{feff}') {
        text = text.replace('\u{feff}', &MARK_STAND_IN.to_string()).into();
    }
    let mut retries = (4_000_000 / (text.len() + 1)).min(50);
    loop {
        let error = match read(&text, first_line) {
            Ok(root) => return Ok(root),
            Err(error) => error,
        };
        if retries == 0 {
            return Err(error);
        }
        retries -= 1;
        let better = match error.message.as_str() {
            TAB_ERROR => without_tabs(&text, (error.line - first_line) as usize, error.column),
            SURROGATE_ERROR => with_whole_characters(&text),
            _ => None,
        };
        let Some(better) = better else { return Err(error) };
        text = better.into();
    }
}

/// The text with characters that are written as two escaped halves written as one; `None` where there are none.
fn with_whole_characters(text: &str) -> Option<String> {
    let half = |at: usize| {
        let digits = text.get(at..at + 6)?.strip_prefix("\\u")?;
        u32::from_str_radix(digits, 16).ok()
    };
    let mut out = String::with_capacity(text.len());
    let mut rest = 0;
    for (at, _) in text.match_indices("\\u") {
        let (Some(high @ 0xd800..0xdc00), Some(low @ 0xdc00..0xe000)) = (half(at), half(at + 6)) else {
            continue;
        };
        let whole = 0x1_0000 + ((high - 0xd800) << 10 | (low - 0xdc00));
        out.push_str(text.get(rest..at)?);
        out.push_str(&format!("\\U{whole:08X}"));
        rest = at + 12;
    }
    out.push_str(text.get(rest..)?);
    (rest > 0).then_some(out)
}

/// The text with the tabs that end before `column` of a line made spaces.
fn without_tabs(text: &str, line: usize, column: u32) -> Option<String> {
    let start = text.split_inclusive('\n').take(line).map(str::len).sum::<usize>();
    let end = start + text[start..].chars().take(column as usize - 1).map(char::len_utf8).sum::<usize>();
    let tabs = text[start..end].len() - text[start..end].trim_end_matches('\t').len();
    (tabs > 0).then(|| format!("{}{}{}", &text[..end - tabs], " ".repeat(tabs), &text[end..]))
}

fn read(text: &str, first_line: u32) -> Result<Option<Node>, YamlError> {
    let anchor_budget = ALIAS_BUDGET + text.len() / 2;
    let mut builder = Builder { first_line, anchor_budget, ..Builder::default() };
    let mut parser = Parser::new_from_str(text);
    let mut documents = 0;
    while let Some(event) = parser.next_event() {
        let (event, span) = event.map_err(|e| builder.scan_error(&e))?;
        match event {
            Event::Nothing | Event::StreamStart | Event::DocumentEnd => {}
            Event::StreamEnd => break,
            Event::DocumentStart(_) => {
                documents += 1;
                if documents > 1 {
                    return Err(builder.error(span.start, "Unexpected content after the end of the document"));
                }
            }
            Event::Alias(id) => builder.alias(id, span)?,
            Event::Scalar(text, style, anchor, tag) => {
                builder.scalar(text, style, anchor, tag.as_deref(), span)?
            }
            Event::SequenceStart(anchor, _) => builder.open(NodeValue::List(Vec::new()), anchor, span)?,
            Event::MappingStart(anchor, _) => builder.open(NodeValue::Map(Vec::new()), anchor, span)?,
            Event::SequenceEnd | Event::MappingEnd => builder.close()?,
        }
    }
    Ok(builder.root)
}

#[derive(Default)]
struct Builder {
    first_line: u32,
    open: Vec<Frame>,
    root: Option<Node>,
    anchors: HashMap<usize, Anchored>,
    /// What may still be copied to remember anchors. Nested anchors would copy the same text once a level.
    anchor_budget: usize,
    /// What aliases have repeated.
    spent: usize,
}

/// A collection that is being read.
struct Frame {
    node: Node,
    anchor: usize,
    /// The key that waits for its value.
    key: Option<Key>,
    seen: Seen,
    /// Levels of collections below this one.
    height: usize,
}

struct Anchored {
    node: Node,
    height: usize,
    cost: usize,
}

struct Key {
    text: String,
    line: u32,
    column: u32,
}

/// The keys of a mapping so far. `1` and `"1"` are different keys, as in YAML.
#[derive(Default)]
struct Seen {
    /// Whether the key of the same index was a string.
    strings: Vec<bool>,
    set: HashSet<(String, bool)>,
}

impl Seen {
    /// Notes a key; false when it was there already.
    fn add(&mut self, entries: &[Entry], key: &str, is_string: bool) -> bool {
        let new = if self.strings.len() < MANY_KEYS {
            !entries.iter().zip(&self.strings).any(|(e, s)| *s == is_string && e.key == key)
        } else {
            if self.set.is_empty() {
                self.set.extend(entries.iter().zip(&self.strings).map(|(e, s)| (e.key.clone(), *s)));
            }
            self.set.insert((key.to_owned(), is_string))
        };
        self.strings.push(is_string);
        new
    }
}

impl Builder {
    fn position(&self, mark: Marker) -> (u32, u32) {
        let line = u32::try_from(mark.line()).unwrap_or(u32::MAX).saturating_sub(1);
        (
            self.first_line.saturating_add(line),
            u32::try_from(mark.col()).unwrap_or(u32::MAX).saturating_add(1),
        )
    }

    fn error(&self, mark: Marker, message: impl Into<String>) -> YamlError {
        let (line, column) = self.position(mark);
        YamlError { line, column, message: message.into() }
    }

    fn scan_error(&self, error: &ScanError) -> YamlError {
        if error.info() == "recursion limit exceeded" {
            return self.error(*error.marker(), format!("Nested more than {MAX_DEPTH} levels deep"));
        }
        let mut message = error.info().to_owned();
        if let Some(first) = message.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        self.error(*error.marker(), message)
    }

    fn scalar(
        &mut self,
        text: Cow<'_, str>,
        style: ScalarStyle,
        anchor: usize,
        tag: Option<&Tag>,
        span: Span,
    ) -> Result<(), YamlError> {
        let wanted = match tag {
            Some(tag) => wanted(tag),
            None if style == ScalarStyle::Plain => Wanted::Any,
            None => Wanted::Text,
        };
        let text = match text.contains(MARK_STAND_IN) {
            true => text.replace(MARK_STAND_IN, "\u{feff}").into(),
            false => text,
        };
        let value = match wanted {
            Wanted::Text => Value::String(text.into_owned()),
            _ => scalar::plain(&text, wanted)
                .map_err(|_| self.error(span.start, format!("{text} is not a number that JSON can hold")))?,
        };
        let (mut line, mut column) = self.position(span.start);
        // A value that was left out stands where its key does.
        if span.is_empty()
            && anchor == 0
            && let Some(key) = self.open.last().and_then(|f| f.key.as_ref())
        {
            (line, column) = (key.line, key.column);
        }
        self.finish(Node { value: NodeValue::Scalar(value), line, column }, anchor, 0, span.start)
    }

    fn open(&mut self, value: NodeValue, anchor: usize, span: Span) -> Result<(), YamlError> {
        if self.open.len() >= MAX_DEPTH {
            return Err(self.error(span.start, format!("Nested more than {MAX_DEPTH} levels deep")));
        }
        let (line, column) = self.position(span.start);
        let node = Node { value, line, column };
        self.open.push(Frame { node, anchor, key: None, seen: Seen::default(), height: 0 });
        Ok(())
    }

    fn close(&mut self) -> Result<(), YamlError> {
        let Some(frame) = self.open.pop() else { return Ok(()) };
        let mark =
            Marker::new(0, (frame.node.line - self.first_line) as usize + 1, frame.node.column as usize - 1);
        self.finish(frame.node, frame.anchor, frame.height + 1, mark)
    }

    fn alias(&mut self, id: usize, span: Span) -> Result<(), YamlError> {
        let Some(anchored) = self.anchors.get(&id) else {
            return Err(self.error(span.start, "An alias stands inside the value that it names"));
        };
        let height = anchored.height;
        self.spent = self.spent.saturating_add(anchored.cost);
        if self.spent > ALIAS_BUDGET {
            return Err(self.error(span.start, "Aliases repeat too much content"));
        }
        if self.open.len() + height > MAX_DEPTH {
            return Err(self.error(span.start, format!("Nested more than {MAX_DEPTH} levels deep")));
        }
        let mut node = anchored.node.clone();
        (node.line, node.column) = self.position(span.start);
        self.finish(node, 0, height, span.start)
    }

    /// Hands a complete node to the collection it is in.
    fn finish(&mut self, node: Node, anchor: usize, height: usize, mark: Marker) -> Result<(), YamlError> {
        if anchor != 0 {
            let cost = cost(&node);
            let Some(left) = self.anchor_budget.checked_sub(cost) else {
                return Err(self.error(mark, "Anchors name too much content"));
            };
            self.anchor_budget = left;
            self.anchors.insert(anchor, Anchored { node: node.clone(), height, cost });
        }
        let Some(frame) = self.open.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        frame.height = frame.height.max(height);
        match &mut frame.node.value {
            NodeValue::List(items) => items.push(node),
            NodeValue::Scalar(_) => {}
            NodeValue::Map(entries) => match frame.key.take() {
                Some(key) => {
                    entries.push(Entry { key: key.text, line: key.line, column: key.column, value: node });
                }
                None => {
                    let scalar = matches!(node.value, NodeValue::Scalar(_));
                    let is_string = node.as_str().is_some();
                    let text = key_text(&node, true);
                    if !frame.seen.add(entries, &text, is_string) && scalar {
                        return Err(
                            self.error(mark, format!("Map keys must be unique, but \"{text}\" is repeated"))
                        );
                    }
                    frame.key = Some(Key { text, line: node.line, column: node.column });
                }
            },
        }
        Ok(())
    }
}

fn wanted(tag: &Tag) -> Wanted {
    if !tag.is_yaml_core_schema() {
        return Wanted::Text;
    }
    match tag.suffix.as_str() {
        "null" => Wanted::Null,
        "bool" => Wanted::Bool,
        "int" => Wanted::Int,
        "float" => Wanted::Float,
        _ => Wanted::Text,
    }
}

fn cost(node: &Node) -> usize {
    match &node.value {
        NodeValue::Scalar(value) => 1 + value.as_str().map_or(0, |text| text.len() / 64),
        NodeValue::List(items) => 1 + items.iter().map(cost).sum::<usize>(),
        NodeValue::Map(entries) => {
            1 + entries.iter().map(|e| cost(&e.value) + e.key.len() / 64).sum::<usize>()
        }
    }
}

/// A key as text: a scalar as it reads, null as nothing, a collection in flow form.
fn key_text(node: &Node, outermost: bool) -> String {
    match &node.value {
        NodeValue::Scalar(Value::Null) => if outermost { "" } else { "null" }.to_owned(),
        NodeValue::Scalar(Value::String(text)) => text.clone(),
        NodeValue::Scalar(value) => value.to_string(),
        NodeValue::List(items) if items.is_empty() => "[]".to_owned(),
        NodeValue::List(items) => {
            let items: Vec<String> = items.iter().map(|item| key_text(item, false)).collect();
            format!("[ {} ]", items.join(", "))
        }
        NodeValue::Map(entries) if entries.is_empty() => "{}".to_owned(),
        NodeValue::Map(entries) => {
            let pairs = entries.iter().map(|e| match e.value.is_null() {
                true => e.key.clone(),
                false => format!("{}: {}", e.key, key_text(&e.value, false)),
            });
            format!("{{ {} }}", pairs.collect::<Vec<_>>().join(", "))
        }
    }
}
