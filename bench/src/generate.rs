//! A catalog of any size that is the same on every machine: 60 % components, 15 % APIs with a definition of
//! about 1 KB, 10 % resources, 8 % systems, 1 % domains, 3 % groups, 3 % users, with owners, dependencies,
//! tags, labels and annotations. About 2 KB of JSON each.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use serde_json::{Map, Value, json};

use crate::random::Random;

const THINGS: [&str; 48] = [
    "account",
    "address",
    "alert",
    "archive",
    "audit",
    "backup",
    "billing",
    "booking",
    "budget",
    "calendar",
    "catalog",
    "checkout",
    "contract",
    "coupon",
    "credit",
    "customer",
    "delivery",
    "discount",
    "dispatch",
    "document",
    "export",
    "feedback",
    "forecast",
    "gateway",
    "identity",
    "import",
    "inventory",
    "invoice",
    "ledger",
    "loyalty",
    "mailing",
    "media",
    "message",
    "metering",
    "order",
    "parcel",
    "payment",
    "pricing",
    "profile",
    "quota",
    "refund",
    "report",
    "return",
    "search",
    "session",
    "shipment",
    "stock",
    "tariff",
];
const MANNERS: [&str; 16] = [
    "async", "batch", "central", "core", "edge", "fast", "global", "hourly", "legacy", "local", "mobile",
    "partner", "public", "shared", "smart", "unified",
];
const ACTS: [&str; 10] = [
    "collects",
    "converts",
    "delivers",
    "enriches",
    "forwards",
    "keeps",
    "merges",
    "prepares",
    "publishes",
    "validates",
];
/// Tags.
pub(crate) const TAGS: [&str; 40] = [
    "java",
    "go",
    "rust",
    "python",
    "node",
    "react",
    "kotlin",
    "postgres",
    "kafka",
    "redis",
    "grpc",
    "rest",
    "graphql",
    "aws",
    "gcp",
    "azure",
    "kubernetes",
    "terraform",
    "pci",
    "gdpr",
    "sox",
    "tier-one",
    "tier-two",
    "tier-three",
    "beta",
    "stable",
    "deprecated",
    "internal",
    "external",
    "streaming",
    "analytics",
    "data",
    "mobile",
    "ios",
    "android",
    "web",
    "frontend",
    "backend",
    "platform",
    "security",
];
/// Types of components, so often each.
pub(crate) const COMPONENT_TYPES: [(&str, usize); 5] =
    [("service", 55), ("website", 20), ("library", 18), ("job", 4), ("documentation", 3)];
/// Life cycles, so often each.
pub(crate) const LIFECYCLES: [(&str, usize); 4] =
    [("production", 60), ("experimental", 20), ("deprecated", 10), ("development", 10)];
/// Values of the label `env`.
pub(crate) const ENVIRONMENTS: [&str; 3] = ["prod", "staging", "dev"];
const API_TYPES: [(&str, usize); 4] = [("openapi", 70), ("asyncapi", 10), ("graphql", 10), ("grpc", 10)];
const RESOURCE_TYPES: [(&str, usize); 4] = [("database", 50), ("bucket", 20), ("queue", 20), ("cache", 10)];

/// The words that names are made of, for full-text searches.
pub(crate) fn words() -> impl Iterator<Item = &'static str> {
    THINGS.into_iter().chain(MANNERS)
}

/// The names of all entities by kind, in the order of generation.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    /// Names of groups.
    pub(crate) groups: Vec<String>,
    /// Names of users.
    pub(crate) users: Vec<String>,
    /// Names of domains.
    pub(crate) domains: Vec<String>,
    /// Names of systems.
    pub(crate) systems: Vec<String>,
    /// Names of resources.
    pub(crate) resources: Vec<String>,
    /// Names of APIs.
    pub(crate) apis: Vec<String>,
    /// Names of components.
    pub(crate) components: Vec<String>,
}

