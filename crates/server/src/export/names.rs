//! Names of files and folders from names that somebody else has chosen.

use sha2::{Digest as _, Sha256};

/// Longer ones are cut short by some file systems, or by an extension.
const LONGEST: usize = 120;
/// Names that some systems keep for themselves.
const RESERVED: [&str; 4] = ["con", "prn", "aux", "nul"];

/// A namespace or kind as the name of a folder.
pub(super) fn folder_name(name: &str) -> String {
    let lower = name.to_lowercase();
    let legal = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if is_usual(&lower) && lower.chars().all(legal) { lower } else { stand_in(name) }
}

/// An entity's name as the name of its file, without the extension.
pub(super) fn name_of(name: &str, reference: &str) -> String {
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if is_usual(name) && name.chars().all(legal) { name.to_owned() } else { stand_in(reference) }
}

/// What stands for a name that cannot be one.
pub(super) fn stand_in(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    let hash: String = digest.iter().take(12).map(|byte| format!("{byte:02x}")).collect();
    format!("x-{hash}")
}

/// Begins and ends with a letter or digit, and no system takes it for something else.
fn is_usual(name: &str) -> bool {
    let ends = [name.chars().next(), name.chars().next_back()];
    let stem = name.split('.').next().unwrap_or_default().to_lowercase();
    let numbered = |of: &str| stem.strip_prefix(of).is_some_and(|n| n.len() == 1 && n != "0");
    ends.iter().all(|c| c.is_some_and(|c| c.is_ascii_alphanumeric()))
        && name.len() <= LONGEST
        && !RESERVED.contains(&stem.as_str())
        && !numbered("com")
        && !numbered("lpt")
}

#[cfg(test)]
mod tests {
    use super::{folder_name, name_of};

    #[test]
    fn names_that_are_no_files_get_others() {
        for name in ["orders", "Orders-2", "a.b_c", "v1.0", "common", "comet"] {
            assert_eq!(name_of(name, "r"), name);
        }
        for name in [
            "",
            ".",
            "..",
            "../x",
            "a/b",
            "a\\b",
            "/etc/passwd",
            "a\0",
            ".hidden",
            "x.",
            "-rf",
            "con",
            "NUL.txt",
            "com1",
            "größe",
            "a b",
            "%2e%2e%2f",
            "a:b",
            "\u{202e}x",
            &"a".repeat(121),
        ] {
            let safe = name_of(name, name);
            assert!(safe.starts_with("x-") && safe.len() == 26, "{name:?}: {safe}");
            assert_ne!(safe, name_of("another", "another of these"));
        }
        assert_eq!(folder_name("Team-A"), "team-a");
        for name in ["catalog-info.yaml", "a.b", "..", "", "a/b"] {
            assert!(folder_name(name).starts_with("x-"), "{name}");
        }
    }
}
