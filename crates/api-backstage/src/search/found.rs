//! What a search finds, in which order, and the documents of a page of it.

use std::collections::BTreeMap;

use serde_json::Value;
use stagedoor_portal::{Scope, View};
use stagedoor_query::dialect::backstage::subject;
use stagedoor_query::page::Selection;
use stagedoor_query::{Expr, NodeId, NodeSet, Scalar, Test};

use super::asked::{Asked, cursor};
use super::marks::Marks;
use super::{CATALOG, SearchDocument, SearchHighlight, SearchPage, SearchResult};

/// So many are put in order by how well their names fit; those behind them come by reference.
const RANKED: usize = 500;
/// Where the words of a document are.
const TEXTS: [&str; 10] = [
    "metadata.name",
    "metadata.title",
    "metadata.description",
    "spec.profile.displayName",
    "spec.profile.email",
    "spec.type",
    "spec.lifecycle",
    "spec.owner",
    "kind",
    "metadata.namespace",
];
/// The document's type where the entity has none.
const OTHER: &str = "other";

/// The entities found.
pub(super) struct Found<'v> {
    /// Those whose names fit, the best first.
    best: Vec<NodeId>,
    /// All that have the words.
    all: Selection<'v>,
    /// Of these, those that are not among the best.
    rest: NodeSet,
}

impl<'v> Found<'v> {
    /// Looks through what a viewer sees.
    pub(super) fn by(view: &'v View, asked: &Asked) -> Self {
        let wanted = asked.types.as_ref().is_none_or(|types| types.iter().any(|name| name == CATALOG));
        let filter = Some(asked).filter(|_| wanted).and_then(|asked| filter(&asked.filters));
        let filter = filter.unwrap_or_else(Expr::nothing);
        let words = asked.words().into_iter().map(somewhere);
        let condition = Expr::And(std::iter::once(filter.clone()).chain(words).collect());
        let all = view.select(&condition, Scope::Backstage);
        let mut rest = all.nodes().clone();
        let suggested = view.suggest(&asked.term, RANKED);
        // Only where nothing has the words, names that are a slip away are found.
        let slips = suggested.near && rest.is_empty();
        let allowed =
            if slips { view.select(&filter, Scope::Backstage).nodes().clone() } else { rest.clone() };
        let best: Vec<NodeId> = suggested.nodes.into_iter().filter(|node| allowed.contains(*node)).collect();
        for node in &best {
            rest.remove(*node);
        }
        Self { best, all, rest }
    }

    /// A page of it.
    pub(super) fn page(&self, view: &View, asked: &Asked) -> SearchPage {
        let number_of_results = self.best.len() + usize::try_from(self.rest.len()).unwrap_or(usize::MAX);
        let offset = asked.page.saturating_mul(asked.limit);
        let marks = Marks::new(asked.words());
        let result = |(place, node)| result(view, &marks, node, offset + place + 1);
        let results = self.slice(offset, asked.limit).into_iter().enumerate().map(result).collect();
        let more = asked.limit > 0 && number_of_results > offset.saturating_add(asked.limit);
        SearchPage {
            results,
            next_page_cursor: more.then(|| cursor(asked.page + 1)),
            previous_page_cursor: asked.page.checked_sub(1).map(cursor),
            number_of_results,
        }
    }

    fn slice(&self, offset: usize, limit: usize) -> Vec<NodeId> {
        let mut nodes: Vec<NodeId> = self.best.iter().copied().skip(offset).take(limit).collect();
        if nodes.len() < limit {
            let rest = self.all.by_ref(None, false).filter(|node| self.rest.contains(*node));
            nodes.extend(rest.skip(offset.saturating_sub(self.best.len())).take(limit - nodes.len()));
        }
        nodes
    }
}

/// A word in one of the texts.
fn somewhere(word: String) -> Expr {
    let condition = |path: &&str| Expr::folded(subject(path), Test::Contains(word.clone()));
    let mut texts: Vec<Expr> = TEXTS.iter().map(condition).collect();
    // Long texts are not in the index of this dialect and are read as they are: the word begins a sentence or does not.
    let mut letters = word.chars();
    let capital = letters.next().map(|first| first.to_uppercase().chain(letters).collect::<String>());
    let long = |word| Expr::exact(subject("metadata.description"), Test::Contains(word));
    texts.extend(capital.into_iter().chain([word.clone()]).map(long));
    Expr::Or(texts)
}

/// Equality on fields of the document; `None` where no document has such a field.
fn filter(filters: &[(String, Vec<String>)]) -> Option<Expr> {
    let condition = |(field, values): &(String, Vec<String>)| {
        let is = |path: &str| {
            let values = values.iter().map(|value| Scalar::text(value.as_str())).collect();
            Expr::folded(subject(path), Test::In(values))
        };
        let unless = |path: &str, stands_for_none: &str| {
            let none = values.iter().any(|value| value.eq_ignore_ascii_case(stands_for_none));
            let absent = || Expr::folded(subject(path), Test::Exists).negate();
            if none { Expr::Or(vec![is(path), absent()]) } else { is(path) }
        };
        Some(match field.as_str() {
            "kind" => is("kind"),
            "namespace" => is("metadata.namespace"),
            "type" | "componentType" => unless("spec.type", OTHER),
            "lifecycle" => unless("spec.lifecycle", ""),
            "owner" => unless("spec.owner", ""),
            _ => return None,
        })
    };
    Some(Expr::And(filters.iter().map(condition).collect::<Option<_>>()?))
}

fn result(view: &View, marks: &Marks, node: NodeId, rank: usize) -> SearchResult {
    let mut bytes = Vec::new();
    view.append_backstage(node, &mut bytes);
    let entity: Value = serde_json::from_slice(&bytes).unwrap_or_default();
    let document = document(&entity);
    let texts = [("title", &document.title), ("text", &document.text)];
    let fields: BTreeMap<_, _> =
        texts.into_iter().filter_map(|(name, text)| Some((name, marks.mark(text)?))).collect();
    let highlight = SearchHighlight { pre_tag: marks.before.clone(), post_tag: marks.after.clone(), fields };
    SearchResult { kind: CATALOG, document, rank: rank as u64, highlight }
}

/// A value as JavaScript's `toString` has it.
fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn document(entity: &Value) -> SearchDocument {
    let text = |path: &str| entity.pointer(path).filter(|v| !v.is_null()).map(shown).unwrap_or_default();
    let given = |path: &str| entity.pointer(path).filter(|v| !v.is_null()).cloned();
    let (kind, name) = (text("/kind"), text("/metadata/name"));
    let namespace = given("/metadata/namespace").map_or_else(|| "default".to_owned(), |v| shown(&v));
    let mut texts = vec![text("/metadata/description")];
    if kind == "User" || kind == "Group" {
        texts.push(text("/spec/profile/displayName"));
    }
    if kind == "User" {
        texts.push(text("/spec/profile/email"));
    }
    texts.retain(|text| !text.is_empty());
    let of_type = Some(text("/spec/type")).filter(|text| !text.is_empty()).unwrap_or_else(|| OTHER.into());
    let empty = || Value::String(String::new());
    SearchDocument {
        title: given("/metadata/title").map_or_else(|| name.clone(), |v| shown(&v)),
        text: texts.join(" : "),
        component_type: of_type.clone(),
        kind_of: of_type,
        lifecycle: given("/spec/lifecycle").unwrap_or_else(empty),
        owner: given("/spec/owner").unwrap_or_else(empty),
        location: format!("/catalog/{namespace}/{kind}/{name}").to_lowercase(),
        namespace,
        kind,
    }
}