impl Names {
    /// The names of a catalog of so many entities.
    pub(crate) fn of(count: usize, random: &mut Random) -> Self {
        let share = |percent: usize| (count * percent / 100).max(1);
        let mut compound = |kind: &str, count: usize| -> Vec<String> {
            let mut name =
                |n: usize| format!("{}-{}-{kind}-{n}", random.pick(&MANNERS), random.pick(&THINGS));
            (1..=count).map(&mut name).collect()
        };
        let plain = |kind: &str, count| (1..=count).map(|n| format!("{kind}-{n}")).collect();
        let mut names = Self {
            groups: plain("team", share(3)),
            users: plain("person", share(3)),
            domains: plain("domain", share(1)),
            systems: compound("system", share(8)),
            resources: compound("store", share(10)),
            apis: compound("api", share(15)),
            components: Vec::new(),
        };
        names.components = compound("app", count.saturating_sub(names.len()));
        names
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        let lists = [&self.groups, &self.users, &self.domains, &self.systems, &self.resources, &self.apis];
        lists.iter().map(|l| l.len()).sum::<usize>() + self.components.len()
    }

    /// The references of all, lower-case.
    pub(crate) fn references(&self) -> Vec<String> {
        let of = |kind: &'static str, names: &[String]| {
            names.iter().map(move |n| format!("{kind}:default/{n}")).collect::<Vec<_>>()
        };
        let mut all = of("group", &self.groups);
        for (kind, names) in [
            ("user", &self.users),
            ("domain", &self.domains),
            ("system", &self.systems),
            ("resource", &self.resources),
            ("api", &self.apis),
            ("component", &self.components),
        ] {
            all.extend(of(kind, names));
        }
        all
    }
}

/// Calls `sink` with every entity: groups first, so that what is pointed at mostly comes before what points.
pub(crate) fn entities(count: usize, sink: &mut dyn FnMut(Value)) -> Names {
    let mut random = Random::new(count as u64);
    let names = Names::of(count, &mut random);
    let mut maker = Maker { random, names: &names };
    for n in 0..names.groups.len() {
        sink(maker.group(n));
    }
    for n in 0..names.users.len() {
        sink(maker.user(n));
    }
    names.domains.iter().for_each(|n| sink(maker.domain(n)));
    names.systems.iter().for_each(|n| sink(maker.system(n)));
    names.resources.iter().for_each(|n| sink(maker.resource(n)));
    names.apis.iter().for_each(|n| sink(maker.api(n)));
    names.components.iter().for_each(|n| sink(maker.component(n)));
    names
}

struct Maker<'n> {
    random: Random,
    names: &'n Names,
}

