//! Runs that people end before their time, wherever they are.

use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::json;
use stagedoor_actions::{Outcome, Report, StepState};
use stagedoor_portal::{Approval, Limits, NewRun, RunStatus};

use super::scripted::{Stage, admin, new_run};

async fn cancel(stage: &Stage, id: &str) -> RunStatus {
    stage.portal.cancel_run(&admin(), id).await.unwrap();
    let run = stage.ends(id, RunStatus::Cancelled).await;
    assert!(stage.portal.cancel_run(&admin(), id).await.is_err(), "twice");
    assert!(run.steps.iter().all(|step| step.state.has_ended()), "{run:#?}");
    run.status
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_waits_ends_at_once() {
    let stage = Stage::new().await;
    let approval = Some(Approval::default());
    let waiting = NewRun { approval, ..new_run(&[("plain", json!({}))]) };
    let waiting = stage.portal.start_run(waiting).await.unwrap();
    cancel(&stage, &waiting.id).await;
    assert_eq!(stage.plain.count(), 0);

    stage.plain.hangs();
    let limits = Limits { at_once: Some(1), ..Limits::default() };
    let limited = || NewRun { limits: limits.clone(), ..new_run(&[("plain", json!({}))]) };
    let first = stage.portal.start_run(limited()).await.unwrap();
    stage.plain.has_begun().await;
    let second = stage.portal.start_run(limited()).await.unwrap();
    stage.until(&second.id, |run| run.wake_at.is_some()).await;
    cancel(&stage, &second.id).await;
    cancel(&stage, &first.id).await;
    assert_eq!(stage.plain.count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_is_performed_followed_or_handed_over_is_ended_there_too() {
    let stage = Stage::new().await;
    let following =
        Outcome::Following { handle: json!(1), again: Duration::from_secs(60), report: Report::default() };
    let reported = Outcome::Reported { report: Report::default() };
    for outcome in [None, Some(following), Some(reported)] {
        let before = stage.outside.cancelled.load(Ordering::SeqCst);
        match outcome.clone() {
            Some(outcome) => stage.outside.answers(Ok(outcome)).await,
            None => stage.outside.hangs(),
        }
        let run = stage.start(&[("outside", json!({})), ("plain", json!({}))]).await;
        let is_there = move |run: &stagedoor_portal::Run| match run.steps.first().map(|step| &step.state) {
            Some(StepState::Intent { .. }) => outcome.is_none(),
            Some(StepState::Following { .. } | StepState::Reported) => true,
            _ => false,
        };
        stage.until(&run.id, is_there).await;
        stage.outside.has_begun().await;
        cancel(&stage, &run.id).await;
        assert_eq!(stage.outside.cancelled.load(Ordering::SeqCst), before + 1);
        stage.outside.goes_on();
    }
    assert_eq!(stage.plain.count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_was_being_cancelled_when_the_process_died_is_cancelled() {
    let stage = Stage::new().await;
    stage.outside.hangs();
    let run = stage.start(&[("outside", json!({}))]).await;
    stage.outside.has_begun().await;
    stage.portal.halt_runs();
    stage.portal.cancel_run(&admin(), &run.id).await.unwrap();
    let stage = stage.crash().await;
    stage.ends(&run.id, RunStatus::Cancelled).await;
    assert_eq!((stage.outside.count(), stage.outside.cancelled.load(Ordering::SeqCst)), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_was_ended_outside_is_cancelled() {
    let stage = Stage::new().await;
    stage.outside.answers(Ok(Outcome::Cancelled)).await;
    let run = stage.start(&[("outside", json!({})), ("plain", json!({}))]).await;
    stage.ends(&run.id, RunStatus::Cancelled).await;
    assert_eq!(stage.plain.count(), 0);
}
