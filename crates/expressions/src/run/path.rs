//! Paths that lead to something small: read where it stands, without making values of all that lies beside the way.

use serde_json::Value as Json;

use super::{Place, Run};
use crate::error::Fault;
use crate::tree::{Expression, Literal, Node, Symbol};
use crate::value::json::from_json;
use crate::value::{Value, is_reserved};

impl<'t> Run<'t> {
    /// What a path like `parameters.owner.name` leads to, if it leads to nothing or to what is no list or object. Those
    /// have an identity and can be changed, so they are made once, with everything around them; from then on the path
    /// has to be followed there.
    pub(super) fn small_value(
        &self,
        expression: &'t Expression,
        place: &Place,
    ) -> Result<Option<Value>, Fault> {
        let mut keys = Vec::new();
        let Some(symbol) = root(expression, &mut keys) else {
            return Ok(None);
        };
        let made = self.outer.borrow().contains_key(&symbol.name);
        if symbol.slot.is_some() || made || place.scope.get(symbol.name).is_some() {
            return Ok(None);
        }
        let name = &**self.template.names.text(symbol.name);
        let Some(mut json) = self.context.get(name) else {
            return Ok(None);
        };
        let mut secret: Vec<&[&str]> =
            self.secret.iter().filter(|path| path[0] == name).map(|path| &path[1..]).collect();
        let mut marked = secret.iter().any(|path| path.is_empty());
        for key in keys.iter().rev() {
            // Jinja gives objects methods.
            let Json::Object(entries) = json else {
                return Ok(None);
            };
            let found = entries.get(*key).filter(|_| !is_reserved(key));
            json = match found {
                Some(found) => found,
                None if self.options.syntax.cookiecutter => return Ok(None),
                None => return Ok(Some(Value::UNDEFINED)),
            };
            secret.retain(|path| path.first() == Some(key));
            secret.iter_mut().for_each(|path| *path = &path[1..]);
            marked |= secret.iter().any(|path| path.is_empty());
        }
        if json.is_array() || json.is_object() {
            return Ok(None);
        }
        Ok(Some(from_json(json, &[], &self.meter, 0)?.with_mark(marked)))
    }
}

/// The name that a path begins with; its keys, the last first.
fn root<'e>(expression: &'e Expression, keys: &mut Vec<&'e str>) -> Option<&'e Symbol> {
    match &expression.node {
        Node::Symbol(symbol) if !keys.is_empty() => Some(symbol),
        Node::Member(member) => match &member.1.node {
            Node::Literal(Literal::Text(key)) => {
                keys.push(key);
                root(&member.0, keys)
            }
            _ => None,
        },
        _ => None,
    }
}
