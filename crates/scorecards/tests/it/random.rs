//! After any history of edits, deletions, changed blueprints and passing time, an engine that has followed all of it
//! says what a naive evaluator says, and so does one that is made now.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use serde_json::{Value, json};
use stagedoor_model::Timestamp;
use stagedoor_query::NodeSet;
use stagedoor_scorecards::{Board, Compiled, Engine, Excused, GroupBy, Groups, Scorecard};

use crate::naive::{Said, evaluate, value};
use crate::world::{DAY, NOW, World};

#[derive(Clone, Debug)]
enum Step {
    Put(usize, Value),
    Domain(usize, Value),
    Delete(usize),
    DeleteDomain(usize),
    Wait(i64),
    Service(u8),
    DomainBlueprint(u8),
    Stranger(u8),
    Exempt(usize, usize),
    Look,
}

const SERVICES: usize = 9;
const DOMAINS: usize = 3;

fn scorecard() -> Value {
    let rule = |id: &str, level: &str, combinator: &str, conditions: Value| {
        json!({"identifier": id, "title": id, "level": level,
            "query": {"combinator": combinator, "conditions": conditions}})
    };
    json!({"title": "Ready", "filter": {"combinator": "and", "conditions": [
        {"property": "lifecycle", "operator": "!=", "value": "retired"}]},
    "rules": [
        rule("onCall", "Bronze", "and", json!([{"property": "onCall", "operator": "isNotEmpty"}])),
        rule("deployed", "Silver", "and", json!([
            {"property": "deployedAt", "operator": "between", "value": {"preset": "lastMonth"}}])),
        rule("either", "Bronze", "or", json!([
            {"property": "score", "operator": ">=", "value": 5},
            {"property": "domainTier", "operator": "=", "value": "one"}])),
        rule("owned", "Silver", "and", json!([
            {"property": "$team", "operator": "isNotEmpty"},
            {"relation": "domain", "operator": "in", "value": ["d0", "d1"]}])),
        rule("calm", "Gold", "and", json!([{"property": "domainSize", "operator": "<", "value": 3}])),
        rule("today", "Gold", "or", json!([
            {"property": "deployedAt", "operator": "between", "value": {"preset": "today"}},
            {"property": "expires", "operator": "isExpired"},
            {"property": "$createdAt", "operator": "between", "value": {"preset": "lastDay"}}])),
        rule("tagged", "Bronze", "or", json!([
            {"property": "tags", "operator": "contains", "value": "java"},
            {"property": "tags", "operator": "isEmpty"}])),
        rule("program", "Silver", "and", json!([{"jq": "value .properties.flag"}])),
        rule("calculated", "Gold", "or", json!([
            {"property": "copy", "operator": "=", "value": "one"},
            {"property": "deployedAt", "operator": "notBetween", "value": {"preset": "lastDay"}}])),
    ]})
}

/// The blueprint at the other end, without the one or the other that is mirrored; 4 is only called otherwise.
fn domain(which: u8) -> Value {
    let mut body = json!({"title": format!("Domain {}", which & 4),
        "schema": {"properties": {"tier": {"type": "string"}}},
        "aggregationProperties": {"size": {"title": "Size", "target": "service",
            "calculationSpec": {"calculationBy": "entities", "func": "count"}}}});
    if which & 1 == 1 {
        body["schema"]["properties"] = json!({});
    }
    if which & 2 == 2 {
        body["aggregationProperties"] = json!({});
    }
    body
}

/// A blueprint that no rule reads, though it leads to the others and is led to by none.
fn stranger(which: u8) -> Value {
    json!({"title": format!("Stranger {which}"), "schema": {"properties": {"tier": {"type": "string"}}},
        "relations": {"service": {"target": "service", "many": which & 1 == 1}},
        "mirrorProperties": {"lifecycle": {"path": "service.lifecycle"}}})
}

/// The blueprint, without one or the other property that rules look at.
fn service(which: u8) -> Value {
    let mut properties = json!({"onCall": {"type": "string"}, "lifecycle": {"type": "string"},
        "deployedAt": {"type": "string", "format": "date-time"}, "expires": {"type": "string", "format": "timer"},
        "score": {"type": "number"}, "tags": {"type": "array"}, "flag": {"type": "boolean"}});
    if which & 1 == 1 {
        properties.as_object_mut().unwrap().remove("onCall");
    }
    if which & 2 == 2 {
        properties.as_object_mut().unwrap().remove("score");
    }
    json!({"schema": {"properties": properties},
        "relations": {"domain": {"target": "domain", "many": false}},
        "mirrorProperties": {"domainTier": {"path": "domain.tier"}, "domainSize": {"path": "domain.size"}},
        "calculationProperties": {"copy": {"type": "string", "calculation": "value .properties.domainTier"}}})
}

