//! GITHUB over a fake GitHub made from docs.github.com/rest: actions/workflows ("Create a workflow dispatch event"),
//! actions/workflow-runs, actions/workflow-jobs, repos.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use serde_json::{Value, json};
use stagedoor_actions::{Outcome, Probe};

use crate::fake::{Fake, FakeReply, FakeRequest};
use crate::stage::Stage;

/// What the fake is like.
#[derive(Clone, Default)]
struct State {
    /// It names the run of a dispatch.
    names: bool,
    /// It refuses the question for it, as older servers do.
    old: bool,
    /// The answer to a dispatch, where it is another.
    dispatch: Option<FakeReply>,
    /// Runs that it lists, newest first.
    runs: Vec<Value>,
    /// Runs that a dispatch makes.
    makes: Vec<Value>,
    /// The answers to questions about the run, the last for ever.
    polls: Vec<Value>,
}

struct GitHub {
    fake: Fake,
    state: Arc<Mutex<State>>,
}

fn run(id: u64, title: &str) -> Value {
    json!({
        "id": id, "name": "Deploy", "display_title": title, "event": "workflow_dispatch", "status": "queued",
        "conclusion": null, "html_url": format!("https://github.example/acme/app/actions/runs/{id}"),
    })
}

fn ended(conclusion: &str) -> Value {
    let mut run = run(77, "Deploy");
    (run["status"], run["conclusion"]) = ("completed".into(), conclusion.into());
    run
}

fn error(status: u16, message: &str) -> FakeReply {
    FakeReply::json(&json!({ "message": message, "documentation_url": "https://docs.example" }))
        .and_status(status)
}

fn answer(state: &mut State, request: &FakeRequest) -> FakeReply {
    if request.header("authorization") != Some("Bearer ghp_secret") {
        return error(401, "Bad credentials");
    }
    let path = request.path.trim_start_matches("/api/v3/repos/acme/app");
    match (request.method.as_str(), path) {
        ("GET", "") => FakeReply::json(&json!({ "default_branch": "trunk" })),
        ("GET", "/actions/workflows/deploy.yml/runs") => {
            assert_eq!(request.parameter("event").as_deref(), Some("workflow_dispatch"));
            FakeReply::json(&json!({ "total_count": state.runs.len(), "workflow_runs": state.runs }))
        }
        ("POST", "/actions/workflows/deploy.yml/dispatches") => {
            if let Some(reply) = &state.dispatch {
                return reply.clone();
            }
            let asks = request.json().get("return_run_details").is_some();
            if state.old && asks {
                return error(422, "Invalid request.\n\n\"return_run_details\" is not a permitted key.");
            }
            let made: Vec<Value> = state.makes.drain(..).collect();
            state.runs.splice(0..0, made);
            match state.names && asks {
                true => FakeReply::json(&json!({
                    "workflow_run_id": 77, "run_url": "https://api.github.example/77",
                    "html_url": "https://github.example/acme/app/actions/runs/77",
                })),
                false => FakeReply::status(204),
            }
        }
        ("GET", "/actions/runs/77") => {
            let poll = if state.polls.len() > 1 { state.polls.remove(0) } else { state.polls[0].clone() };
            match poll["status"].as_u64() {
                Some(status) => error(u16::try_from(status).unwrap(), "so it is").with("retry-after", 9),
                None => FakeReply::json(&poll),
            }
        }
        ("GET", "/actions/runs/77/jobs") => FakeReply::json(&json!({ "total_count": 1, "jobs": [{
            "id": 5, "name": "build", "status": "completed", "conclusion": "success",
            "steps": [
                { "name": "Check out", "number": 1, "status": "completed", "conclusion": "success" },
                { "name": "Scale", "number": 2, "status": "completed", "conclusion": "success" },
            ],
        }] })),
        ("GET", "/actions/jobs/5/logs") => FakeReply::status(302)
            .with("location", format!("http://{}/blob/5?sig=x", request.header("host").unwrap())),
        ("POST", "/actions/runs/77/cancel") => FakeReply::json(&json!({})).and_status(202),
        other => panic!("{other:?}"),
    }
}

impl GitHub {
    async fn start(state: State) -> Self {
        let state = Arc::new(Mutex::new(state));
        let shared = Arc::clone(&state);
        let fake = Fake::start(move |request| {
            if request.path.starts_with("/blob/") {
                assert_eq!(request.header("authorization"), None, "a credential went to another host");
                return FakeReply::ok(
                    "\u{feff}2026-01-01T00:00:00.1Z scaled to 5\n2026-01-01T00:00:01Z done\n",
                );
            }
            answer(&mut shared.lock(), request)
        })
        .await;
        Self { fake, state }
    }

    fn stage(&self) -> Stage {
        self.stage_with("ghp_secret")
    }

