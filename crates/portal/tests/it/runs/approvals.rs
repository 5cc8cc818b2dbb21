//! Who may approve what, and who sees what: attack cases 9 and 10.

use serde_json::json;
use stagedoor_auth::Viewer;
use stagedoor_portal::{
    Approval, ApprovalMode, NewRun, PortalError, RunPatch, RunQuery, RunStatus, Verdict, Visibility,
};

use super::scripted::{STARTER, Stage, admin, new_run};

const ANNA: &str = "anna@larkfell.example";
const BEN: &str = "ben@larkfell.example";

/// Makes people of these addresses.
async fn people(stage: &Stage) {
    for email in [STARTER, ANNA, BEN, "mia@larkfell.example"] {
        let body = json!({ "email": email, "status": "Active" });
        make_person(stage, body).await;
    }
}

async fn make_person(stage: &Stage, body: serde_json::Value) {
    let email = body["email"].as_str().unwrap().to_owned();
    let properties = json!({ "status": "Active", "port_role": "Member" });
    let request = stagedoor_portal::WriteRequest {
        blueprint: "_user".into(),
        mode: stagedoor_portal::WriteMode::UpsertMerge,
        create_missing: false,
        validation_only: false,
        datasource: None,
        entities: vec![json!({ "identifier": email, "title": email, "properties": properties })],
    };
    let written = stage.portal.write_entities(&admin(), request).await.unwrap();
    written.into_iter().for_each(|one| drop(one.unwrap()));
}

fn asking(mode: ApprovalMode, approvers: &[&str]) -> NewRun {
    let approvers = approvers.iter().map(|email| (*email).to_owned()).collect();
    let approval = Some(Approval { mode, approvers, ..Approval::default() });
    NewRun { approval, visibility: Visibility { anyone: false }, ..new_run(&[("outside", json!({}))]) }
}

async fn answer(stage: &Stage, who: &str, run: &str, verdict: Verdict) -> Result<RunStatus, PortalError> {
    let viewer = Viewer::person(who);
    stage.portal.answer_approval(&viewer, run, verdict, None).await.map(|run| run.status)
}

