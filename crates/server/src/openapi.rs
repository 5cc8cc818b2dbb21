//! The OpenAPI documents, generated from the routes and committed under `openapi/`.

use std::path::Path;

/// File name and content of each document.
///
/// # Errors
/// When one cannot be serialised.
pub fn documents() -> anyhow::Result<Vec<(&'static str, String)>> {
    let all = [
        ("native.json", stagedoor_api_native::openapi()),
        ("port.json", stagedoor_api_port::openapi()),
        ("backstage.json", stagedoor_api_backstage::openapi()),
    ];
    all.into_iter().map(|(name, document)| Ok((name, document.to_pretty_json()? + "\n"))).collect()
}

/// Writes them into a folder.
///
/// # Errors
/// When a file cannot be written.
pub fn write(folder: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder)?;
    for (name, text) in documents()? {
        std::fs::write(folder.join(name), text)?;
    }
    Ok(())
}