    fn stage_with(&self, token: &str) -> Stage {
        let base = self.fake.url("/api/v3");
        Stage::hosted(&json!({ "github": [{ "host": self.fake.host, "apiBaseUrl": base, "token": token }] }))
    }
}

fn input(more: Value) -> Value {
    let mut input = json!({ "type": "GITHUB", "org": "acme", "repo": "app", "workflow": "deploy.yml" });
    input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    input
}

#[tokio::test]
async fn a_workflow_is_dispatched_and_followed_to_its_end() {
    let mut working = run(77, "Deploy");
    working["status"] = "in_progress".into();
    let github =
        GitHub::start(State { names: true, polls: vec![working, ended("success")], ..State::default() })
            .await;
    let stage = github.stage();
    let input = input(json!({ "workflowInputs": {
        "replicas": 5, "dry": false, "who": { "a": [1.0] }, "none": null, "text": "t",
    } }));
    let outcome = stage.perform(&input).await.unwrap();
    let Outcome::Following { handle, report, .. } = outcome else { panic!("{outcome:?}") };
    assert_eq!(report.external_run_id.as_deref(), Some("77"));
    assert_eq!(report.link.unwrap(), ["https://github.example/acme/app/actions/runs/77"]);
    let sent = github.fake.take();
    let sent = sent.iter().find(|request| request.method == "POST").unwrap();
    assert_eq!(
        sent.json(),
        json!({
            "ref": "trunk", "return_run_details": true,
            "inputs": { "replicas": "5", "dry": "false", "who": "{\"a\":[1]}", "text": "t" },
        })
    );
    let outcome = stage.to_the_end(&input, handle).await.unwrap();
    let Outcome::Done { output, report } = outcome else { panic!("{outcome:?}") };
    assert_eq!(output["conclusion"], "success");
    assert_eq!(report.status_label.as_deref(), Some("success"));
    assert_eq!(
        stage.log(),
        [
            "Info: dispatched deploy.yml of acme/app",
            "Info: build: Check out: success",
            "Info: build: Scale: success",
            "Info: build: success",
            "Info: scaled to 5",
            "Info: done",
        ]
    );
}

#[tokio::test]
async fn a_branch_may_be_named_among_the_inputs_as_ports_does() {
    let github = GitHub::start(State { names: true, ..State::default() }).await;
    let stage = github.stage();
    let input =
        input(json!({ "workflowInputs": { "ref": "release", "a": "b" }, "reportWorkflowStatus": false }));
    let Outcome::Reported { report } = stage.perform(&input).await.unwrap() else { panic!() };
    assert_eq!(report.external_run_id.as_deref(), Some("77"));
    let asked = github.fake.take();
    assert_eq!(asked.last().unwrap().json()["ref"], "release");
    assert_eq!(asked.last().unwrap().json()["inputs"], json!({ "a": "b" }));
    assert!(!asked.iter().any(|request| request.path.ends_with("/app")), "no need for the default branch");
}

#[tokio::test]
async fn a_server_that_does_not_name_the_run_is_searched_for_it() {
    let makes = vec![run(77, "Deploy")];
    let state = State {
        old: true,
        runs: vec![run(70, "before")],
        makes,
        polls: vec![ended("success")],
        ..State::default()
    };
    let github = GitHub::start(state).await;
    let stage = github.stage();
    let handle = stage.begun(&input(json!({}))).await;
    assert_eq!(handle["after"], 70);
    let Outcome::Following { handle, .. } = stage.follow(&input(json!({})), &handle).await.unwrap() else {
        panic!()
    };
    assert_eq!(handle, json!({ "run": 77 }));
    assert!(matches!(stage.to_the_end(&input(json!({})), handle).await, Ok(Outcome::Done { .. })));
}

#[tokio::test]
async fn of_several_runs_only_the_named_one_is_followed() {
    let state = State { runs: vec![run(78, "b"), run(77, "a"), run(70, "before")], ..State::default() };
    let github = GitHub::start(state).await;
    let stage = github.stage();
    let handle = json!({ "since": "2026-01-01T00:00:00Z", "after": 70, "tries": 0 });
    let outcome = stage.follow(&input(json!({})), &handle).await.unwrap();
    assert!(matches!(outcome, Outcome::Reported { .. }), "{outcome:?}");
    assert!(stage.log()[0].contains("several runs"));
    github.state.lock().runs[1]["display_title"] = "Scale for r_0123456789abcdef".into();
    let outcome = stage.follow(&input(json!({})), &handle).await.unwrap();
    assert!(matches!(&outcome, Outcome::Following { handle, .. } if handle["run"] == 77), "{outcome:?}");
    // After a crash the name tells, too; an empty list tells that nothing was dispatched; anything else tells nothing.
    let Probe::Happened(outcome) = stage.probe(&input(json!({}))).await else { panic!() };
    assert!(matches!(*outcome, Outcome::Following { handle, .. } if handle["run"] == 77));
    github.state.lock().runs[1]["display_title"] = "a".into();
    assert_eq!(stage.probe(&input(json!({}))).await, Probe::Unknown);
    github.state.lock().runs.clear();
    assert_eq!(stage.probe(&input(json!({}))).await, Probe::DidNot);
}