fn date() -> impl Strategy<Value = Value> {
    let offset = prop_oneof![
        Just(0),
        Just(-30 * DAY),
        Just(-DAY),
        -40 * DAY..40 * DAY,
        (-40_i64..40).prop_map(|days| days * DAY),
    ];
    offset.prop_map(|offset| json!(Timestamp(NOW + offset).to_string()))
}

fn maybe(strategy: impl Strategy<Value = Value>) -> impl Strategy<Value = Value> {
    prop_oneof![1 => Just(Value::Null), 4 => strategy]
}

fn entity() -> impl Strategy<Value = Value> {
    let tags = prop::sample::select(vec![
        json!([]),
        json!(["java"]),
        json!(["go", "java"]),
        json!([""]),
        json!(["go"]),
    ]);
    let text = |list: &'static [&'static str]| prop::sample::select(list).prop_map(|text| json!(text));
    (
        maybe(text(&["", "ana", "ben"])),
        text(&["live", "retired", "live", ""]),
        maybe(date()),
        maybe(date()),
        maybe((0..10).prop_map(|n| json!(n))),
        maybe(tags),
        maybe(any::<bool>().prop_map(|flag| json!(flag))),
        maybe(text(&["d0", "d1", "d2", "gone"])),
        prop::sample::select(vec![json!([]), json!(["red"]), json!(["red", "blue"])]),
    )
        .prop_map(|(on_call, lifecycle, deployed, expires, score, tags, flag, domain, team)| {
            json!({"team": team, "relations": {"domain": domain}, "properties": {"onCall": on_call,
                "lifecycle": lifecycle, "deployedAt": deployed, "expires": expires, "score": score, "tags": tags,
                "flag": flag}})
        })
}

fn step() -> impl Strategy<Value = Step> {
    let tier = prop::sample::select(vec![json!("one"), json!("two"), Value::Null]);
    prop_oneof![
        8 => (0..SERVICES, entity()).prop_map(|(i, e)| Step::Put(i, e)),
        3 => (0..DOMAINS, tier).prop_map(|(i, tier)| {
            Step::Domain(i, json!({"team": [], "relations": {}, "properties": {"tier": tier}}))
        }),
        2 => (0..SERVICES).prop_map(Step::Delete),
        1 => (0..DOMAINS).prop_map(Step::DeleteDomain),
        3 => prop_oneof![Just(1), Just(DAY), 1..40 * DAY, (0_i64..40).prop_map(|d| d * DAY + 1)].prop_map(Step::Wait),
        1 => (0..4_u8).prop_map(Step::Service),
        1 => (0..8_u8).prop_map(Step::DomainBlueprint),
        2 => (0..8_u8).prop_map(Step::Stranger),
        2 => (0..SERVICES, 0..9_usize).prop_map(|(i, rule)| Step::Exempt(i, rule)),
        6 => Just(Step::Look),
    ]
}

struct Followed {
    world: World,
    definition: Value,
    scorecard: Arc<Scorecard>,
    engine: Option<Engine>,
    groups: Option<Groups>,
    exempt: Vec<(String, String)>,
}

impl Followed {
    fn new() -> Self {
        let mut world = World::new();
        world.define("domain", &domain(0));
        world.define("service", &service(0));
        let definition = scorecard();
        let scorecard = Arc::new(Scorecard::parse(&definition).unwrap());
        Self { world, definition, scorecard, engine: None, groups: None, exempt: Vec::new() }
    }

    fn take(&mut self, step: &Step) {
        match step {
            Step::Put(i, fields) => self.world.put("service", &format!("s{i}"), fields),
            Step::Domain(i, fields) => self.world.put("domain", &format!("d{i}"), fields),
            Step::Delete(i) => self.world.delete("service", &format!("s{i}")),
            Step::DeleteDomain(i) => self.world.delete("domain", &format!("d{i}")),
            Step::Wait(millis) => self.world.wait(*millis),
            Step::Service(which) => self.world.define("service", &service(*which)),
            Step::DomainBlueprint(which) => self.world.define("domain", &domain(*which)),
            Step::Stranger(which) => self.world.define("stranger", &stranger(*which)),
            Step::Exempt(i, rule) => {
                self.exempt.push((format!("s{i}"), self.scorecard.rules[*rule].identifier.clone()));
            }
            Step::Look => self.look(),
        }
    }

