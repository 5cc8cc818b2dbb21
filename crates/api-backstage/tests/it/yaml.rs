//! Just enough YAML for case files.

use saphyr_parser::{Event, Parser, ScalarStyle};
use serde_json::{Map, Value};

/// The one document of a text.
pub(crate) fn read(text: &str) -> Value {
    let mut events = Parser::new_from_str(text)
        .map(|event| event.unwrap_or_else(|error| panic!("{error}")).0)
        .filter(|event| !matches!(event, Event::Nothing | Event::StreamStart | Event::DocumentStart(_)));
    let first = events.next().unwrap();
    node(first, &mut events)
}

fn node<'e>(first: Event<'e>, events: &mut impl Iterator<Item = Event<'e>>) -> Value {
    match first {
        Event::Scalar(text, ScalarStyle::Plain, ..) => plain(&text),
        Event::Scalar(text, ..) => text.into_owned().into(),
        Event::SequenceStart(..) => {
            let mut list = Vec::new();
            loop {
                match events.next().unwrap() {
                    Event::SequenceEnd => return list.into(),
                    item => list.push(node(item, events)),
                }
            }
        }
        Event::MappingStart(..) => {
            let mut map = Map::new();
            loop {
                let Event::Scalar(key, ..) = events.next().unwrap() else { return map.into() };
                let value = events.next().unwrap();
                let replaced = map.insert(key.clone().into_owned(), node(value, events));
                assert!(replaced.is_none(), "the key {key} comes twice");
            }
        }
        other => panic!("unexpected {other:?}"),
    }
}

/// Null, booleans and numbers are JSON's; everything else is a text.
fn plain(text: &str) -> Value {
    serde_json::from_str(text).ok().filter(|value: &Value| !value.is_string()).unwrap_or_else(|| text.into())
}