#[tokio::test]
async fn how_it_ends_is_how_the_step_ends() {
    for (conclusion, good) in
        [("neutral", true), ("failure", false), ("timed_out", false), ("startup_failure", false)]
    {
        let github = GitHub::start(State { polls: vec![ended(conclusion)], ..State::default() }).await;
        let stage = github.stage();
        let outcome = stage.follow(&input(json!({})), &json!({ "run": 77 })).await;
        match outcome {
            Ok(Outcome::Done { .. }) => assert!(good, "{conclusion}"),
            Err(failure) => {
                assert!(!good && failure.retry.is_none(), "{conclusion}");
                assert!(failure.message.contains(conclusion) && failure.message.contains("/runs/77"));
            }
            other => panic!("{other:?}"),
        }
    }
    let github = GitHub::start(State { polls: vec![ended("cancelled")], ..State::default() }).await;
    let stage = github.stage();
    assert_eq!(stage.follow(&input(json!({})), &json!({ "run": 77 })).await, Ok(Outcome::Cancelled));
    stage.cancel(&input(json!({})), Some(&json!({ "run": 77 }))).await.unwrap();
    assert_eq!(github.fake.asked().last().unwrap(), "POST /api/v3/repos/acme/app/actions/runs/77/cancel");
}

#[tokio::test]
async fn a_refused_dispatch_says_why_and_whether_to_try_again() {
    let limit = |status| error(status, "API rate limit exceeded").with("x-ratelimit-remaining", 0);
    for (reply, retry, unclear, said) in [
        (error(401, "Bad credentials"), false, false, "credential is missing, wrong"),
        (error(403, "Resource not accessible by integration"), false, false, "may not do this"),
        (error(404, "Not Found"), false, false, "may not be seen"),
        (
            error(422, "Workflow does not have 'workflow_dispatch' trigger"),
            false,
            false,
            "'workflow_dispatch' trigger",
        ),
        (error(429, "slow down").with("retry-after", 3), true, false, "status 429"),
        (limit(403), true, false, "rate limit"),
        (error(503, "unavailable"), true, false, "status 503"),
        (error(500, "oops"), false, true, "status 500"),
        (error(502, "oops"), false, true, "status 502"),
    ] {
        let github = GitHub::start(State { dispatch: Some(reply), ..State::default() }).await;
        let failure = github.stage().perform(&input(json!({ "ref": "main" }))).await.unwrap_err();
        assert_eq!((failure.retry.is_some(), failure.unclear), (retry, unclear), "{}", failure.message);
        assert!(failure.message.contains(said), "{}", failure.message);
        assert!(!format!("{failure:?}").contains("ghp_secret"));
    }
    let github = GitHub::start(State::default()).await;
    let failure = github.stage_with("wrong").perform(&input(json!({}))).await.unwrap_err();
    assert!(failure.message.contains("credential"), "{}", failure.message);
}

#[tokio::test]
async fn while_it_is_followed_what_goes_away_is_waited_for() {
    for (status, again) in [(401, true), (403, true), (429, true), (500, true), (503, true), (404, false)] {
        let github =
            GitHub::start(State { polls: vec![json!({ "status": status })], ..State::default() }).await;
        let failure = github.stage().follow(&input(json!({})), &json!({ "run": 77 })).await.unwrap_err();
        assert_eq!(failure.retry.is_some(), again, "{status}: {failure:?}");
        if status == 429 {
            assert_eq!(failure.retry, Some(Duration::from_secs(9)));
        }
    }
}

#[tokio::test]
async fn what_leads_elsewhere_is_refused_before_anything_is_sent() {
    let github = GitHub::start(State::default()).await;
    let stage = github.stage();
    for (more, said) in [
        (json!({ "org": "acme/../other" }), "invocationMethod.org"),
        (json!({ "repo": "app?x" }), "invocationMethod.repo"),
        (json!({ "repo": ".." }), "invocationMethod.repo"),
        (json!({ "workflow": "a%2fb" }), "invocationMethod.workflow"),
        (json!({ "workflow": "" }), "this is required"),
        (json!({ "workflowInputs": [] }), "an object is expected"),
        (json!({ "host": "elsewhere.example" }), "no host elsewhere.example in integrations.github"),
    ] {
        let failure = stage.perform(&input(more.clone())).await.unwrap_err();
        assert!(failure.message.contains(said), "{more}: {}", failure.message);
    }
    assert_eq!(github.fake.asked(), Vec::<String>::new());
    let none = Stage::hosted(&json!({})).perform(&input(json!({}))).await.unwrap_err();
    assert!(none.message.contains("no credential in integrations.github"), "{}", none.message);
}
