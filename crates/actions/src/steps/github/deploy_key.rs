//! `github:deployKey:create`: a key of the repository alone, and its private half as a secret of the repository.

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Repo, secrets};
use crate::back_ends::answer::said;
use crate::performer::{Call, Description, Effect, Failure, Outcome, Performer, Probe};
use crate::services::Services;
use crate::steps::input::{done, read, say};
use crate::steps::publish::meant;

pub(crate) struct DeployKey;

/// Keys in one answer, and the answers that are read.
const PAGE: usize = 100;
const PAGES: usize = 20;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Input {
    repo_url: String,
    public_key: String,
    private_key: String,
    deploy_key_name: String,
    private_key_secret_name: Option<String>,
    token: Option<String>,
}

impl Input {
    /// Where none is named it is made of the key's: `Deploy Key` becomes `DEPLOY_KEY_PRIVATE_KEY`.
    fn secret_name(&self) -> String {
        match self.private_key_secret_name.as_deref().filter(|name| !name.is_empty()) {
            Some(name) => name.to_owned(),
            None => format!("{}_PRIVATE_KEY", self.deploy_key_name.replace(' ', "_").to_uppercase()),
        }
    }
}

/// The key itself, without the comment that may follow it: GitHub keeps none.
fn bare(key: &str) -> Vec<&str> {
    key.split_whitespace().take(2).collect()
}

impl Repo<'_> {
    /// Lets the key in. One that is there is as good, for a repetition finds it.
    async fn let_key(&self, call: &Call<'_>, services: &Services, input: &Input) -> Result<(), Failure> {
        let body = json!({ "title": input.deploy_key_name, "key": input.public_key });
        let act = self.post(["keys"], body);
        let answer = self.remote.send(&act).await?;
        let text = String::from_utf8_lossy(&answer.body);
        if answer.status == 422 && text.contains("already in use") {
            if self.has_key(&input.public_key).await? {
                say(services, call, "The deploy key is there already");
                return Ok(());
            }
            let why = format!(
                "{}: this key is in use elsewhere, and a deploy key is of one repository",
                said(&answer)
            );
            let failure = meant(&act, answer).err().unwrap_or_else(|| Failure::new(""));
            return Err(Failure { message: format!("the deploy key was not taken: {why}"), ..failure });
        }
        meant(&act, answer).map(drop)
    }

    async fn has_key(&self, key: &str) -> Result<bool, Failure> {
        for page in 1..=PAGES {
            let act =
                self.get(["keys"]).asking("per_page", PAGE.to_string()).asking("page", page.to_string());
            let found = self.remote.ask(&act).await?;
            let found = found.as_array().map(Vec::as_slice).unwrap_or_default();
            if found.iter().any(|known| known["key"].as_str().is_some_and(|known| bare(known) == bare(key))) {
                return Ok(true);
            }
            if found.len() < PAGE {
                break;
            }
        }
        Ok(false)
    }
}

#[async_trait]
impl Performer for DeployKey {
    fn id(&self) -> &'static str {
        "github:deployKey:create"
    }

    fn effect(&self) -> Effect {
        Effect::Outside
    }

    fn describe(&self) -> Description {
        let text = |title: &str| json!({ "type": "string", "title": title });
        Description {
            text: "Creates and stores Deploy Keys",
            input: json!({
                "type": "object",
                "required": ["repoUrl", "publicKey", "privateKey", "deployKeyName"],
                "properties": {
                    "repoUrl": text("Repository Location, such as github.com?repo=reponame&owner=owner"),
                    "publicKey": text("Generated from `ssh-keygen`. Begins with 'ssh-rsa', 'ecdsa-sha2-nistp256', 'ssh-ed25519'..."),
                    "privateKey": text("SSH Private Key generated from `ssh-keygen`"),
                    "deployKeyName": text("Name of the Deploy Key"),
                    "privateKeySecretName": text("Name of the secret that holds the private key. Default: the key's name, as MY_KEY_PRIVATE_KEY"),
                    "token": text("The token to use for authorization to GitHub, in place of the one in integrations"),
                },
            }),
            output: json!({ "type": "object", "properties": {
                "privateKeySecretName": text("The name of the secret that holds the private key"),
            } }),
            examples: vec![(
                "Create and store a Deploy Key",
                "steps:\n  - action: github:deployKey:create\n    name: Create and store a Deploy Key\n    input:\n      repoUrl: github.com?repo=repo&owner=owner\n      publicKey: ${{ parameters.publicKey }}\n      privateKey: ${{ secrets.privateKey }}\n      deployKeyName: Push Tags\n",
            )],
            dry_run: false,
        }
    }

    fn secret_inputs(&self) -> &'static [&'static str] {
        &["privateKey"]
    }

    async fn perform(&self, call: &Call<'_>, services: &Services) -> Result<Outcome, Failure> {
        let input: Input = read(self, call)?;
        let name = input.secret_name();
        secrets::check([&name])?;
        let repo = Repo::of(services, &input.repo_url, input.token.as_deref()).await?;
        repo.let_key(call, services, &input).await?;
        let secret = Map::from_iter([(name.clone(), Value::from(input.private_key.as_str()))]);
        repo.set_secrets(&secret).await?;
        done(json!({ "privateKeySecretName": name }))
    }

    /// The key that was let in is found, and the secret is set again.
    async fn probe(&self, _call: &Call<'_>, _services: &Services) -> Probe {
        Probe::Repeat
    }
}
