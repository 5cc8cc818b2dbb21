use serde_json::json;
use std::time::{Duration, Instant};

#[test]
fn quick() {
    let jq = super::with_workers(Duration::from_millis(500));
    let inputs = [json!({"n": 1}), json!({"n": 0}), json!({"n": 2})];
    for program in ["if .n == 0 then (def f: f; f) else .n end", "if .n == 0 then (def f: 1 + f; f) else .n end", "if .n == 0 then [range(1e12)] else .n end", "if .n == 0 then \"a\" * 1e12 else .n end", "if .n == 0 then [limit(1e9; repeat(1))] else .n end", "if .n == 0 then reduce range(1e9) as $i (.; [.]) else .n end","if .n == 0 then (.. |= ..) else .n end", "if .n == 0 then range(1e9) else .n end"] {
        let start = Instant::now();
        println!("{program} {:?} {:?}", jq.run(program, &inputs), start.elapsed());
    }
    let start = Instant::now();
    println!("{:?} {:?}", jq.run("def f: .n; f", &inputs), start.elapsed());
    let many: Vec<_> = (0..100_000).map(|n| json!({"identifier": n, "properties": {"url": format!("https://a/b/{n}")}})).collect();
    let start = Instant::now();
    let all = jq.run(".properties.url | split(\"/\") | last", &many);
    println!("here {:?} {:?}", all[77], start.elapsed() / 100_000);
    let start = Instant::now();
    let all = jq.run("def f: .properties.url | split(\"/\") | last; f", &many);
    println!("there {:?} {:?}", all[77], start.elapsed() / 100_000);
}
