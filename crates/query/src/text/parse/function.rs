//! Where relations lead: `relatedTo`, `upstreamOf`, `downstreamOf`, `leadsTo`, `reachedFrom`.

use serde_json::{Value, json};

use super::super::Problem;
use super::super::lexer::{Kind, Part};
use super::super::tree::{Node, Rule};
use super::super::words::{LEADS_TO, REACHED_FROM, RELATED, functions};
use super::subject::keys;
use super::{Parse, Parser, Wanted, single};
use crate::dialect::port::MAX_HOPS;

impl Parser {
    /// A function, where one is called; `any(…)` and `scorecard(…)` are subjects and not read here.
    pub(super) fn function(&mut self) -> Parse<Option<Node>> {
        let (Some(first), Some(second)) = (self.behind(0), self.behind(1)) else { return Ok(None) };
        let Kind::Word(parts) = &first.kind else { return Ok(None) };
        let [Part { text, quoted: false, .. }] = parts.as_slice() else { return Ok(None) };
        if second.kind != Kind::Sign('(') || second.span.start != first.span.end {
            return Ok(None);
        }
        let span = first.span.clone();
        let Some(name) = functions().find(|f| f.eq_ignore_ascii_case(text)) else {
            let names: Vec<_> = functions().map(|f| format!("`{f}`")).collect();
            let problem = Problem::new(&span, format!("there is no function \"{text}\""));
            return Err(problem.hint(format!("there are {}", names.join(", "))));
        };
        let mut rule = Rule::new(span.clone());
        if let Some((_, direction)) = RELATED.iter().find(|(n, _)| *n == name) {
            self.at += 2;
            rule.set("operator", "relatedTo", span.clone());
            self.blueprint(&mut rule)?;
            self.named(&mut rule)?;
            if let Some(direction) = direction {
                rule.set("direction", *direction, span);
            }
            self.requirement(&mut rule)?;
        } else if name == LEADS_TO || name == REACHED_FROM {
            self.at += 2;
            rule.set("operator", "matchAny", span);
            self.match_any(&mut rule, name == REACHED_FROM)?;
        } else {
            return Ok(None);
        }
        let end = self.sign(')')?.end;
        rule.span.end = end;
        Ok(Some(Node::Rule(rule)))
    }

    fn blueprint(&mut self, rule: &mut Rule) -> Parse<String> {
        self.wants(|| Wanted::Blueprint);
        let span = self.here();
        let Some(Kind::Word(parts)) = self.peek() else {
            return Err(self.expected("a blueprint").hint("for example `upstreamOf(service = checkout)`"));
        };
        let name = single(parts, &span)?;
        self.at += 1;
        rule.set("blueprint", name.as_str(), span);
        Ok(name)
    }

    /// `= cart`, `= @me`, `in (cart, pay)`
    fn named(&mut self, rule: &mut Rule) -> Parse<()> {
        let blueprint = rule.body.get("blueprint").and_then(Value::as_str).unwrap_or_default().to_owned();
        if self.take("in") {
            return self.identifiers(rule, blueprint);
        }
        if self.peek() != Some(&Kind::Operator("=")) {
            return Err(self.expected("`=` or `in`"));
        }
        self.at += 1;
        self.wants(|| Wanted::Entity(blueprint));
        let span = self.here();
        let value = match self.dynamic()? {
            Some(value) => value,
            None => self.identifier()?,
        };
        rule.set("value", value, span);
        Ok(())
    }

    fn identifiers(&mut self, rule: &mut Rule, blueprint: String) -> Parse<()> {
        let from = self.sign('(')?.start;
        let mut list = Vec::new();
        while !self.is_sign(')') {
            if !list.is_empty() {
                self.sign(',')?;
            }
            self.wants(|| Wanted::Entity(blueprint.clone()));
            list.push(self.identifier()?);
        }
        let end = self.sign(')')?.end;
        rule.set("value", list, from..end);
        Ok(())
    }

    /// Identifiers are texts, whatever they look like.
    fn identifier(&mut self) -> Parse<Value> {
        let span = self.here();
        match self.peek() {
            Some(Kind::Word(parts)) if self.word_at(0).is_none() => {
                let text = single(parts, &span)?;
                self.at += 1;
                Ok(Value::String(text))
            }
            _ => Err(self.expected("an identifier")),
        }
    }