impl Maker<'_> {
    fn weighted(&mut self, list: &[(&'static str, usize)]) -> &'static str {
        let mut at = self.random.below(list.iter().map(|(_, w)| w).sum());
        for (value, weight) in list {
            if at < *weight {
                return value;
            }
            at -= weight;
        }
        list[0].0
    }

    fn sentence(&mut self) -> String {
        let r = &mut self.random;
        let (manner, thing, act) = (r.pick(&MANNERS), r.pick(&THINGS), r.pick(&ACTS));
        let (one, other) = (r.pick(&THINGS), r.pick(&THINGS));
        format!("The {manner} {thing} part {act} {one} and {other} data for whoever needs it downstream.")
    }

    fn some(&mut self, list: &[String], low: usize, high: usize) -> Vec<String> {
        let count = self.random.between(low, high);
        let mut chosen: Vec<String> = (0..count).map(|_| self.random.pick(list).clone()).collect();
        chosen.sort();
        chosen.dedup();
        chosen
    }

    fn references(&mut self, kind: &str, list: &[String], low: usize, high: usize) -> Value {
        self.some(list, low, high).into_iter().map(|n| format!("{kind}:default/{n}")).collect()
    }

    fn entity(&mut self, kind: &str, name: &str, spec: Value) -> Value {
        let r = &mut self.random;
        let mut tags: Vec<&str> = (0..r.between(1, 5)).map(|_| *r.pick(&TAGS)).collect();
        tags.sort_unstable();
        tags.dedup();
        let labels = json!({
            "env": r.pick(&ENVIRONMENTS),
            "cost-center": format!("cc-{}", r.between(1, 60)),
            "larkfell.example/tier": r.between(1, 4).to_string(),
        });
        let mut annotations = json!({
            "github.com/project-slug": format!("larkfell/{name}"),
            "backstage.io/source-location": format!("url:https://git.larkfell.example/{name}/tree/main/"),
            "pagerduty.com/integration-key": format!("{}{}", r.hex(), r.hex()),
            "larkfell.example/chat": format!("#channel-{}", r.between(1, 500)),
            "larkfell.example/dashboard": format!("https://grafana.larkfell.example/d/{}/{name}?orgId=1", r.hex()),
            "larkfell.example/build": format!("https://ci.larkfell.example/job/{name}/{}", r.between(1, 9_999)),
            "sonarqube.org/project-key": format!("larkfell_{name}"),
            "argocd/app-name": name,
        });
        for (key, chance) in [("backstage.io/techdocs-ref", 50), ("backstage.io/kubernetes-id", 40)] {
            if r.percent(chance) {
                annotations[key] = name.into();
            }
        }
        let links: Vec<Value> = (0..r.between(0, 3))
            .map(|n| json!({"url": format!("https://wiki.larkfell.example/{name}/{n}"), "title": "Runbook"}))
            .collect();
        let titled = r.percent(70);
        let sentences: Vec<String> = (0..self.random.between(3, 9)).map(|_| self.sentence()).collect();
        let mut metadata = Map::new();
        metadata.insert("name".into(), name.into());
        if titled {
            metadata.insert("title".into(), name.replace('-', " ").into());
        }
        metadata.insert("description".into(), sentences.join(" ").into());
        metadata.insert("labels".into(), labels);
        metadata.insert("annotations".into(), annotations);
        metadata.insert("tags".into(), tags.into());
        if !links.is_empty() {
            metadata.insert("links".into(), links.into());
        }
        json!({"apiVersion": "backstage.io/v1alpha1", "kind": kind, "metadata": metadata, "spec": spec})
    }

    fn owner(&mut self) -> String {
        format!("group:default/{}", self.random.pick(&self.names.groups))
    }

    fn group(&mut self, n: usize) -> Value {
        let mut spec =
            json!({"type": "team", "children": [], "profile": {"displayName": format!("Team {n}")}});
        // A tree of teams, ten below each.
        if n > 0 {
            spec["parent"] = format!("group:default/{}", self.names.groups[(n - 1) / 10]).into();
        }
        let name = &self.names.groups[n];
        self.entity("Group", name, spec)
    }

    fn user(&mut self, n: usize) -> Value {
        let name = &self.names.users[n];
        let member = self.references("group", &self.names.groups, 1, 2);
        let spec = json!({
            "profile": {"displayName": format!("Person {n}"), "email": format!("{name}@larkfell.example")},
            "memberOf": member,
        });
        self.entity("User", name, spec)
    }

    fn domain(&mut self, name: &str) -> Value {
        let spec = json!({"owner": self.owner()});
        self.entity("Domain", name, spec)
    }

    fn system(&mut self, name: &str) -> Value {
        let spec = json!({"owner": self.owner(), "domain": self.random.pick(&self.names.domains)});
        self.entity("System", name, spec)
    }

    fn resource(&mut self, name: &str) -> Value {
        let spec = json!({
            "type": self.weighted(&RESOURCE_TYPES),
            "owner": self.owner(),
            "system": self.random.pick(&self.names.systems),
        });
        self.entity("Resource", name, spec)
    }

    fn api(&mut self, name: &str) -> Value {
        let mut definition = format!("openapi: 3.0.3\ninfo:\n  title: {name}\n  version: 1.0.0\npaths:\n");
        while definition.len() < 1000 {
            let (thing, line) = (*self.random.pick(&THINGS), self.sentence());
            definition
                .push_str(&format!("  /{thing}/{}:\n    get:\n      summary: {line}\n", definition.len()));
        }
        let spec = json!({
            "type": self.weighted(&API_TYPES),
            "lifecycle": self.weighted(&LIFECYCLES),
            "owner": self.owner(),
            "system": self.random.pick(&self.names.systems),
            "definition": definition,
        });
        self.entity("API", name, spec)
    }

    fn component(&mut self, name: &str) -> Value {
        let mut spec = json!({
            "type": self.weighted(&COMPONENT_TYPES),
            "lifecycle": self.weighted(&LIFECYCLES),
            "owner": self.owner(),
            "system": self.random.pick(&self.names.systems),
        });
        let names = self.names;
        if self.random.percent(40) {
            spec["providesApis"] = self.references("api", &names.apis, 1, 2);
        }
        if self.random.percent(50) {
            spec["consumesApis"] = self.references("api", &names.apis, 1, 3);
        }
        let mut depends = self.some(&names.resources, 0, 2);
        depends.iter_mut().for_each(|n| *n = format!("resource:default/{n}"));
        let others = self.some(&names.components, 0, 2);
        depends.extend(others.into_iter().filter(|n| n != name).map(|n| format!("component:default/{n}")));
        if !depends.is_empty() {
            spec["dependsOn"] = depends.into();
        }
        self.entity("Component", name, spec)
    }
}

/// Writes the catalog as `entities.jsonl`, and as YAML files of 500 documents each when asked. JSON is YAML,
/// but files written by people are block style: so these are.
pub(crate) fn write(count: usize, folder: &Path, yaml: bool) -> anyhow::Result<Names> {
    fs::create_dir_all(folder.join("yaml"))?;
    let mut lines = std::io::BufWriter::new(fs::File::create(folder.join("entities.jsonl"))?);
    let (mut documents, mut number, mut failed) = (String::new(), 0_usize, None);
    let mut take = |entity: Value| -> anyhow::Result<()> {
        serde_json::to_writer(&mut lines, &entity)?;
        lines.write_all(b"\n")?;
        if yaml {
            documents.push_str("---\n");
            block(&entity, 0, &mut documents);
            number += 1;
            if number % 500 == 0 {
                fs::write(folder.join(format!("yaml/part-{:05}.yaml", number / 500)), &documents)?;
                documents.clear();
            }
        }
        Ok(())
    };
    let names = entities(count, &mut |entity| {
        if failed.is_none() {
            failed = take(entity).err();
        }
    });
    if let Some(error) = failed {
        return Err(error);
    }
    if !documents.is_empty() {
        fs::write(folder.join("yaml/part-99999.yaml"), &documents)?;
    }
    lines.flush()?;
    Ok(names)
}

/// Block-style YAML. Texts of several lines are literal blocks, the others JSON strings, which YAML understands.
fn block(value: &Value, depth: usize, out: &mut String) {
    let indent = "  ".repeat(depth);
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                out.push_str(&format!("{indent}{key}:"));
                member(value, depth, out);
            }
        }
        Value::Array(list) => {
            for item in list {
                let mut text = String::new();
                match item {
                    Value::Object(_) => block(item, depth + 1, &mut text),
                    _ => text = format!("{indent}  {item}\n"),
                }
                out.push_str(&format!("{indent}- {}", &text[indent.len() + 2..]));
            }
        }
        other => out.push_str(&format!("{indent}{other}\n")),
    }
}

fn member(value: &Value, depth: usize, out: &mut String) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            out.push('\n');
            block(value, depth + 1, out);
        }
        Value::Array(list) if !list.is_empty() => {
            out.push('\n');
            block(value, depth + 1, out);
        }
        Value::String(text) if text.contains('\n') => {
            out.push_str(" |\n");
            let indent = "  ".repeat(depth + 1);
            text.lines().for_each(|line| out.push_str(&format!("{indent}{line}\n")));
        }
        other => out.push_str(&format!(" {other}\n")),
    }
}
