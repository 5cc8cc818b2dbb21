//! How long scorecards take in a portal of 100,000 entities with 10 rules: what people ask, and what is written down after
//! a change of 10,000. `cargo run --release -p stagedoor-portal --example scorecards`
#![expect(clippy::print_stdout, reason = "it is for people")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use stagedoor_auth::{SessionLimits, Viewer};
use stagedoor_jq::Jq;
use stagedoor_model::{Actor, Blueprint, Change, ChangeSet, EntityRecord, Fields, Stamps, Timestamp};
use stagedoor_portal::{
    Identity, Options, Portal, PortalError, RunsConfig, ScoreStatus, SecretsConfig, SourcesConfig,
    StandingQuery, WriteMode, WriteRequest,
};
use stagedoor_store::{MemoryStore, Store};
use uuid::Uuid;

const ENTITIES: u32 = 100_000;
const CHANGED: u32 = 10_000;
const TEAMS: u32 = 200;
const DAY: i64 = 86_400_000;

fn stamps(at: Timestamp) -> Stamps {
    Stamps {
        created_at: at,
        created_by: "bench".into(),
        updated_at: at,
        updated_by: "bench".into(),
        datasource: None,
    }
}

fn body(n: u32, turn: u32, now: Timestamp) -> Value {
    let language = ["rust", "go", "java"][(n % 3) as usize];
    let deployed = Timestamp(now.0 - i64::from((n + turn) % 60) * DAY - i64::from(n)).to_string();
    json!({"title": format!("Service {n}"), "team": [format!("team-{}", n % TEAMS)],
        "relations": {"domain": format!("d{}", n % 50)},
        "properties": {"onCall": (!(n + turn).is_multiple_of(3)).then(|| format!("person-{n}")), "tier": (n + turn) % 4,
            "cost": n + turn, "language": language, "deployedAt": deployed, "docs": (n + turn).is_multiple_of(2),
            "tags": ["a", format!("t{}", n % 20)]}})
}

fn put(blueprint: &str, identifier: &str, uid: u128, body: Value, at: Timestamp) -> Change {
    let fields: Fields = serde_json::from_value(body).unwrap_or_default();
    Change::PutEntity(Arc::new(EntityRecord {
        uid: Uuid::from_u128(uid),
        blueprint: blueprint.into(),
        identifier: identifier.into(),
        entity_ref: format!("{blueprint}:default/{identifier}").as_str().into(),
        document: None,
        fields: Some(fields.to_json()),
        claim: None,
        stamps: stamps(at),
    }))
}

fn changes(now: Timestamp) -> Vec<Change> {
    let text = json!({"type": "string"});
    let domain = json!({"identifier": "domain", "schema": {"properties": {"tier": text}}});
    let service = json!({"identifier": "service", "schema": {"properties": {"onCall": text, "tier": {"type": "number"},
        "cost": {"type": "number"}, "language": text, "deployedAt": {"type": "string", "format": "date-time"},
        "docs": {"type": "boolean"}, "tags": {"type": "array"}}}, "relations": {"domain": {"target": "domain"}},
        "mirrorProperties": {"domainTier": {"path": "domain.tier"}}});
    let blueprints = [&domain, &service].into_iter();
    let blueprints = blueprints.filter_map(|body| Blueprint::parse(body, stamps(now), None).ok());
    let mut all: Vec<Change> = blueprints.map(|b| Change::PutBlueprint(Arc::new(b))).collect();
    all.extend((0..50_u32).map(|n| {
        let tier = if n.is_multiple_of(2) { "one" } else { "two" };
        put("domain", &format!("d{n}"), u128::from(n) + 1, json!({"properties": {"tier": tier}}), now)
    }));
    all.extend(
        (0..ENTITIES).map(|n| put("service", &format!("s{n}"), u128::from(n) + 1_000, body(n, 0, now), now)),
    );
    all
}

fn scorecard(stricter: u32) -> Value {
    let rule = |n: usize, condition: Value| {
        let level = ["Bronze", "Silver", "Gold"][n % 3];
        json!({"identifier": format!("r{n}"), "title": format!("Rule {n}"), "level": level,
            "query": {"combinator": "and", "conditions": [condition]}})
    };
    let conditions = [
        json!({"property": "onCall", "operator": "isNotEmpty"}),
        json!({"property": "deployedAt", "operator": "between", "value": {"preset": "lastMonth"}}),
        json!({"property": "tier", "operator": "<", "value": 3}),
        json!({"property": "cost", "operator": ">=", "value": 20_000 + stricter}),
        json!({"property": "language", "operator": "in", "value": ["rust", "go"]}),
        json!({"property": "docs", "operator": "=", "value": true}),
        json!({"property": "tags", "operator": "contains", "value": "t7"}),
        json!({"property": "$team", "operator": "isNotEmpty"}),
        json!({"relation": "domain", "operator": "isNotEmpty"}),
        json!({"property": "domainTier", "operator": "=", "value": "one"}),
    ];
    let rules: Vec<Value> = conditions.into_iter().enumerate().map(|(n, c)| rule(n, c)).collect();
    json!({"identifier": "numbers", "title": "Numbers", "rules": rules})
}

