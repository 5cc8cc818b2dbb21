//! Steps one after the other: their order, failures that go away, limits of time and number.

use std::time::{Duration, Instant};

use serde_json::json;
use stagedoor_actions::{Failure, Outcome, Report, StepState};
use stagedoor_portal::{Limits, NewRun, RunLimits, RunStatus, Target};

use super::scripted::{STARTER, Stage, admin, done, new_run};

#[tokio::test(flavor = "multi_thread")]
async fn a_run_goes_from_step_to_step_to_its_end() {
    let stage = Stage::new().await;
    let run =
        stage.start(&[("plain", json!({ "give": 1 })), ("outside", json!({ "give": { "a": 2 } }))]).await;
    assert!(run.id.starts_with("r_") && run.id.len() == 18, "{}", run.id);
    let mut events = stage.portal.run_events(&admin(), &run.id, None).unwrap();
    while !matches!(events.next().await.unwrap(), stagedoor_portal::RunEvent::Line(_)) {}
    let run = stage.ends(&run.id, RunStatus::Success).await;
    assert_eq!(run.output, json!({ "s0": 1, "s1": { "a": 2 } }));
    assert!(run.ended_at.is_some() && run.steps.iter().all(|step| step.state == StepState::Done));
    let log = stage.log(&run.id).await;
    assert_eq!(log[0], format!("started by {STARTER}"));
    assert_eq!(log[1..], ["Beginning step s0", "Finished step s0", "Beginning step s1", "Finished step s1"]);
    let stats = stage.portal.run_stats();
    assert_eq!((stats.started, stats.ended, stats.failed, stats.active), (1, 1, 0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_step_fails_the_run_and_nothing_comes_after_it() {
    let stage = Stage::new().await;
    stage.outside.answers(Err(Failure::new("it said no"))).await;
    let run = stage.start(&[("outside", json!({})), ("plain", json!({}))]).await;
    let run = stage.ends(&run.id, RunStatus::Failure).await;
    assert_eq!(run.error.as_deref(), Some("it said no"));
    assert_eq!((run.steps.len(), stage.plain.count()), (1, 0));
    let unknown = stage.start(&[("nobody", json!({}))]).await;
    let unknown = stage.ends(&unknown.id, RunStatus::Failure).await;
    assert_eq!(unknown.error.as_deref(), Some("nothing here performs \"nobody\""));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_go_away_is_tried_again_with_the_same_key_and_not_for_ever() {
    let stage = Stage::new().await;
    stage.outside.answers(Err(Failure::again("busy", Duration::ZERO))).await;
    let run = stage.start(&[("outside", json!({}))]).await;
    let run = stage.ends(&run.id, RunStatus::Success).await;
    assert_eq!(run.steps[0].attempts, 2);
    let keys = stage.outside.keys.lock().await.clone();
    assert_eq!((keys.len(), &keys[0]), (2, &keys[1]));
    for _ in 0..2 {
        stage.outside.answers(Err(Failure::again("busy", Duration::ZERO))).await;
    }
    let limits = Limits { attempts: Some(2), ..Limits::default() };
    let run = stage.portal.start_run(NewRun { limits, ..new_run(&[("outside", json!({}))]) }).await.unwrap();
    let run = stage.ends(&run.id, RunStatus::Failure).await;
    assert_eq!((run.error.as_deref(), run.steps[0].attempts), (Some("busy"), 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_goes_on_outside_is_followed() {
    let stage = Stage::new().await;
    let report = Report { link: Some(vec!["https://ci.example/7".into()]), ..Report::default() };
    let again = Duration::from_millis(20);
    let following = || Ok(Outcome::Following { handle: json!(7), again, report: report.clone() });
    stage.outside.answers(following()).await;
    stage.outside.follows.lock().await.extend([
        following(),
        Err(Failure::again("away", Duration::ZERO)),
        done(json!({ "ok": true })),
    ]);
    let run = stage.start(&[("outside", json!({}))]).await;
    let run = stage.ends(&run.id, RunStatus::Success).await;
    assert_eq!(run.output, json!({ "s0": { "ok": true } }));
    assert_eq!(run.report.link.as_deref(), Some(&["https://ci.example/7".to_owned()][..]));
    assert_eq!(stage.outside.count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_and_a_run_that_take_too_long_end() {
    let stage = Stage::new().await;
    stage.plain.hangs();
    let limits = Limits { step_seconds: Some(0), ..Limits::default() };
    let run = stage.portal.start_run(NewRun { limits, ..new_run(&[("plain", json!({}))]) }).await.unwrap();
    let run = stage.ends(&run.id, RunStatus::Failure).await;
    assert_eq!(run.error.as_deref(), Some("it took longer than 0 s"));
    let limits = Limits { seconds: Some(0), ..Limits::default() };
    let run = stage.portal.start_run(NewRun { limits, ..new_run(&[("plain", json!({}))]) }).await.unwrap();
    let run = stage.ends(&run.id, RunStatus::Failure).await;
    assert_eq!(run.error.as_deref(), Some("it took too long"));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_so_many_runs_of_an_action_or_about_an_entity_are_under_way() {
    let stage = Stage::new().await;
    stage.plain.hangs();
    let limits = Limits { at_once: Some(2), at_once_per_entity: Some(1), ..Limits::default() };
    let about = |entity: &str| NewRun {
        target: Some(Target { blueprint: "service".into(), entity: Some(entity.into()), title: None }),
        limits: limits.clone(),
        ..new_run(&[("plain", json!({}))])
    };
    let mut ids = Vec::new();
    for entity in ["a", "a", "b", "c"] {
        ids.push(stage.portal.start_run(about(entity)).await.unwrap().id.clone());
    }
    stage.plain.has_begun().await;
    stage.plain.has_begun().await;
    tokio::time::sleep(Duration::from_millis(600)).await;
    let begun = |id: &String| stage.portal.run(&admin(), id).unwrap().begun_at.is_some();
    let count = ids.iter().filter(|id| begun(id)).count();
    assert_eq!((count, stage.plain.count()), (2, 2));
    assert!(!(begun(&ids[0]) && begun(&ids[1])), "one at a time about an entity");
    stage.plain.goes_on();
    for id in &ids {
        stage.ends(id, RunStatus::Success).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_configuration_limits_runs_of_one_definition() {
    let limits = Limits { at_once: Some(1), attempts: Some(1), ..Limits::default() };
    let of = vec![("other".to_owned(), Limits::default()), ("SCALE".to_owned(), limits.clone())];
    let stage = Stage::with(RunLimits { of, ..RunLimits::default() }).await;
    stage.plain.hangs();
    let first = stage.start(&[("plain", json!({}))]).await;
    let second = stage.start(&[("plain", json!({}))]).await;
    assert_eq!(first.limits, limits);
    stage.plain.has_begun().await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(stage.plain.count(), 1, "the other waits for its turn");
    stage.plain.goes_on();
    for run in [first, second] {
        stage.ends(&run.id, RunStatus::Success).await;
    }
    // What a run says itself wins.
    let own = Limits { attempts: Some(7), ..Limits::default() };
    let run =
        stage.portal.start_run(NewRun { limits: own, ..new_run(&[("plain", json!({}))]) }).await.unwrap();
    assert_eq!((run.limits.attempts, run.limits.at_once), (Some(7), Some(1)));
}

#[tokio::test(flavor = "multi_thread")]
async fn old_runs_go_and_what_they_alone_named_goes_with_them() {
    let stage = Stage::with(RunLimits { kept: 3, ..RunLimits::default() }).await;
    let mut ids = Vec::new();
    for number in 0..8 {
        let run = stage.start(&[("plain", json!({ "give": number }))]).await;
        stage.ends(&run.id, RunStatus::Success).await;
        ids.push(run.id.clone());
    }
    let last = ids.last().unwrap().clone();
    let deadline = Instant::now() + Duration::from_secs(60);
    while stage.portal.run(&admin(), &ids[0]).is_ok() && Instant::now() < deadline {
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    assert!(stage.portal.run(&admin(), &ids[4]).is_err() && stage.portal.run(&admin(), &ids[5]).is_ok());
    assert!(stage.portal.run(&admin(), &last).is_ok());
    assert!(stage.store.journal(&format!("run/{}", ids[0]), None, 10).unwrap().is_empty());
}
