//! Widgets about scorecards, their rules and their results: a view with those in it.

use serde_json::{Map, Value};
use stagedoor_portal::{Page, Portal, PortalError, View, is_computed};

use super::ask::Ask;
use super::{WidgetData, WidgetsRequest};
use crate::computed::view_for;

/// What every widget of a call is asked with.
pub(super) struct Call<'c> {
    pub(super) portal: &'c Portal,
    pub(super) view: &'c View,
    pub(super) request: &'c WidgetsRequest,
    pub(super) page: Option<&'c Page>,
}

/// Why a widget has nothing to show.
struct Why(String);

impl From<PortalError> for Why {
    fn from(error: PortalError) -> Self {
        Self(error.to_string())
    }
}

/// What a widget shows that is about such a blueprint; `None` for any other.
pub(super) fn answer(
    call: &Call<'_>,
    ask: &Ask<'_>,
    kind: &str,
    widget: &Map<String, Value>,
) -> Option<Result<WidgetData, String>> {
    let blueprint = ask.blueprint_of(widget).filter(|blueprint| is_computed(blueprint))?;
    let wanted = |base: &View| {
        let ask = Ask::new(base, call.request, call.page);
        ask.expr(widget).map(|expr| vec![expr]).map_err(Why)
    };
    let view = view_for(call.portal, call.view.clone(), Some(&blueprint), wanted);
    Some(match view {
        Ok(view) => super::one(&Ask::new(&view, call.request, call.page), kind, widget),
        Err(Why(why)) => Err(why),
    })
}