    /// `, required`, `, optional`
    fn requirement(&mut self, rule: &mut Rule) -> Parse<()> {
        if !self.is_sign(',') {
            return Ok(());
        }
        self.at += 1;
        let word = match self.peek() {
            Some(Kind::Word(parts)) => parts.first().map(|p| p.text.to_lowercase()),
            _ => None,
        };
        let required = match word.as_deref() {
            Some("required") => true,
            Some("optional") => false,
            _ => return Err(self.expected("`required` or `optional`")),
        };
        let span = self.here();
        self.at += 1;
        rule.set("required", required, span);
        Ok(())
    }

    /// `a.b{1,3} = x` from here; `blueprint = x, a.b` to here.
    fn match_any(&mut self, rule: &mut Rule, from_there: bool) -> Parse<()> {
        let at = self.here();
        let mut property = json!({});
        if from_there {
            let mut start = Rule::new(at.clone());
            let blueprint = self.blueprint(&mut start)?;
            self.named(&mut start)?;
            for (key, span) in start.places.into_iter().filter(|(key, _)| key.starts_with("value")) {
                rule.places.push((key, span));
            }
            if let Some(value) = start.body.remove("value") {
                rule.body.insert("value".into(), value);
            }
            property["fromBlueprint"] = blueprint.into();
            self.sign(',')?;
        }
        let span = self.here();
        property["path"] = self.path()?;
        let end = self.tokens.get(self.at.saturating_sub(1)).map_or(span.end, |t| t.span.end);
        rule.set("property", property, span.start..end);
        if from_there { Ok(()) } else { self.named(rule) }
    }

    /// `owner.parent{1,5}.*`: relations one after the other, the last of a word followed up to so many times.
    fn path(&mut self) -> Parse<Value> {
        let mut path: Vec<Value> = Vec::new();
        loop {
            self.wants(|| Wanted::Relation);
            let span = self.here();
            match self.next().map(|t| t.kind) {
                Some(Kind::Sign('*')) => path.push(json!({})),
                Some(Kind::Word(parts)) => {
                    // A dot in front goes on behind `*` and `{1,5}`, one at the end leads to `*`.
                    let text = |p: &Part| {
                        if p.quoted {
                            p.clone()
                        } else {
                            Part { text: p.text.trim_matches('.').into(), ..p.clone() }
                        }
                    };
                    let parts: Vec<Part> = parts.iter().map(text).filter(|p| !p.text.is_empty()).collect();
                    path.extend(keys(&parts, &span)?.into_iter().map(Value::String));
                }
                _ => {
                    self.at = self.at.saturating_sub(1);
                    return Err(self
                        .expected("a relation")
                        .hint("for example `leadsTo(owner.parent{1,5} = x)`"));
                }
            }
            if self.is_sign('{') {
                let hops = self.hops()?;
                let last = path.pop();
                path.extend(last.map(|last| repeated(last, hops)));
            }
            let goes_on = match self.peek() {
                Some(Kind::Sign('*')) => true,
                Some(Kind::Word(parts)) => {
                    parts.first().is_some_and(|p| !p.quoted && (p.text.is_empty() || p.text.starts_with('.')))
                }
                _ => false,
            };
            if !goes_on {
                return Ok(Value::Array(path));
            }
        }
    }

    /// `{1,5}`
    fn hops(&mut self) -> Parse<u64> {
        let from = self.sign('{')?.start;
        let bound = |parser: &mut Self| {
            let text = match parser.next().map(|t| t.kind) {
                Some(Kind::Word(parts)) => parts.first().map(|p| p.text.clone()),
                _ => None,
            };
            text.and_then(|t| t.parse::<u64>().ok())
        };
        let least = bound(self);
        let most = if self.is_sign(',') {
            self.at += 1;
            bound(self)
        } else {
            None
        };
        let span = from..self.tokens.get(self.at.saturating_sub(1)).map_or(from, |t| t.span.end);
        let right = least == Some(1) && most.is_some_and(|n| (1..=MAX_HOPS).contains(&n));
        match most.filter(|_| right) {
            Some(most) => self.sign('}').map(|_| most),
            None => Err(Problem::new(
                &span,
                format!("a relation is followed `{{1,2}}` to `{{1,{MAX_HOPS}}}` times"),
            )),
        }
    }
}

/// A part of a path that is followed up to so many times.
fn repeated(part: Value, hops: u64) -> Value {
    match (part, hops) {
        (part, 1) => part,
        (Value::String(relation), _) => json!({"relation": relation, "maxHops": hops}),
        _ => json!({ "maxHops": hops }),
    }
}
