//! The questions: those asked of both portals, in Backstage's dialect, and those that only Stagedoor answers. Thousands
//! of different ones per kind, so that no cache of answers can pass for speed.

use serde_json::json;

use crate::client::request;
use crate::generate::{COMPONENT_TYPES, ENVIRONMENTS, LIFECYCLES, Names, TAGS, words};
use crate::random::Random;

/// A kind of question.
pub(crate) struct Operation {
    /// For tables.
    pub(crate) name: &'static str,
    /// The requests.
    pub(crate) requests: Vec<Vec<u8>>,
}

/// How many different requests of each kind are made at least.
const DISTINCT: usize = 6_000;

/// The operations that both portals answer.
pub(crate) fn operations(names: &Names, token: Option<&str>) -> Vec<Operation> {
    let random = &mut Random::new(7);
    let make = |name, paths: Vec<String>| {
        let requests = paths.iter().map(|p| request("GET", &format!("/api/catalog{p}"), token, None));
        Operation { name, requests: requests.collect() }
    };
    vec![
        make("get by name", by_name(names, random)),
        make("list page", list_pages(random)),
        make("full text", full_text(random)),
        make("four facets", facets(random)),
        Operation { name: "by-refs of 50", requests: by_refs(names, random, token) },
    ]
}

/// The operations that Backstage does not have: the graph, and Port's dialect.
pub(crate) fn own_operations(names: &Names, token: Option<&str>) -> Vec<Operation> {
    let random = &mut Random::new(13);
    let make = |name, paths: Vec<String>| {
        let requests = paths.iter().map(|path| request("GET", path, token, None));
        Operation { name, requests: requests.collect() }
    };
    let search = |name, bodies: Vec<String>| {
        let path = "/v1/blueprints/component/entities/search";
        let requests = bodies.iter().map(|body| request("POST", path, token, Some(body.as_bytes())));
        Operation { name, requests: requests.collect() }
    };
    vec![
        make("graph, 5 hops", graphs(names, random)),
        make("Port: get entity", port_entities(names, random)),
        search("Port: search page", port_pages(random)),
        search("Port: relatedTo", port_related(names, random)),
    ]
}

fn graphs(names: &Names, random: &mut Random) -> Vec<String> {
    let path = |n: &String| format!("/api/stagedoor/v1/graph?ref=component:default/{n}&depth=5&limit=500");
    (0..DISTINCT).map(|_| path(random.pick(&names.components))).collect()
}

fn port_entities(names: &Names, random: &mut Random) -> Vec<String> {
    let path = |n: &String| format!("/v1/blueprints/component/entities/component:default%2F{n}");
    (0..DISTINCT).map(|_| path(random.pick(&names.components))).collect()
}

/// Pages of 25 by two rules: a value of an enumeration, and some tags of which one must be there.
fn port_pages(random: &mut Random) -> Vec<String> {
    let mut body = || {
        let (property, value) = match random.percent(60) {
            true => ("type", COMPONENT_TYPES[random.below(3)].0),
            false => ("lifecycle", random.pick(&LIFECYCLES).0),
        };
        let tags: Vec<&str> = (0..3).map(|_| *random.pick(&TAGS)).collect();
        let rules = json!([
            {"property": property, "operator": "=", "value": value},
            {"property": "tags", "operator": "containsAny", "value": tags},
        ]);
        json!({"limit": 25, "query": {"combinator": "and", "rules": rules}}).to_string()
    };
    distinct(&mut body)
}

/// Pages of 25 of what a component depends on, or what depends on it, over however many hops.
fn port_related(names: &Names, random: &mut Random) -> Vec<String> {
    let mut body = || {
        let value = format!("component:default/{}", random.pick(&names.components));
        let direction = random.pick(&["upstream", "downstream"]);
        let rule = json!({"operator": "relatedTo", "blueprint": "component", "value": value, "direction": direction});
        json!({"limit": 25, "query": {"combinator": "and", "rules": [rule]}}).to_string()
    };
    distinct(&mut body)
}

