//! What a condition looks at, and its operator.

use serde_json::{Map, Value, json};

use super::super::Problem;
use super::super::lexer::{Kind, Part, Span};
use super::super::tree::Rule;
use super::super::words::{ANY, CONTEXTS, SCORECARD};
use super::{Parse, Parser, Wanted, single};

impl Parser {
    /// Reads `tier`, `$team`, `owner.size`, `@me.role`, `any(string:user)`, `scorecard(a.b)` into the keys of a rule.
    pub(super) fn subject(&mut self, rule: &mut Rule) -> Parse<()> {
        let span = self.here();
        let Some(token) = self.next() else { return Err(self.expected("a property")) };
        match token.kind {
            Kind::Dynamic(parts) => {
                let value = context(&parts, &span)?;
                rule.set("property", value, span);
            }
            Kind::Word(parts) if self.calls(&parts, ANY) => {
                self.sign('(')?;
                let schema = self.schema()?;
                let end = self.sign(')')?.end;
                rule.set("propertySchema", schema, span.start..end);
            }
            Kind::Word(parts) if self.calls(&parts, SCORECARD) => self.scorecard(rule)?,
            Kind::Word(parts) => key(&parts, rule, span)?,
            _ => return Err(Problem::new(&span, "a property is missing here")),
        }
        Ok(())
    }

    /// Whether a word calls a function.
    fn calls(&self, parts: &[Part], name: &str) -> bool {
        let joined = self.behind(0).is_some_and(|t| {
            let before = self.tokens.get(self.at.wrapping_sub(1));
            t.kind == Kind::Sign('(') && before.is_some_and(|b| b.span.end == t.span.start)
        });
        joined && matches!(parts, [Part { text, quoted: false, .. }] if text.eq_ignore_ascii_case(name))
    }

    /// `string:user`, `array of string:user`
    fn schema(&mut self) -> Parse<Value> {
        let mut schema = Map::new();
        let span = self.here();
        let text = match self.next().map(|t| t.kind) {
            Some(Kind::Word(parts)) => single(&parts, &span)?,
            _ => {
                return Err(
                    Problem::new(&span, "a type is missing here").hint("for example `any(string:user)`")
                );
            }
        };
        let (kind, format) = text.split_once(':').map_or((text.as_str(), None), |(k, f)| (k, Some(f)));
        if !kind.is_empty() {
            schema.insert("type".into(), kind.into());
        }
        if let Some(format) = format {
            schema.insert("format".into(), format.into());
        }
        let of = matches!(self.peek(), Some(Kind::Word(parts)) if matches!(parts.as_slice(), [p] if p.text == "of"));
        if of {
            self.at += 1;
            schema.insert("items".into(), self.deeper(Self::schema)?);
        }
        Ok(Value::Object(schema))
    }

    /// `scorecard(production)`, `scorecard(production.hasOwner)`
    fn scorecard(&mut self, rule: &mut Rule) -> Parse<()> {
        self.sign('(')?;
        self.wants(|| Wanted::Scorecard);
        let span = self.here();
        let Some(Kind::Word(parts)) = self.next().map(|t| t.kind) else {
            return Err(Problem::new(&span, "a scorecard is missing here"));
        };
        let mut keys = keys(&parts, &span)?.into_iter();
        rule.set("scorecard", keys.next().unwrap_or_default(), span.clone());
        if let Some(name) = keys.next() {
            rule.set("scorecardRule", name, span);
        }
        self.sign(')').map(drop)
    }