fn portal(now: Timestamp) -> Result<Portal, Box<dyn std::error::Error>> {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let set = ChangeSet { actor: Actor::new("bench", "native"), at: now, changes: changes(now) };
    store.commit(0, &[set])?;
    let options = Options {
        sources: SourcesConfig::default(),
        jq: Arc::new(Jq::in_process()),
        identity: Identity::default(),
        sessions: SessionLimits::default(),
        secrets: SecretsConfig { key: None, origin: "nowhere".into(), lost: false },
        runs: RunsConfig::default(),
    };
    Ok(Portal::open(store, options)?)
}

/// The median of five.
async fn five<F: Future<Output = Result<u64, PortalError>>>(
    what: &str,
    ask: impl Fn() -> F,
) -> Result<(), PortalError> {
    let (mut took, mut found) = (Vec::new(), 0);
    for _ in 0..5 {
        let begun = Instant::now();
        found = ask().await?;
        took.push(begun.elapsed());
    }
    took.sort_unstable();
    println!("{what}: median {:?}, worst {:?} ({found})", took[2], took[4]);
    Ok(())
}

async fn recorded(portal: &Portal, viewer: &Viewer) -> Result<(), PortalError> {
    let wanted = portal.view(viewer)?.revision();
    let _ = portal.scores_seen().wait_for(|seen| *seen >= wanted).await;
    Ok(())
}

async fn questions(portal: &Portal, viewer: &Viewer) -> Result<(), PortalError> {
    five("next for a team", || async {
        Ok(portal.next_fixes(viewer, Some("team-7".into()), 50).await?.total)
    })
    .await?;
    five("next for everything", || async { Ok(portal.next_fixes(viewer, None, 50).await?.total) }).await?;
    for (what, after) in
        [("entities that fail a rule", None), ("the last page of them", Some("s99".to_owned()))]
    {
        let query = StandingQuery {
            rule: Some("r3".into()),
            status: Some(ScoreStatus::Failed),
            limit: 50,
            after,
            ..StandingQuery::default()
        };
        let query = &query;
        let ask = || async { Ok(portal.standing_entities(viewer, "service", "numbers", query)?.total) };
        five(what, ask).await?;
    }
    five("preview of a draft", || async {
        let preview = portal.preview_scorecard(viewer, "service", scorecard(7), Some("s7".into())).await?;
        Ok(preview.applies)
    })
    .await?;
    five("all scorecards", || async { Ok(portal.scorecard_rows(viewer)?.len() as u64) }).await?;
    let groups = || async { Ok(portal.scorecard_groups(viewer, "service", "numbers", "$team", None)?.total) };
    five("heat map of teams and rules", groups).await
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?;
    let now = Timestamp(i64::try_from(since.as_millis())?);
    let (portal, viewer) = (portal(now)?, Viewer::system("bench"));
    portal.create_scorecard(&viewer, "service", scorecard(0)).await?;
    let begun = Instant::now();
    let rows = portal.scorecard_rows(&viewer)?;
    println!("all scorecards from nothing: {:?} ({})", begun.elapsed(), rows.len());
    portal.start_runs().await;
    recorded(&portal, &viewer).await?;
    tokio::time::sleep(Duration::from_secs(2)).await;
    questions(&portal, &viewer).await?;
    let begun = Instant::now();
    for chunk in (0..CHANGED).collect::<Vec<_>>().chunks(1_000) {
        let entities = chunk.iter().map(|n| {
            let mut body = body(*n, 1, now);
            body["identifier"] = format!("s{n}").into();
            body
        });
        let request = WriteRequest {
            blueprint: "service".into(),
            mode: WriteMode::UpsertMerge,
            create_missing: false,
            validation_only: false,
            datasource: None,
            entities: entities.collect(),
        };
        portal.write_entities(&viewer, request).await?;
    }
    println!("{CHANGED} entities written: {:?}", begun.elapsed());
    let begun = Instant::now();
    recorded(&portal, &viewer).await?;
    println!("what moved is written down: {:?} later", begun.elapsed());
    let history = portal.score_history(&viewer, "service", "numbers", 30, None).await?;
    println!("levels that moved, as told: {}", history.moved.len());
    Ok(())
}
