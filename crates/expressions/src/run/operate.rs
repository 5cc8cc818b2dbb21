//! Operators.

use std::cmp::Ordering;

use super::Run;
use crate::error::Fault;
use crate::tree::{Comparison, Operator};
use crate::value::compare::{loose_equal, order, same};
use crate::value::convert::{Primitive, numeric, primitive, primitive_number, string};
use crate::value::number;
use crate::value::{Kind, Value};

impl Run<'_> {
    pub(crate) fn operate(&self, operator: Operator, left: &Value, right: &Value) -> Result<Value, Fault> {
        let value = match operator {
            Operator::Add => self.add(left, right)?,
            Operator::Concat => {
                self.refuse_functions(left)?;
                self.refuse_functions(right)?;
                let (a, b) = (string(left, &self.meter)?, string(right, &self.meter)?);
                self.joined(&a, &b)?
            }
            _ => {
                let (a, b) = (numeric(left, &self.meter)?, numeric(right, &self.meter)?);
                Value::from(match operator {
                    Operator::Subtract => a - b,
                    Operator::Multiply => a * b,
                    Operator::Divide => a / b,
                    Operator::Remainder => a % b,
                    _ => power(a, b),
                })
            }
        };
        self.derived_from(value, &[left, right])
    }

    /// As JavaScript's `+`.
    pub(crate) fn add(&self, left: &Value, right: &Value) -> Result<Value, Fault> {
        if let (Kind::Number(a), Kind::Number(b)) = (&left.kind, &right.kind) {
            return Ok(Value::from(a + b));
        }
        self.refuse_functions(left)?;
        self.refuse_functions(right)?;
        let (a, b) = (primitive(left, &self.meter)?, primitive(right, &self.meter)?);
        if matches!(a, Primitive::Text(_)) || matches!(b, Primitive::Text(_)) {
            return self.joined(&primitive_text(&a), &primitive_text(&b));
        }
        Ok(Value::from(primitive_number(&a) + primitive_number(&b)))
    }

    fn joined(&self, left: &str, right: &str) -> Result<Value, Fault> {
        self.meter.grow(left.len() + right.len())?;
        let mut text = String::with_capacity(left.len() + right.len());
        text.push_str(left);
        text.push_str(right);
        Ok(Value::text(text))
    }

    pub(crate) fn compare(&self, comparison: Comparison, left: &Value, right: &Value) -> Result<bool, Fault> {
        let is = |wanted: &[Ordering]| -> Result<bool, Fault> {
            Ok(order(left, right, &self.meter)?.is_some_and(|order| wanted.contains(&order)))
        };
        match comparison {
            Comparison::Same => same(left, right, &self.meter),
            Comparison::NotSame => same(left, right, &self.meter).map(|same| !same),
            Comparison::Equal => loose_equal(left, right, &self.meter),
            Comparison::NotEqual => loose_equal(left, right, &self.meter).map(|equal| !equal),
            Comparison::Less => is(&[Ordering::Less]),
            Comparison::LessOrEqual => is(&[Ordering::Less, Ordering::Equal]),
            Comparison::Greater => is(&[Ordering::Greater]),
            Comparison::GreaterOrEqual => is(&[Ordering::Greater, Ordering::Equal]),
        }
    }

    /// As `needle in haystack`.
    pub(crate) fn contains(&self, haystack: &Value, needle: &Value) -> Result<bool, Fault> {
        match &haystack.kind {
            Kind::Text(text) => {
                self.meter.scan(text.len())?;
                Ok(text.contains(&*string(needle, &self.meter)?))
            }
            Kind::Safe(_) => Ok(matches!(&*string(needle, &self.meter)?, "length" | "val")),
            Kind::List(list) => {
                self.meter.steps(list.len() / 8)?;
                Ok(self.position(list.items().iter(), needle)?.is_some())
            }
            Kind::Record(record) => Ok(record.get(&string(needle, &self.meter)?).is_some()),
            _ => {
                let message = format!("\"in\" needs a list, an object or a string, not {}", haystack.name());
                Err(Fault::new(message))
            }
        }
    }

    /// Where the value is among others.
    pub(crate) fn position<'v>(
        &self,
        mut among: impl Iterator<Item = &'v Value>,
        wanted: &Value,
    ) -> Result<Option<usize>, Fault> {
        let mut fault = None;
        let at = among.position(|item| {
            same(item, wanted, &self.meter).unwrap_or_else(|error| {
                fault = Some(error);
                true
            })
        });
        fault.map_or(Ok(at), Err)
    }

    /// Marks a result if one of the values that it was made of is marked, inside included.
    pub(crate) fn derived_from(&self, value: Value, sources: &[&Value]) -> Result<Value, Fault> {
        if !self.follows_secrets() || value.marked {
            return Ok(value);
        }
        for source in sources {
            if self.is_marked(source)? {
                return Ok(value.with_mark(true));
            }
        }
        Ok(value)
    }
}

/// As `**`.
fn power(base: f64, exponent: f64) -> f64 {
    if exponent.is_nan() || (base.abs() == 1.0 && exponent.is_infinite()) {
        return f64::NAN;
    }
    // Rounded once, so exact where the square is.
    if exponent == 2.0 { base * base } else { base.powf(exponent) }
}

fn primitive_text<'p>(value: &'p Primitive<'_>) -> std::borrow::Cow<'p, str> {
    match value {
        Primitive::Undefined => "undefined".into(),
        Primitive::Null => "null".into(),
        Primitive::Bool(flag) => if *flag { "true" } else { "false" }.into(),
        Primitive::Number(number) => number::print(*number).into(),
        Primitive::Text(text) => (&**text).into(),
    }
}
