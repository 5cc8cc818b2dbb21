//! Prints every document of the files given as one JSON line each.
#![allow(clippy::print_stdout)]
use std::io::Read;
fn main() {
    // frames: 4-byte LE length + bytes; answers one JSON line per frame
    let mut all = Vec::new();
    let _ = std::io::stdin().read_to_end(&mut all);
    let mut at = 0;
    while at + 4 <= all.len() {
        let n = u32::from_le_bytes([all[at], all[at + 1], all[at + 2], all[at + 3]]) as usize;
        let text = String::from_utf8_lossy(&all[at + 4..at + 4 + n]).into_owned();
        at += 4 + n;
        let docs: Vec<serde_json::Value> = stagedoor_ingest::yaml::parse(&text)
            .into_iter()
            .map(|d| match d.root {
                Ok(n) => serde_json::json!({"ok": n.to_value(), "line": d.line}),
                Err(e) => serde_json::json!({"error": e.to_string(), "line": d.line}),
            })
            .collect();
        println!("{}", serde_json::Value::Array(docs));
    }
}