    /// An operator and what follows it.
    pub(super) fn comparison(&mut self, rule: &mut Rule) -> Parse<()> {
        let span = self.here();
        if let Some(Kind::Operator(name)) = self.peek() {
            let name = *name;
            self.at += 1;
            rule.set("operator", name, span);
            return self.value_of(rule, name);
        }
        let not = self.take("not");
        self.wants(|| Wanted::Negated(rule.body.clone()));
        let Some(word) = self.word_at(0) else { return Err(self.expected("an operator")) };
        let span = span.start..self.here().end;
        self.at += 1;
        let name = |is: &'static str, is_not: &'static str| if not { is_not } else { is };
        match word {
            "contains" => self.with_value(rule, name("contains", "doesNotContains"), span),
            "beginsWith" => self.with_value(rule, name("beginsWith", "doesNotBeginsWith"), span),
            "endsWith" => self.with_value(rule, name("endsWith", "doesNotEndsWith"), span),
            "in" => self.membership(rule, not, span),
            "between" => self.range(rule, not, span),
            "containsAny" if !not => {
                rule.set("operator", "containsAny", span);
                self.several(rule)
            }
            "is" if !not => self.state(rule, span),
            _ => {
                Err(Problem::new(&span, "this is no operator")
                    .hint("put `not` in front of the whole condition"))
            }
        }
    }

    fn with_value(&mut self, rule: &mut Rule, name: &'static str, span: Span) -> Parse<()> {
        rule.set("operator", name, span);
        self.value_of(rule, name)
    }

    /// `is empty`, `is not empty`, `is expired`, `is not expired`
    fn state(&mut self, rule: &mut Rule, span: Span) -> Parse<()> {
        let not = self.take("not");
        self.wants(|| Wanted::State);
        let word = match self.peek() {
            Some(Kind::Word(parts)) => parts.first().map(|p| p.text.to_lowercase()).unwrap_or_default(),
            _ => String::new(),
        };
        let name = match (word.as_str(), not) {
            ("empty", false) => "isEmpty",
            ("empty", true) => "isNotEmpty",
            ("expired", false) => "isExpired",
            ("expired", true) => "isNotExpired",
            _ => {
                return Err(self
                    .expected("`empty` or `expired`")
                    .hint("a value is compared with `=` and `!=`"));
            }
        };
        let span = span.start..self.here().end;
        self.at += 1;
        rule.set("operator", name, span);
        Ok(())
    }
}

/// The keys of a path; a dot in quotes separates nothing.
pub(super) fn keys(parts: &[Part], span: &Span) -> Parse<Vec<String>> {
    if parts.iter().any(|p| !p.closed) {
        return Err(Problem::new(span, "the quote at the beginning has none at the end"));
    }
    let all: Vec<String> = parts
        .iter()
        .flat_map(|part| match part.quoted {
            true => vec![part.text.clone()],
            false => part.text.split('.').map(str::to_owned).collect(),
        })
        .collect();
    if all.iter().any(String::is_empty) {
        return Err(Problem::new(span, "something is missing beside a dot"));
    }
    Ok(all)
}

/// `tier`, or `owner.size`.
fn key(parts: &[Part], rule: &mut Rule, span: Span) -> Parse<()> {
    let keys = keys(parts, &span)?;
    match keys.as_slice() {
        [property] => rule.set("property", property.as_str(), span),
        [relation, target] => {
            rule.set("relation", relation.as_str(), span.clone());
            if target != "$identifier" {
                rule.set("targetProperty", target.as_str(), span);
            }
        }
        _ => {
            let problem = Problem::new(&span, "a property is at most one relation away");
            return Err(problem.hint("for a longer way write `leadsTo(a.b.c = x)`"));
        }
    }
    Ok(())
}

/// `@me`, `@me.email`, `@myTeams.size`
pub(super) fn context(parts: &[Part], span: &Span) -> Parse<Value> {
    let unknown = || {
        let problem = Problem::new(span, "there is no value of this name");
        problem.hint("there are `@me`, `@myTeams`, and ranges of dates such as `@lastWeek`")
    };
    let keys = keys(parts, span).map_err(|_| unknown())?;
    let (name, property) = match keys.as_slice() {
        [name] => (name, "$identifier"),
        [name, property] => (name, property.as_str()),
        _ => return Err(unknown()),
    };
    let known = CONTEXTS.iter().find(|(written, _)| written.eq_ignore_ascii_case(name));
    let (_, context) = known.ok_or_else(unknown)?;
    Ok(json!({"context": context, "property": property}))
}
