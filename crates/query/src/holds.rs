//! Whether single entities satisfy a query, read from them instead of the index; and what is empty in a scorecard's sense.

use roaring::RoaringBitmap;

use crate::budget::spend;
use crate::catalog::{Catalog, NodeId};
use crate::expr::{Candidate, Collation, Expr, Subject, Test};
use crate::index::field::FieldIndex;
use crate::index::term::TermKind;
use crate::index::walk::{Leaf, walk_text};
use crate::related::Related;

impl Catalog {
    /// Who has a value that is not empty. Whether an array or object has anything in it is read from the document, where
    /// no value in it tells.
    pub(crate) fn filled(&self, field: &FieldIndex, path: &str) -> RoaringBitmap {
        let mut set = field.long.as_ref().clone();
        for entry in field.terms.iter() {
            let term = entry.term();
            if term.kind != TermKind::Text || !term.text.is_empty() {
                entry.holders().add_to(&mut set);
            }
        }
        let unsure = field.containers.as_ref() - &set;
        set.extend(unsure.iter().take_while(|_| spend(64)).filter(|node| self.is_filled(*node, path)));
        set
    }

    fn is_filled(&self, node: NodeId, path: &str) -> bool {
        let Some(entity) = self.entity(node) else { return false };
        match stagedoor_model::json::member(entity.document.as_str(), path.split('.')) {
            Some(text) => !matches!(text, "null" | "\"\"" | "[]" | "{}"),
            // A key with a dot in it.
            None => true,
        }
    }

    /// Whether an entity satisfies a query. Reads that entity, where [`Catalog::satisfying`] reads the index.
    #[must_use]
    pub fn holds(&self, expr: &Expr, node: NodeId) -> bool {
        match expr {
            Expr::All => true,
            Expr::And(parts) => parts.iter().all(|part| self.holds(part, node)),
            Expr::Or(parts) => parts.iter().any(|part| self.holds(part, node)),
            Expr::Not(part) => !self.holds(part, node),
            Expr::Is { subject: Subject::Field(path), test, collation: Collation::Exact } => {
                self.field_holds(path, test, node)
            }
            Expr::Is { subject: subject @ Subject::Relation { .. }, test, collation } => {
                let one = RoaringBitmap::from_iter([node]);
                let related = Related::of(self, subject, *collation);
                related.is_some_and(|related| related.matching(test, *collation, &one).contains(node))
            }
            _ => self.satisfying(expr, &RoaringBitmap::from_iter([node])).contains(node),
        }
    }

    fn field_holds(&self, path: &str, test: &Test, node: NodeId) -> bool {
        let Some(entity) = self.entity(node) else { return false };
        if matches!(test, Test::Filled) {
            return self.holds(&Expr::exact(Subject::Field(path.to_owned()), Test::Valued), node)
                && self.is_filled(node, path);
        }
        let mut found = false;
        walk_text(entity.document.as_str(), &mut |at, leaf, nesting| {
            if found || at != path {
                return;
            }
            found = match leaf {
                Leaf::Null => matches!(test, Test::Exists),
                Leaf::Container => matches!(test, Test::Valued),
                leaf => leaf.term(nesting).is_some_and(|(text, kind)| {
                    let is_text = matches!(kind, TermKind::Text | TermKind::Item);
                    test.accepts(Candidate { text: &text, is_text }, Collation::Exact)
                }),
            };
        });
        found
    }
}
