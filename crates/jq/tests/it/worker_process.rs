//! A worker and nothing else, for the tests.

fn main() -> std::io::Result<()> {
    stagedoor_jq::worker::run()
}
