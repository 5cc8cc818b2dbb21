//! The builtins: jaq's, with ours before them where jq means something else, where jaq would reach the host, or where
//! jaq has none.

mod collections;
mod formats;
mod numbers;
mod paths;
mod regexes;
mod texts;

use jaq_core::load::parse::{Def, Term};
use jaq_core::native::{Filter, Fun, bome, run, unary, v};
use jaq_core::{RunPtr, ValR, ValT as _};

use crate::value::{self, Error, Number, Val};
use crate::walk;

/// Filters over [`Val`] that need nothing but their program.
pub(crate) type Data = jaq_core::data::JustLut<Val>;
/// A builtin in Rust: name, arguments, function.
pub(crate) type Builtin = Filter<RunPtr<Data>>;

/// Definitions of jaq that builtins of ours replace.
const REPLACED: &[(&str, usize)] = &[
    ("nan", 0),
    ("infinite", 0),
    ("type", 0),
    ("join", 1),
    ("split", 1),
    ("isstring", 0),
    ("isnumber", 0),
    ("isboolean", 0),
    ("isarray", 0),
    ("isobject", 0),
    ("not", 0),
    ("add", 0),
    ("flatten", 0),
    ("flatten", 1),
    ("keys", 0),
    ("to_entries", 0),
    ("from_entries", 0),
    ("sub", 3),
    ("delpaths", 1),
    ("setpath", 2),
    ("stderr", 0),
    ("debug", 0),
    ("debug", 1),
    ("halt_error", 0),
    ("halt_error", 1),
    ("@html", 0),
    ("@base64d", 0),
];

/// All builtins in Rust. Of two with the same name and arity the first counts, so ours come first.
pub(crate) fn functions() -> impl Iterator<Item = Fun<Data>> {
    let ours = [
        basic(),
        collections::all(),
        numbers::all(),
        texts::all(),
        formats::all(),
        paths::all(),
        regexes::all(),
    ];
    let ours = ours.into_iter().flatten().map(|builtin: Builtin| run::<Data>(builtin));
    // `halt` would end the process if its exception were unwrapped; `program::run` does not do that.
    ours.chain(jaq_core::funs()).chain(jaq_std::funs())
}

/// All builtins in JQ. Of two with the same name and arity the last counts, so ours come last.
pub(crate) fn definitions() -> impl Iterator<Item = Def<&'static str>> {
    let theirs = jaq_core::defs().chain(jaq_std::defs());
    let kept = theirs.filter(|def| !REPLACED.contains(&(def.name, def.args.len())));
    let ours = jaq_core::load::parse(include_str!("natives/defs.jq"), |parser| parser.defs());
    let first = Term::Call("first", vec![Term::Call("f", Vec::new())]);
    let first = Def { name: walk::FIRST, args: vec!["f"], body: first };
    kept.chain(ours.unwrap_or_default()).chain([first])
}

fn basic() -> Vec<Builtin> {
    vec![
        // The host's: empty or silent. Local time is UTC, see defs.jq.
        ("env", v(0), |_| bome(Ok(Val::record([])))),
        ("debug_empty", v(0), |_| Box::new(std::iter::empty())),
        ("stderr_empty", v(0), |_| Box::new(std::iter::empty())),
        ("type", v(0), |cv| bome(Ok(Val::str(cv.1.kind())))),
        ("isstring", v(0), |cv| bome(Ok(Val::Bool(matches!(cv.1, Val::Str(_)))))),
        ("isnumber", v(0), |cv| bome(Ok(Val::Bool(matches!(cv.1, Val::Num(_)))))),
        ("isboolean", v(0), |cv| bome(Ok(Val::Bool(matches!(cv.1, Val::Bool(_)))))),
        ("isarray", v(0), |cv| bome(Ok(Val::Bool(matches!(cv.1, Val::Arr(_)))))),
        ("isobject", v(0), |cv| bome(Ok(Val::Bool(matches!(cv.1, Val::Obj(_)))))),
        ("not", v(0), |cv| bome(Ok(Val::Bool(!cv.1.as_bool())))),
        ("length", v(0), |cv| bome(length(&cv.1))),
        ("tojson", v(0), |cv| bome(Ok(Val::str(cv.1.to_string())))),
        ("fromjson", v(0), |cv| bome(parse(&cv.1))),
        ("toboolean", v(0), |cv| bome(to_boolean(cv.1))),
        ("contains", v(1), |cv| unary(cv, |value, part| contains(&value, &part).map(Val::Bool))),
        ("has", v(1), |cv| unary(cv, |value, key| has(&value, &key).map(Val::Bool))),
        ("indices", v(1), |cv| unary(cv, |value, wanted| indices(&value, &wanted))),
        ("bsearch", v(1), |cv| unary(cv, |value, wanted| search(&value, &wanted))),
    ]
}

