//! Pages that are there by themselves: the home page, and of each blueprint its catalog page (`service` has
//! `services`) and its entity page (`serviceEntity`), as Port makes them with a blueprint.

use serde_json::{Map, Value, json};
use stagedoor_model::{Blueprint, Stamps, Timestamp};
use stagedoor_query::Catalog;

use super::{HOME, Page};

/// What the identifier of an entity page ends with.
pub(super) const ENTITY: &str = "Entity";
/// Places between the ranks of two blueprints made one millisecond apart.
const ROOM: i64 = 1 << 20;

/// The identifier of a blueprint's catalog page.
pub(super) fn catalog_page_of(blueprint: &str) -> String {
    if blueprint.ends_with('s') { blueprint.to_owned() } else { format!("{blueprint}s") }
}

/// The identifier of a blueprint's entity page.
pub(super) fn entity_page_of(blueprint: &str) -> String {
    format!("{blueprint}{ENTITY}")
}

/// The rank of something made at a time.
pub(super) fn rank_at(at: Timestamp) -> i64 {
    at.0.saturating_mul(ROOM)
}

/// The standard page of an identifier.
pub(super) fn page(catalog: &Catalog, identifier: &str) -> Option<Page> {
    if identifier == HOME {
        return Some(home());
    }
    let blueprint = |name: &str| catalog.blueprints().get(name).map(|entry| entry.blueprint.as_ref());
    let as_entity = || identifier.strip_suffix(ENTITY).and_then(blueprint).map(entity_page);
    let listed = |name: &str| blueprint(name).filter(|b| is_listed(b)).map(catalog_page);
    let own_name = || identifier.ends_with('s').then(|| listed(identifier)).flatten();
    as_entity().or_else(own_name).or_else(|| listed(identifier.strip_suffix('s')?))
}

/// All of them. Two of one identifier: the first counts.
pub(super) fn all(catalog: &Catalog) -> Vec<Page> {
    let blueprints = || catalog.blueprints().iter().map(|entry| entry.blueprint.as_ref());
    let own_name = |b: &&Blueprint| b.identifier.ends_with('s');
    let mut all = vec![home()];
    all.extend(blueprints().map(entity_page));
    all.extend(blueprints().filter(|b| is_listed(b)).filter(own_name).map(catalog_page));
    all.extend(blueprints().filter(|b| is_listed(b)).filter(|b| !own_name(b)).map(catalog_page));
    all
}

/// Whether the catalog shows entities of a blueprint as such: system blueprints have pages of their own.
fn is_listed(blueprint: &Blueprint) -> bool {
    !blueprint.identifier.starts_with('_')
}

fn made(body: Value, stamps: Stamps, rank: i64) -> Page {
    let body = match body {
        Value::Object(map) => map,
        _ => Map::new(),
    };
    Page { body, stamps, standard: true, rank, permissions: Value::Null }
}

fn home() -> Page {
    let at = Timestamp(0);
    let stamps = Stamps {
        created_at: at,
        created_by: "stagedoor".into(),
        updated_at: at,
        updated_by: "stagedoor".into(),
        datasource: None,
    };
    let widgets = json!([{
        "id": "home",
        "type": "dashboard-widget",
        "layout": [{ "height": 400, "columns": [{ "id": "mine", "size": 6 }, { "id": "viewed", "size": 6 }] }],
        "widgets": [
            { "id": "mine", "type": "my-entities", "title": "My entities" },
            { "id": "viewed", "type": "recently-viewed-entities", "title": "Recently viewed" },
        ],
    }]);
    made(json!({ "identifier": HOME, "title": "Home", "type": "home", "widgets": widgets }), stamps, 0)
}

fn catalog_page(blueprint: &Blueprint) -> Page {
    let id = &blueprint.identifier;
    let mine = json!({ "operator": "=", "property": "$blueprint", "value": "{{blueprint}}" });
    let mut body = json!({
        "identifier": catalog_page_of(id),
        "title": plural(blueprint.title.as_deref().unwrap_or(id)),
        "icon": blueprint.icon,
        "type": "blueprint-entities",
        "blueprint": id,
        "sidebar": "catalog",
        "showInSidebar": true,
        "widgets": [{
            "id": format!("{id}Table"),
            "type": "table-entities-explorer",
            "dataset": { "combinator": "and", "rules": [mine] },
        }],
    });
    without_null_icon(&mut body);
    made(body, blueprint.stamps.clone(), rank_at(blueprint.stamps.created_at))
}

/// Without widgets of its own: the tabs that every entity has are not page data.
fn entity_page(blueprint: &Blueprint) -> Page {
    let id = &blueprint.identifier;
    let mut body = json!({
        "identifier": entity_page_of(id),
        "title": blueprint.title.as_deref().unwrap_or(id),
        "icon": blueprint.icon,
        "type": "entity",
        "blueprint": id,
        "widgets": [],
    });
    without_null_icon(&mut body);
    made(body, blueprint.stamps.clone(), 0)
}

fn without_null_icon(body: &mut Value) {
    if let Some(map) = body.as_object_mut().filter(|map| map.get("icon").is_some_and(Value::is_null)) {
        map.shift_remove("icon");
    }
}

/// The plural of a title, as far as English is regular.
fn plural(title: &str) -> String {
    let mut before = title.chars().rev().map(|c| c.to_ascii_lowercase());
    match (before.next(), before.next()) {
        (Some('s'), Some('s')) => format!("{title}es"),
        (Some('s'), _) => title.to_owned(),
        (Some('y'), Some(c)) if !"aeiou".contains(c) && c.is_alphabetic() => {
            format!("{}ies", &title[..title.len() - 1])
        }
        (Some('x' | 'z'), _) | (Some('h'), Some('c' | 's')) => format!("{title}es"),
        _ => format!("{title}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::plural;

    #[test]
    fn titles_in_the_plural() {
        for (one, many) in [
            ("Service", "Services"),
            ("Repository", "Repositories"),
            ("Day", "Days"),
            ("Box", "Boxes"),
            ("Branch", "Branches"),
            ("Class", "Classes"),
            ("Sales", "Sales"),
            ("API", "APIs"),
            ("y", "ys"),
            ("", "s"),
        ] {
            assert_eq!(plural(one), many);
        }
    }
}
