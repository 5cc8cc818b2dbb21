//! Programs in rules of scorecards that loop or take all memory, with the workers that run them in earnest.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::running::Server;

fn send(address: &str, method: &str, path: &str, body: &Value) -> (u16, Value) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let body = body.to_string();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
         connection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(body.as_bytes()).unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let status = text.split(' ').nth(1).unwrap().parse().unwrap();
    let (head, content) = text.split_once("\r\n\r\n").unwrap();
    assert!(!head.contains("chunked"), "{head}");
    (status, serde_json::from_str(content).unwrap_or_default())
}

fn card(programs: &[&str]) -> Value {
    let rule = |(i, program): (usize, &&str)| {
        json!({"identifier": format!("r{i}"), "title": "R", "level": "Gold",
            "query": {"combinator": "and", "conditions": [{"jq": program}]}})
    };
    let rules: Vec<Value> = programs.iter().enumerate().map(rule).collect();
    json!({"identifier": "bad", "title": "Bad", "rules": rules})
}

#[test]
fn rules_that_loop_or_explode_stall_nobody() {
    let server = Server::start(&["--dev"], &[]);
    let ask = |method: &str, path: &str, body: &Value| send(&server.address, method, path, body);
    let schema = json!({"properties": {"n": {"type": "number"}}});
    let made = ask("POST", "/v1/blueprints", &json!({"identifier": "job", "title": "Job", "schema": schema}));
    assert_eq!(made.0, 201, "{}", made.1);
    for i in 0..40 {
        let entity = json!({"identifier": format!("j{i}"), "properties": {"n": i}});
        assert_eq!(ask("POST", "/v1/blueprints/job/entities", &entity).0, 201);
    }
    // What never ends, or takes all memory, whoever it is asked about, is refused with its place.
    let scorecards = "/v1/blueprints/job/scorecards";
    let endless = [
        "def f: f; f",
        ". != null",
        "[range(1e12)] | length > 1",
        "\"x\" | until(false; . + .) | length > 1",
    ];
    let (status, refused) = ask("POST", scorecards, &card(&endless));
    assert_eq!(status, 422, "{refused}");
    let problems = refused["details"]["problems"].as_array().unwrap();
    let places: Vec<&str> = problems.iter().map(|problem| problem["path"].as_str().unwrap()).collect();
    assert_eq!(places, [0, 2, 3].map(|i| format!("/rules/{i}/query/conditions/0/jq")), "{refused}");

    // What does so for some entities only is found out when it is asked, and told.
    let some = [
        "if .properties.n == null then true else (def f: f; f) end",
        "if .properties.n == null then true else (\"a\" * 1e12 | length > 1) end",
        ".properties.n < 20",
    ];
    let (status, made) = ask("POST", scorecards, &card(&some));
    assert_eq!(status, 201, "{made}");
    std::thread::scope(|scope| {
        let looking = scope.spawn(|| ask("GET", "/api/stagedoor/v1/scorecards/job/bad", &json!({})));
        for i in 0..10 {
            let begun = Instant::now();
            let entity = json!({"identifier": format!("x{i}"), "title": "X", "properties": {}});
            assert_eq!(ask("POST", "/v1/blueprints/job/entities?upsert=true", &entity).0, 201);
            assert_eq!(ask("GET", "/v1/blueprints", &json!({})).0, 200);
            assert!(begun.elapsed() < Duration::from_secs(5), "request {i} took {:?}", begun.elapsed());
        }
        let (status, one) = looking.join().unwrap();
        assert_eq!(status, 200, "{one}");
        let told: Vec<&str> =
            one["problems"].as_array().unwrap().iter().map(|p| p["path"].as_str().unwrap()).collect();
        assert!(told.contains(&"/rules/0/query/conditions/0/jq"), "{one}");
        assert_eq!(one["rules"][2]["passed"], 20, "what can be asked is answered: {one}");
        assert!(one["rules"][0]["notMeasured"].as_u64().unwrap() >= 40, "{one}");
    });
    let begun = Instant::now();
    assert_eq!(ask("GET", "/api/stagedoor/v1/scorecards", &json!({})).0, 200);
    assert!(begun.elapsed() < Duration::from_secs(3), "what took too long is not asked again");
}