fn by_name(names: &Names, random: &mut Random) -> Vec<String> {
    let path = |n: &String| format!("/entities/by-name/component/default/{n}");
    (0..DISTINCT).map(|_| path(random.pick(&names.components))).collect()
}

/// A filter on components, broad more often than narrow.
fn filter(random: &mut Random) -> String {
    let mut filter = format!("kind=component,spec.type={}", COMPONENT_TYPES[random.below(3)].0);
    if random.percent(40) {
        filter.push_str(&format!(",spec.lifecycle={}", random.pick(&LIFECYCLES).0));
    }
    if random.percent(40) {
        filter.push_str(&format!(",metadata.labels.env={}", random.pick(&ENVIRONMENTS)));
    }
    if random.percent(30) {
        filter.push_str(&format!(",metadata.labels.larkfell.example/tier={}", random.between(1, 4)));
    }
    filter
}

fn list_pages(random: &mut Random) -> Vec<String> {
    let orders = ["metadata.name,asc", "metadata.name,desc", "metadata.title,asc", "spec.lifecycle,asc"];
    let mut path = || {
        let (filter, order) = (filter(random), random.pick(&orders).replace(',', "%2C"));
        // Page 2 and on are as usual as page 1; 20 entities each.
        let offset = if random.percent(50) { 0 } else { random.between(1, 100) };
        format!("/entities/by-query?filter={filter}&orderField={order}&limit=20&offset={offset}")
    };
    distinct(&mut path)
}

fn full_text(random: &mut Random) -> Vec<String> {
    let words: Vec<&str> = words().collect();
    let fields = "fullTextFilterFields=metadata.name&fullTextFilterFields=metadata.title";
    let mut path = || {
        let word = random.pick(&words);
        let term = &word[..random.between(3.min(word.len()), word.len())];
        let kind = random.pick(&["component", "api", "resource", "system"]);
        let order = random.pick(&["asc", "desc"]);
        let env = random.pick(&ENVIRONMENTS);
        format!(
            "/entities/by-query?filter=kind={kind},metadata.labels.env={env}&fullTextFilterTerm={term}&{fields}&limit=20\
             &orderField=metadata.name,{order}&offset={}",
            random.below(10)
        )
    };
    distinct(&mut path)
}

fn facets(random: &mut Random) -> Vec<String> {
    let keys = [
        "spec.type",
        "spec.lifecycle",
        "metadata.tags",
        "relations.ownedBy",
        "metadata.labels.env",
        "metadata.labels.cost-center",
    ];
    let mut path = || {
        let mut chosen = keys.to_vec();
        while chosen.len() > 4 {
            chosen.remove(random.below(chosen.len()));
        }
        let shift = random.below(4);
        chosen.rotate_left(shift);
        let facets: Vec<String> = chosen.iter().map(|k| format!("facet={k}")).collect();
        format!("/entity-facets?filter={}&{}", filter(random), facets.join("&"))
    };
    distinct(&mut path)
}

fn by_refs(names: &Names, random: &mut Random, token: Option<&str>) -> Vec<Vec<u8>> {
    let references = names.references();
    let mut body = || {
        let refs: Vec<&String> = (0..50).map(|_| random.pick(&references)).collect();
        json!({ "entityRefs": refs }).to_string()
    };
    let send = |body: String| request("POST", "/api/catalog/entities/by-refs", token, Some(body.as_bytes()));
    (0..DISTINCT).map(|_| send(body())).collect()
}

/// Distinct paths or bodies, as many as there are to be had with reasonable effort.
fn distinct(path: &mut dyn FnMut() -> String) -> Vec<String> {
    let mut seen = std::collections::HashSet::new();
    for _ in 0..DISTINCT * 4 {
        seen.insert(path());
        if seen.len() == DISTINCT {
            break;
        }
    }
    let mut paths: Vec<String> = seen.into_iter().collect();
    // The set's order differs from run to run.
    paths.sort_unstable();
    let mut random = Random::new(11);
    for at in (1..paths.len()).rev() {
        paths.swap(at, random.below(at + 1));
    }
    paths
}
