//! Watching a run as it goes, and finding runs again.

use serde_json::json;
use stagedoor_portal::{NewRun, RunEvent, RunKind, RunOf, RunQuery, RunStatus, Target};

use super::scripted::{STARTER, Stage, admin, new_run};

/// All events after a line, to the end.
async fn told(stage: &Stage, id: &str, after: Option<i64>) -> (Vec<i64>, Vec<String>, Option<RunStatus>) {
    let mut events = stage.portal.run_events(&admin(), id, after).unwrap();
    let (mut ids, mut lines, mut end) = (Vec::new(), Vec::new(), None);
    while let Some(event) = events.next().await {
        match event {
            RunEvent::Line(line) => {
                ids.push(line.id);
                lines.push(line.message);
            }
            RunEvent::Changed(_) => {}
            RunEvent::Ended(run) => end = Some(run.status),
        }
    }
    (ids, lines, end)
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_comes_again_goes_on_where_they_were() {
    let stage = Stage::new().await;
    stage.plain.hangs();
    let run = stage.start(&[("outside", json!({ "say": "hello" })), ("plain", json!({}))]).await;
    stage.plain.has_begun().await;
    let mut early = stage.portal.run_events(&admin(), &run.id, None).unwrap();
    assert!(matches!(early.next().await, Some(RunEvent::Changed(_))));
    let Some(RunEvent::Line(first)) = early.next().await else { panic!("a line") };
    assert_eq!(first.message, "started by elsa@larkfell.example", "before anything was planned");
    stage.plain.goes_on();
    let (ids, lines, end) = told(&stage, &run.id, Some(first.id)).await;
    assert_eq!(end, Some(RunStatus::Success));
    assert_eq!(lines[..2], ["Beginning step s0", "hello"]);
    assert_eq!(lines.last().unwrap(), "Finished step s1");
    assert!(ids.is_sorted() && ids[0] > first.id);
    let (_, again, _) = told(&stage, &run.id, None).await;
    assert_eq!(again.len(), lines.len() + 1);
    let (_, nothing, end) = told(&stage, &run.id, ids.last().copied()).await;
    assert!(nothing.is_empty() && end.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_are_found_by_what_they_are() {
    let stage = Stage::new().await;
    let mut ids = Vec::new();
    for (identifier, entity, kind) in [
        ("scale", "orders", RunKind::Action),
        ("scale", "carts", RunKind::Action),
        ("new", "", RunKind::Template),
    ] {
        let target = (!entity.is_empty()).then(|| Target {
            blueprint: "service".into(),
            entity: Some(entity.into()),
            title: None,
        });
        let of = RunOf { kind, identifier: identifier.into(), title: Some("Some Title".into()), icon: None };
        let run = NewRun { of, target, ..new_run(&[("plain", json!({}))]) };
        let run = stage.portal.start_run(run).await.unwrap();
        stage.ends(&run.id, RunStatus::Success).await;
        ids.push(run.id.clone());
    }
    let all = || RunQuery { limit: 10, ..RunQuery::default() };
    for (query, wanted) in [
        (all(), vec![2, 1, 0]),
        (RunQuery { of: Some("scale".into()), ..all() }, vec![1, 0]),
        (RunQuery { kinds: vec![RunKind::Template], ..all() }, vec![2]),
        (RunQuery { blueprint: Some("service".into()), entity: Some("orders".into()), ..all() }, vec![0]),
        (RunQuery { text: Some(" CART".into()), ..all() }, vec![1]),
        (RunQuery { text: Some("some title".into()), ..all() }, vec![2, 1, 0]),
        (RunQuery { starter: Some(STARTER.to_uppercase()), ..all() }, vec![2, 1, 0]),
        (RunQuery { starter: Some("nobody".into()), ..all() }, vec![]),
        (RunQuery { active: Some(true), ..all() }, vec![]),
        (RunQuery { active: Some(false), offset: 1, limit: 1, ..all() }, vec![1]),
        (RunQuery { statuses: vec![RunStatus::Failure], ..all() }, vec![]),
        (RunQuery { exclude: vec![ids[1].clone()], ..all() }, vec![2, 0]),
        (RunQuery { attention: true, ..all() }, vec![]),
    ] {
        let page = stage.portal.runs(&admin(), &query).unwrap();
        let found: Vec<&String> = page.runs.iter().map(|run| &run.id).collect();
        assert_eq!(found, wanted.iter().map(|at: &usize| &ids[*at]).collect::<Vec<_>>(), "{query:?}");
    }
}
