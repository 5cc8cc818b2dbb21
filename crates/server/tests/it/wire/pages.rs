//! The pages live under the policy that they are served with.

use std::path::Path;

/// `ui/index.html`, from which the build makes its page, and what is copied beside it.
#[test]
fn no_page_has_a_script_of_its_own() {
    let ui = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../ui");
    let pages = ["index.html", "dist/index.html"].map(|name| ui.join(name));
    for page in pages.iter().filter(|page| page.exists()) {
        let text = std::fs::read_to_string(page).unwrap().to_lowercase();
        let scripts = text.matches("<script").count();
        assert!(scripts > 0, "{}", page.display());
        for script in text.split("<script").skip(1) {
            let (tag, rest) = script.split_once('>').unwrap();
            assert!(tag.contains(" src="), "{}: a script without a file: {tag}", page.display());
            assert!(rest.trim_start().starts_with("</script>"), "{}: {tag}", page.display());
        }
        for handler in [" onload=", " onclick=", " onerror=", "javascript:", "<base", "http-equiv"] {
            assert!(!text.contains(handler), "{}: {handler}", page.display());
        }
    }
}