    fn excused(&self) -> Excused {
        let catalog = &self.world.catalog;
        let rules = self.scorecard.rules.iter().map(|rule| {
            let of_it = self.exempt.iter().filter(|(_, name)| *name == rule.identifier);
            of_it.filter_map(|(entity, _)| catalog.node_of_key("service", entity)).collect::<NodeSet>()
        });
        Excused { rules: rules.collect(), until: None }
    }

    fn fresh(&self) -> Engine {
        let (catalog, now) = (&self.world.catalog, self.world.now());
        let compiled = Compiled::new(Arc::clone(&self.scorecard), "service", catalog, now);
        Engine::new(Arc::new(compiled), catalog, now, &self.excused())
    }

    fn look(&mut self) {
        let (now, excused) = (self.world.now(), self.excused());
        let expected = evaluate(&self.world, &self.definition, "service", &self.exempt);
        let followed = self.engine.take().map(|mut engine| {
            let went = engine.advance(&self.world.catalog, now, &excused);
            (engine, went)
        });
        let engine = match followed {
            Some((engine, true)) => engine,
            _ => self.fresh(),
        };
        assert!(engine.is_at(&self.world.catalog, now));
        assert_eq!(self.said(engine.board()), expected, "followed");
        assert_eq!(self.said(self.fresh().board()), expected, "made anew");
        self.engine = Some(engine);
        self.look_at_groups();
    }

    fn look_at_groups(&mut self) {
        let (catalog, now) = (&self.world.catalog, self.world.now());
        let by = || GroupBy::of("domainTier", "service", catalog, now).unwrap();
        let mut groups = self.groups.take().unwrap_or_else(|| Groups::new(by(), "service", catalog, now));
        if !groups.advance(catalog, now) {
            groups = Groups::new(by(), "service", catalog, now);
        }
        let mut expected: BTreeMap<String, NodeSet> = BTreeMap::new();
        let mut none = NodeSet::new();
        for ((blueprint, id), known) in self.world.entities.iter().filter(|((b, _), _)| b == "service") {
            match value(&self.world, blueprint, id, "domainTier").unwrap() {
                Value::String(text) => drop(expected.entry(text).or_default().insert(known.node)),
                _ => drop(none.insert(known.node)),
            }
        }
        let found = groups.iter().map(|(key, set)| (key.to_owned(), set.clone())).collect::<BTreeMap<_, _>>();
        assert_eq!((found, groups.none()), (expected, &none));
        self.groups = Some(groups);
    }

    fn said(&self, board: &Board) -> BTreeMap<String, Option<Said>> {
        let members = self.world.entities.iter().filter(|((b, _), _)| b == "service");
        let said = members.map(|((_, id), known)| {
            let level = board.level_title(known.node).map(str::to_owned);
            let rules = (0..board.rules.len()).map(|rule| board.status(rule, known.node).name()).collect();
            (id.clone(), level.map(|level| Said { level, rules }))
        });
        let said: BTreeMap<_, _> = said.collect();
        assert_eq!(board.members.len(), said.len() as u64);
        let at_levels: u64 = board.level_counts(None).iter().sum();
        assert_eq!(at_levels, board.applies.len());
        said
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_followed_is_what_is_true(steps in vec(step(), 1..60)) {
        let mut followed = Followed::new();
        for step in &steps {
            followed.take(step);
        }
        followed.look();
    }
}

#[test]
fn many_are_asked_of_the_index_and_few_one_by_one() {
    let mut followed = Followed::new();
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    for i in 0..300 {
        let fields = entity().new_tree(&mut runner).unwrap().current();
        followed.take(&Step::Put(i, fields));
    }
    for i in 0..DOMAINS {
        followed.world.put("domain", &format!("d{i}"), &json!({"properties": {"tier": "one"}}));
    }
    followed.look();
    for i in 0..40 {
        let fields = entity().new_tree(&mut runner).unwrap().current();
        followed.take(&Step::Put(i * 7, fields));
        followed.world.wait(DAY / 3);
    }
    followed.look();
}
