//! Entities that are copied, handed over as documents in batches.

use anyhow::bail;
use serde_json::Value;
use stagedoor_portal::to_yaml;

use super::summary::Summary;
use crate::catalog_api::Door;

const DOCUMENTS: &str = "/api/stagedoor/v1/documents";
/// A batch is handed over when it has so many documents or bytes. A portal takes 10 MiB.
const MOST: usize = 500;
const MOST_BYTES: usize = 4 * 1024 * 1024;
/// How a refusal begins to end where a source of the portal says the entity, as the portal words it.
const OWNED: &str = "belongs to its source";

/// A batch in the making.
pub(super) struct Documents<'d> {
    to: &'d Door,
    path: String,
    references: Vec<String>,
    text: String,
}

impl<'d> Documents<'d> {
    pub(super) fn new(to: &'d Door, ask_only: bool) -> Self {
        let path = if ask_only { format!("{DOCUMENTS}?dryRun=true") } else { DOCUMENTS.to_owned() };
        Self { to, path, references: Vec::new(), text: String::new() }
    }

    pub(super) async fn add(
        &mut self,
        reference: String,
        document: &Value,
        summary: &mut Summary,
    ) -> anyhow::Result<()> {
        let text = to_yaml(document);
        if self.references.len() >= MOST || self.text.len() + text.len() > MOST_BYTES {
            self.flush(summary).await?;
        }
        self.references.push(reference);
        self.text.push_str("---\n");
        self.text.push_str(&text);
        Ok(())
    }

    /// Hands over what there is.
    pub(super) async fn flush(&mut self, summary: &mut Summary) -> anyhow::Result<()> {
        let (references, text) = (std::mem::take(&mut self.references), std::mem::take(&mut self.text));
        if references.is_empty() {
            return Ok(());
        }
        let answer = self.to.post(&self.path, "application/yaml", text).await?;
        match answer.status {
            200 | 207 | 422 => {}
            413 if references.len() == 1 => {
                summary.refused.extend(references.into_iter().map(|reference| (reference, answer.words())));
                return Ok(());
            }
            401 | 403 => drop(self.to.json(&answer, DOCUMENTS)?),
            status => {
                bail!("{}{DOCUMENTS} answered with status {status}: {}", self.to.name(), answer.words())
            }
        }
        let report: Value = serde_json::from_slice(&answer.body)?;
        let list = |key: &str| report.get(key).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let counted = ["created", "changed", "unchanged", "rejected"].map(|key| list(key).len());
        if counted.iter().sum::<usize>() != references.len() {
            bail!("{}{DOCUMENTS} did not say what became of {} documents", self.to.name(), references.len());
        }
        summary.created += counted[0];
        summary.changed += counted[1];
        summary.unchanged += counted[2];
        for refused in list("rejected") {
            let index = refused.get("index").and_then(Value::as_u64).and_then(|at| usize::try_from(at).ok());
            let reference = index.and_then(|at| references.get(at)).cloned().unwrap_or_default();
            let message = refused.get("message").and_then(Value::as_str).unwrap_or_default().to_owned();
            match message.contains(OWNED) {
                true => summary.kept.push(reference),
                false => summary.refused.push((reference, message)),
            }
        }
        Ok(())
    }
}
