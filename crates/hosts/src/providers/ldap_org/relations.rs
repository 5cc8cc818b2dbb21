//! Who belongs to whom. Some directories say it of the member, some of the group, some of both.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::{Value, json};

use super::super::people::put;
use super::documents::Thing;

type Links = BTreeMap<usize, BTreeSet<usize>>;

/// Fills in `memberOf` of users, `parent` and `children` of groups.
pub(super) fn resolve(users: &mut [Thing], groups: &mut [Thing]) {
    let (user_named, group_named) = (index(users), index(groups));
    let (mut of_user, mut children) = (Links::new(), Links::new());
    for (user, thing) in users.iter().enumerate() {
        for group in thing.member_of.iter().filter_map(|name| group_named.get(name.as_str())) {
            of_user.entry(user).or_default().insert(*group);
        }
    }
    for (group, thing) in groups.iter().enumerate() {
        for parent in thing.member_of.iter().filter_map(|name| group_named.get(name.as_str())) {
            children.entry(*parent).or_default().insert(group);
        }
        for name in &thing.members {
            if let Some(user) = user_named.get(name.as_str()) {
                of_user.entry(*user).or_default().insert(group);
            } else if let Some(child) = group_named.get(name.as_str()) {
                children.entry(group).or_default().insert(*child);
            }
        }
    }
    write(users, groups, &of_user, &children);
}

/// A group in several has the first of them by name as its parent: the model knows one, and servers have no order.
fn write(users: &mut [Thing], groups: &mut [Thing], of_user: &Links, children: &Links) {
    let refs: Vec<String> = groups.iter().map(|group| reference(&group.document, "group")).collect();
    let named = |of: &BTreeSet<usize>, but: Option<usize>| {
        let names: BTreeSet<&String> =
            of.iter().filter(|group| Some(**group) != but).map(|group| &refs[*group]).collect();
        json!(names)
    };
    for (user, of) in of_user {
        put(&mut users[*user].document, &["spec", "memberOf"], named(of, None));
    }
    let mut by_name: Vec<(&usize, &BTreeSet<usize>)> = children.iter().collect();
    by_name.sort_by_key(|(group, _)| &refs[**group]);
    for (group, of) in by_name {
        put(&mut groups[*group].document, &["spec", "children"], named(of, Some(*group)));
        for child in of.iter().filter(|child| *child != group) {
            let document = &mut groups[*child].document;
            if document["spec"]["parent"].is_null() {
                put(document, &["spec", "parent"], json!(refs[*group]));
            }
        }
    }
}

/// Every name that something goes by. The first who has a name keeps it.
fn index(things: &[Thing]) -> HashMap<String, usize> {
    let mut named = HashMap::new();
    for (n, thing) in things.iter().enumerate() {
        for name in &thing.known_as {
            named.entry(name.clone()).or_insert(n);
        }
    }
    named
}

/// `group:default/name`; `set` may have put it into another namespace.
fn reference(document: &Value, kind: &str) -> String {
    let metadata = &document["metadata"];
    let namespace = metadata["namespace"].as_str().unwrap_or("default");
    format!("{kind}:{namespace}/{}", metadata["name"].as_str().unwrap_or_default()).to_lowercase()
}
