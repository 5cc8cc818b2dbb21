//! Writing YAML.

pub use stagedoor_ingest::yaml::to_yaml;
