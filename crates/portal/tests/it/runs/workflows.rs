//! Workflows on the engine: the process dies within each node, ways part and meet, people take their time.

use std::time::Duration;

use serde_json::{Map, Value, json};
use stagedoor_actions::workflow::node_run_id;
use stagedoor_actions::{Probe, RunKind, RunOf, StepState};
use stagedoor_portal::{NewRun, RunLimits, RunStatus};

use super::scripted::{Stage, admin, new_run};

/// A run of these nodes, as type and name, and these connections. The first is the trigger.
fn flow(nodes: &[(&str, &str)], connections: &[(&str, &str)]) -> NewRun {
    let node = |(kind, name): &(&str, &str)| json!({"identifier": name, "config": {"type": kind, "give": {"of": name}}});
    let way = |(from, to): &(&str, &str)| json!({"sourceIdentifier": from, "targetIdentifier": to});
    let definition = json!({
        "identifier": "w",
        "nodes": nodes.iter().map(node).collect::<Vec<_>>(),
        "connections": connections.iter().map(way).collect::<Vec<_>>(),
    });
    let began = json!({"workflow": {"trigger": nodes[0].1}});
    NewRun {
        of: RunOf { kind: RunKind::Workflow, identifier: "w".into(), ..RunOf::default() },
        definition,
        context: began.as_object().unwrap().clone(),
        ..new_run(&[])
    }
}

const CHAIN: [(&str, &str); 4] =
    [("SELF_SERVE_TRIGGER", "t"), ("outside", "a"), ("plain", "b"), ("outside", "c")];
const WAYS: [(&str, &str); 3] = [("t", "a"), ("a", "b"), ("b", "c")];

#[tokio::test(flavor = "multi_thread")]
async fn a_workflow_goes_on_wherever_it_was_killed() {
    // Which performer hangs, how many of its nodes come before, and how often each is performed in all.
    for (outside, before, counts) in [(true, 0, (3, 1)), (false, 0, (2, 2)), (true, 1, (3, 1))] {
        let stage = Stage::new().await;
        *stage.outside.probe.lock().await = Probe::Repeat;
        let act = if outside { &stage.outside } else { &stage.plain };
        act.hangs();
        act.gate.add_permits(before);
        let run = stage.portal.start_run(flow(&CHAIN, &WAYS)).await.unwrap();
        assert!(run.id.starts_with("wfr_") && run.id.len() == 20, "{}", run.id);
        for _ in 0..=before {
            act.has_begun().await;
        }
        let stage = stage.crash().await;
        let run = stage.ends(&run.id, RunStatus::Success).await;
        assert_eq!((stage.outside.count(), stage.plain.count()), counts, "{before}");
        assert_eq!(run.output, json!({"c": {"of": "c"}}));
        let names: Vec<&str> = run.steps.iter().map(|step| step.id.as_str()).collect();
        assert_eq!(names, ["t", "a", "b", "c"]);
        // Each node has a key of its own, which its attempts share.
        let keys = stage.outside.keys.lock().await.clone();
        let distinct: std::collections::BTreeSet<&String> = keys.iter().collect();
        assert_eq!(distinct.len(), 2, "{keys:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workflow_that_was_accepted_and_never_begun_is_begun() {
    let stage = Stage::new().await;
    stage.portal.halt_runs();
    let run = stage.portal.start_run(flow(&CHAIN, &WAYS)).await.unwrap();
    let stage = stage.crash().await;
    stage.ends(&run.id, RunStatus::Success).await;
    assert_eq!((stage.outside.count(), stage.plain.count()), (2, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn ways_that_part_are_gone_at_once_and_what_they_meet_in_is_done_once() {
    let stage = Stage::new().await;
    stage.outside.hangs();
    let nodes = [
        ("EVENT_TRIGGER", "t"),
        ("outside", "left"),
        ("outside", "right"),
        ("plain", "end"),
        ("SCHEDULE_TRIGGER", "other"),
        ("plain", "never"),
    ];
    let ways = [("t", "left"), ("t", "right"), ("left", "end"), ("right", "end"), ("other", "never")];
    let run = stage.portal.start_run(flow(&nodes, &ways)).await.unwrap();
    stage.outside.has_begun().await;
    stage.outside.has_begun().await;
    assert_eq!(stage.plain.count(), 0);
    stage.outside.gate.add_permits(1);
    let one_done =
        |run: &stagedoor_portal::Run| run.steps.iter().filter(|s| s.state == StepState::Done).count() == 2;
    stage.until(&run.id, one_done).await;
    assert_eq!(stage.plain.count(), 0, "the other one is not there yet");
    stage.outside.goes_on();
    let run = stage.ends(&run.id, RunStatus::Success).await;
    assert_eq!((stage.outside.count(), stage.plain.count()), (2, 1));
    let state = |name: &str| run.steps.iter().find(|step| step.id == name).map(|step| &step.state);
    assert_eq!((state("never"), state("other")), (Some(&StepState::Skipped), None));
}

#[tokio::test(flavor = "multi_thread")]
async fn time_that_people_take_does_not_count() {
    let stage = Stage::with(RunLimits { seconds: 1, ..RunLimits::default() }).await;
    let mut new = flow(&[("SELF_SERVE_TRIGGER", "t"), ("INPUT", "ask"), ("plain", "end")], &[("t", "ask")]);
    new.definition["nodes"][1]["config"] = json!({"type": "INPUT", "outlets": [{"identifier": "yes"}],
        "userInputs": {"properties": {}, "buttons": [{"identifier": "yes"}]}});
    let ways = new.definition["connections"].as_array_mut().unwrap();
    ways.push(json!({"sourceIdentifier": "ask", "targetIdentifier": "end", "sourceOutletIdentifier": "yes"}));
    let run = stage.portal.start_run(new).await.unwrap();
    let waits = |run: &stagedoor_portal::Run| run.steps.iter().any(|step| step.state == StepState::Reported);
    stage.until(&run.id, waits).await;
    // Past its limit, and through a crash.
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    let stage = stage.crash().await;
    assert_eq!(stage.until(&run.id, waits).await.status, RunStatus::InProgress);
    let node = node_run_id(&run.id, "ask");
    let answered = stage.portal.answer_node_run(&admin(), &node, "yes", Map::new()).await.unwrap();
    assert_eq!(answered.output["responses"][0]["button"], Value::from("yes"));
    stage.ends(&run.id, RunStatus::Success).await;
    assert_eq!(stage.plain.count(), 1);
}
