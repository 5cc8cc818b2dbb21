//! The web UI is embedded as it is at build time: build again when it has changed, also when it was not there before.

fn main() {
    println!("cargo:rerun-if-changed=../../ui/dist");
    println!("cargo:rerun-if-changed=build.rs");
}