#[tokio::test(flavor = "multi_thread")]
async fn one_yes_is_enough_or_everybody_is_asked() {
    let stage = Stage::new().await;
    people(&stage).await;
    let run = stage.portal.start_run(asking(ApprovalMode::Any, &[ANNA, BEN])).await.unwrap();
    assert_eq!((run.status, stage.outside.count()), (RunStatus::WaitingForApproval, 0));
    assert_eq!(stage.portal.approvals_of(&Viewer::person(ANNA)).unwrap().len(), 1);
    assert_eq!(answer(&stage, BEN, &run.id, Verdict::Approve).await, Ok(RunStatus::InProgress));
    stage.ends(&run.id, RunStatus::Success).await;
    assert!(stage.portal.approvals_of(&Viewer::person(ANNA)).unwrap().is_empty());
    let late = answer(&stage, ANNA, &run.id, Verdict::Decline).await.unwrap_err();
    assert!(late.to_string().contains("does not wait"), "{late}");

    let run = stage.portal.start_run(asking(ApprovalMode::All, &[ANNA, BEN])).await.unwrap();
    assert_eq!(answer(&stage, ANNA, &run.id, Verdict::Approve).await, Ok(RunStatus::WaitingForApproval));
    let again = answer(&stage, ANNA, &run.id, Verdict::Approve).await.unwrap_err();
    assert!(again.to_string().contains("answered already"), "{again}");
    let approvers = stage.portal.approvers(&Viewer::person(BEN), &run.id, true).unwrap();
    assert_eq!(approvers.iter().map(|a| a.answer.is_some()).collect::<Vec<_>>(), [true, false]);
    assert_eq!(stage.portal.approvers(&Viewer::person(BEN), &run.id, false).unwrap().len(), 1);
    // An approval that waits survives a crash.
    let stage = stage.crash().await;
    assert_eq!(answer(&stage, BEN, &run.id, Verdict::Approve).await, Ok(RunStatus::InProgress));
    stage.ends(&run.id, RunStatus::Success).await;

    let run = stage.portal.start_run(asking(ApprovalMode::All, &[ANNA, BEN])).await.unwrap();
    assert_eq!(answer(&stage, BEN, &run.id, Verdict::Decline).await, Ok(RunStatus::Declined));
    assert!(answer(&stage, ANNA, &run.id, Verdict::Approve).await.is_err());
    assert_eq!(stage.outside.count(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_approves_what_is_not_theirs_to_approve() {
    let stage = Stage::new().await;
    people(&stage).await;
    let run = stage.portal.start_run(asking(ApprovalMode::Any, &[STARTER, ANNA])).await.unwrap();
    let own = answer(&stage, STARTER, &run.id, Verdict::Approve).await.unwrap_err();
    assert!(matches!(&own, PortalError::Forbidden(why) if why.contains("you set this run going")), "{own}");
    // Whoever may not even see it is told that there is none.
    let other = answer(&stage, "mia@larkfell.example", &run.id, Verdict::Approve).await.unwrap_err();
    assert!(matches!(other, PortalError::NotFound(_)), "{other}");
    let open = NewRun { visibility: Visibility { anyone: true }, ..asking(ApprovalMode::Any, &[ANNA]) };
    let open = stage.portal.start_run(open).await.unwrap();
    let other = answer(&stage, "mia@larkfell.example", &open.id, Verdict::Approve).await.unwrap_err();
    assert!(matches!(other, PortalError::Forbidden(_)), "{other}");
    // Not by way of a report, its end or a retry either.
    let starter = Viewer::person(STARTER);
    let success = RunPatch { status: Some(RunStatus::Success), ..RunPatch::default() };
    assert!(stage.portal.report_run(&starter, &run.id, success).await.is_err());
    stage.portal.cancel_run(&starter, &run.id).await.unwrap();
    assert!(stage.portal.retry_run(&starter, &run.id, &serde_json::Map::new()).await.is_err());
    assert_eq!(stage.outside.count(), 0);
    // Where it is allowed, it is.
    let mut new = asking(ApprovalMode::Any, &[STARTER]);
    new.approval.as_mut().unwrap().own = true;
    let own = stage.portal.start_run(new).await.unwrap();
    assert_eq!(answer(&stage, STARTER, &own.id, Verdict::Approve).await, Ok(RunStatus::InProgress));
    stage.ends(&own.id, RunStatus::Success).await;
    // Administrators answer where nobody is named; the machine that started it does not.
    let mut new = asking(ApprovalMode::Any, &[]);
    new.starter = stagedoor_portal::starter(&admin(), stagedoor_portal::RunOrigin::Api);
    let machine = stage.portal.start_run(new).await.unwrap();
    let refused = stage.portal.answer_approval(&admin(), &machine.id, Verdict::Approve, None).await;
    assert!(matches!(refused, Err(PortalError::Forbidden(_))), "{refused:?}");
    let other = Viewer::machine("another");
    stage.portal.answer_approval(&other, &machine.id, Verdict::Approve, None).await.unwrap();
    stage.ends(&machine.id, RunStatus::Success).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_approved_is_what_was_asked_for() {
    let stage = Stage::new().await;
    people(&stage).await;
    let mut new = asking(ApprovalMode::Any, &[ANNA]);
    new.inputs.insert("replicas".into(), json!(3));
    let run = stage.portal.start_run(new).await.unwrap();
    // Nothing that a client may say of a run changes what it was given, nor its definition.
    let patch = RunPatch { summary: Some("{\"replicas\": 300}".into()), ..RunPatch::default() };
    let _ = stage.portal.report_run(&Viewer::person(STARTER), &run.id, patch).await;
    answer(&stage, ANNA, &run.id, Verdict::Approve).await.unwrap();
    let after = stage.ends(&run.id, RunStatus::Success).await;
    assert_eq!((&after.inputs, &after.definition), (&run.inputs, &run.definition));
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_of_others_are_as_if_they_were_not_there() {
    let stage = Stage::new().await;
    people(&stage).await;
    let hidden = NewRun { visibility: Visibility { anyone: false }, ..new_run(&[("plain", json!({}))]) };
    let hidden = stage.portal.start_run(hidden).await.unwrap();
    let open = stage.start(&[("plain", json!({}))]).await;
    for id in [&hidden.id, &open.id] {
        stage.ends(id, RunStatus::Success).await;
    }
    let mia = Viewer::person("mia@larkfell.example");
    let absent = stage.portal.run(&mia, "r_0000000000000000").unwrap_err().to_string();
    let told = stage.portal.run(&mia, &hidden.id).unwrap_err().to_string();
    assert_eq!(told.replace(&hidden.id, "X"), absent.replace("r_0000000000000000", "X"));
    let all = RunQuery { limit: 100, ..RunQuery::default() };
    let seen = |viewer: &Viewer| stage.portal.runs(viewer, &all).unwrap().total;
    assert_eq!((seen(&mia), seen(&Viewer::person(STARTER)), seen(&admin())), (1, 2, 2));
    assert!(stage.portal.run_logs(&mia, &hidden.id, None, 0, 10).await.is_err());
    assert!(stage.portal.run_events(&mia, &hidden.id, None).is_err());
    assert!(stage.portal.cancel_run(&mia, &hidden.id).await.is_err());
    // Seeing is not changing.
    let patch = || RunPatch { summary: Some("mine".into()), ..RunPatch::default() };
    let forged = stage.portal.report_run(&mia, &open.id, patch()).await;
    assert!(matches!(forged, Err(PortalError::Forbidden(_))), "{forged:?}");
    assert!(stage.portal.log_run(&mia, &open.id, Vec::new()).await.is_err());
    assert!(stage.portal.claim_runs(&mia, stagedoor_portal::ClaimQuery::default()).await.is_err());
    assert!(stage.portal.ack_runs(&mia, std::slice::from_ref(&open.id)).await.is_err());
}
