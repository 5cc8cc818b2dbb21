//! The words of the language, and what they are called in Port's rules.

/// Words that stand for themselves only between quotes.
pub(super) const RESERVED: [&str; 10] =
    ["and", "or", "not", "in", "contains", "containsAny", "beginsWith", "endsWith", "between", "is"];

/// The reserved word that a text is, in any case.
pub(super) fn reserved(text: &str) -> Option<&'static str> {
    RESERVED.iter().find(|w| w.eq_ignore_ascii_case(text)).copied()
}

/// An operator of Port's and the one that matches exactly what it does not.
const OPPOSITES: [(&str, &str); 7] = [
    ("=", "!="),
    ("contains", "doesNotContains"),
    ("beginsWith", "doesNotBeginsWith"),
    ("endsWith", "doesNotEndsWith"),
    ("in", "notIn"),
    ("between", "notBetween"),
    ("isEmpty", "isNotEmpty"),
];

/// What matches exactly what an operator does not, where there is one.
pub(super) fn opposite(operator: &str) -> Option<&'static str> {
    let other = |(a, b): &(&'static str, &'static str)| match operator {
        o if o == *a => Some(*b),
        o if o == *b => Some(*a),
        _ => None,
    };
    OPPOSITES.iter().find_map(other)
}

/// What an operator negates, where it is a negation that is written with `not`.
pub(super) fn negated(operator: &str) -> Option<&'static str> {
    let pair = OPPOSITES.iter().find(|(is, not)| *not == operator && !matches!(*is, "=" | "isEmpty"));
    pair.map(|(is, _)| *is)
}

/// Who a dynamic value is about: as it is written, and Port's context.
pub(super) const CONTEXTS: [(&str, &str); 2] = [("me", "user"), ("myTeams", "userTeams")];

/// Functions: as they are written, and the direction of `relatedTo`.
pub(super) const RELATED: [(&str, Option<&str>); 3] =
    [("relatedTo", None), ("upstreamOf", Some("upstream")), ("downstreamOf", Some("downstream"))];

/// A path of relations from here to the entities that are named.
pub(super) const LEADS_TO: &str = "leadsTo";
/// A path of relations from the entities that are named to here.
pub(super) const REACHED_FROM: &str = "reachedFrom";
/// Every property of a schema.
pub(super) const ANY: &str = "any";
/// A level or a rule of a scorecard.
pub(super) const SCORECARD: &str = "scorecard";

/// Everything that is followed by a parenthesis.
pub(super) fn functions() -> impl Iterator<Item = &'static str> {
    RELATED.iter().map(|(name, _)| *name).chain([LEADS_TO, REACHED_FROM, ANY, SCORECARD])
}