fn length(value: &Val) -> ValR<Val> {
    Ok(match value {
        Val::Null => Val::from(0usize),
        Val::Bool(_) => return Err(value.fault("has no length")),
        Val::Num(number) => Val::Num(number.abs()),
        Val::Str(text) => Val::from(text.chars().count()),
        Val::Arr(items) => Val::from(items.len()),
        Val::Obj(map) => Val::from(map.len()),
    })
}

fn parse(value: &Val) -> ValR<Val> {
    let text = value.as_str().ok_or_else(|| value.fault("cannot be parsed as JSON"))?;
    match text.trim() {
        "nan" | "NaN" => return Ok(Val::Num(Number::Float(f64::NAN))),
        _ => {}
    }
    let parsed: Result<serde_json::Value, _> = serde_json::from_str(text);
    let parsed = parsed.map_err(|error| Error::str(format_args!("{error} (while parsing '{text:.80}')")))?;
    Ok(value::from_json(&parsed))
}

fn to_boolean(value: Val) -> ValR<Val> {
    match (&value, value.as_str()) {
        (Val::Bool(_), _) => Ok(value),
        (_, Some("true")) => Ok(Val::Bool(true)),
        (_, Some("false")) => Ok(Val::Bool(false)),
        _ => Err(value.fault("cannot be parsed as a boolean")),
    }
}

fn contains(value: &Val, part: &Val) -> Result<bool, Error> {
    match (value, part) {
        (Val::Str(value), Val::Str(part)) => Ok(value.contains(part.as_str())),
        (Val::Arr(value), Val::Arr(part)) => {
            Ok(part.iter().all(|part| value.iter().any(|value| is_within(value, part))))
        }
        (Val::Obj(value), Val::Obj(part)) => {
            Ok(part.iter().all(|(key, part)| value.get(key).is_some_and(|value| is_within(value, part))))
        }
        _ if value.kind() == part.kind() => Ok(value == part),
        _ => {
            let (value, part) = (value.brief(), part.brief());
            Err(Error::str(format_args!("{value} and {part} cannot have their containment checked")))
        }
    }
}

fn is_within(value: &Val, part: &Val) -> bool {
    value.kind() == part.kind() && contains(value, part).unwrap_or(false)
}

fn has(value: &Val, key: &Val) -> Result<bool, Error> {
    match (value, key) {
        (Val::Null, _) => Ok(false),
        (Val::Obj(map), Val::Str(key)) => Ok(map.contains_key(key.as_str())),
        (Val::Arr(items), Val::Num(at)) => Ok((0.0..items.len() as f64).contains(&at.as_f64())),
        _ => {
            let (value, key) = (value.kind(), key.kind());
            Err(Error::str(format_args!("Cannot check whether {value} has a {key} key")))
        }
    }
}

fn indices(value: &Val, wanted: &Val) -> ValR<Val> {
    match (value, wanted) {
        (Val::Null, _) => Ok(Val::Null),
        (Val::Str(_), Val::Str(wanted)) if wanted.is_empty() => Ok(Val::Null),
        (Val::Str(text), Val::Str(wanted)) => {
            let starts = text.char_indices().enumerate();
            let found = starts.filter(|(_, (byte, _))| text[*byte..].starts_with(wanted.as_str()));
            Ok(found.map(|(at, _)| Val::from(at)).collect())
        }
        (Val::Arr(_), Val::Arr(wanted)) if wanted.is_empty() => Ok(Val::Null),
        (Val::Arr(items), Val::Arr(wanted)) => Ok(value::runs(items, wanted).map(Val::from).collect()),
        (Val::Arr(items), wanted) => {
            let found = items.iter().enumerate().filter(|(_, item)| *item == wanted);
            Ok(found.map(|(at, _)| Val::from(at)).collect())
        }
        _ => value.clone().index(wanted),
    }
}

/// The place of a value in a sorted array, or -1 - where it belongs.
fn search(value: &Val, wanted: &Val) -> ValR<Val> {
    let Val::Arr(items) = value else { return Err(value.fault("cannot be searched from")) };
    let place = |at: usize| isize::try_from(at).unwrap_or(isize::MAX);
    let found = items.binary_search(wanted);
    Ok(found.map_or_else(|at| Val::from(-1 - place(at)), |at| Val::from(place(at))))
}

/// The input of a builtin as text.
fn text<'a>(value: &'a Val, what: &str) -> Result<&'a str, Error> {
    value.as_str().ok_or_else(|| value.fault(what))
}

/// The input of a builtin as a list.
fn list<'a>(value: &'a Val, what: &str) -> Result<&'a [Val], Error> {
    match value {
        Val::Arr(items) => Ok(items),
        other => Err(other.fault(what)),
    }
}
