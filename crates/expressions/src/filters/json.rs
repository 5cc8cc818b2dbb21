//! `dump`: a value as JSON, as `JSON.stringify` prints it.

use super::Input;
use crate::error::Fault;
use crate::meter::Meter;
use crate::value::json::quote;
use crate::value::{Kind, Value, number, text};

pub(crate) fn dump(input: &Input<'_, '_>) -> Result<Value, Fault> {
    if input.value.is_undefined() {
        return Ok(Value::UNDEFINED);
    }
    let indent = match &input.argument(0).kind {
        Kind::Text(given) => text::slice(given, 0, 10),
        Kind::Number(count) if *count >= 1.0 => " ".repeat(count.min(10.0) as usize),
        _ => String::new(),
    };
    let mut writer = Writer { meter: input.meter(), indent, line: String::from("\n"), text: String::new() };
    writer.value(input.value, 0)?;
    Ok(Value::text(writer.text))
}

struct Writer<'m> {
    meter: &'m Meter,
    indent: String,
    /// A line break and the indentation of the current level.
    line: String,
    text: String,
}

impl Writer<'_> {
    fn value(&mut self, value: &Value, depth: u32) -> Result<(), Fault> {
        self.meter.step()?;
        let before = self.text.len();
        match &value.kind {
            Kind::Undefined | Kind::Null | Kind::Function(_) => self.text.push_str("null"),
            Kind::Bool(flag) => self.text.push_str(if *flag { "true" } else { "false" }),
            Kind::Number(number) if !number.is_finite() => self.text.push_str("null"),
            Kind::Number(number) => self.text.push_str(&number::print(*number)),
            Kind::Text(text) | Kind::Safe(text) => quote(text, &mut self.text),
            Kind::Regex(_) => self.text.push_str("{}"),
            Kind::List(_) | Kind::Record(_) if depth > 256 => {
                return Err(Fault::limit("the value is nested too deeply"));
            }
            Kind::List(list) => {
                let items = list.items();
                return self.container(('[', ']'), items.len(), depth, |writer, index| {
                    writer.value(&items[index], depth + 1)
                });
            }
            Kind::Record(record) => {
                let entries: Vec<_> = record.entries().filter(|(_, value)| !value.is_undefined()).collect();
                return self.container(('{', '}'), entries.len(), depth, |writer, index| {
                    quote(entries[index].0, &mut writer.text);
                    writer.text.push_str(if writer.indent.is_empty() { ":" } else { ": " });
                    writer.value(entries[index].1, depth + 1)
                });
            }
        }
        self.meter.grow(self.text.len() - before)
    }

    fn container(
        &mut self,
        (opening, closing): (char, char),
        count: usize,
        depth: u32,
        mut entry: impl FnMut(&mut Self, usize) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        debug_assert!(depth <= 256);
        self.text.push(opening);
        if count == 0 {
            self.text.push(closing);
            return Ok(());
        }
        let outer = self.line.len();
        self.line.push_str(&self.indent.clone());
        for index in 0..count {
            if index > 0 {
                self.text.push(',');
            }
            if !self.indent.is_empty() {
                self.meter.grow(self.line.len())?;
                self.text.push_str(&self.line.clone());
            }
            entry(self, index)?;
        }
        self.line.truncate(outer);
        if !self.indent.is_empty() {
            self.text.push_str(&self.line.clone());
        }
        self.text.push(closing);
        Ok(())
    }
}
