//! What the configuration says of back ends: `stagedoor.ai`, `stagedoor.kafka`, `stagedoor.terraform` and Backstage's
//! `kubernetes`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;
use stagedoor_auth::Secret;

use super::input::Input;
use crate::performer::Failure;

/// Where back ends find what an action does not name itself.
#[derive(Clone, Debug)]
pub struct BackEndSettings {
    /// Where Azure DevOps is, without a slash at its end.
    pub azure_devops: String,
    /// `stagedoor.ai`.
    pub ai: Option<AiSettings>,
    /// `stagedoor.kafka`.
    pub kafka: Option<KafkaSettings>,
    /// `kubernetes.clusterLocatorMethods[].clusters`.
    pub clusters: Vec<Cluster>,
    /// `stagedoor.terraform`.
    pub terraform: TerraformSettings,
}

/// Where models are asked: a server that speaks the chat-completions API.
#[derive(Clone, Debug)]
pub struct AiSettings {
    /// Its address up to `/chat/completions`, without a slash at its end.
    pub base_url: String,
    /// What lets us in, where it is needed.
    pub api_key: Option<Secret>,
    /// The model that is asked where a node names none.
    pub model: Option<String>,
    /// For one answer.
    pub patience: Duration,
}

/// A Kafka to publish to.
#[derive(Clone, Debug)]
pub struct KafkaSettings {
    /// `host:port` of one or more brokers.
    pub brokers: Vec<(String, u16)>,
    /// Speak TLS.
    pub tls: bool,
    /// A PEM file of certificate authorities, in place of those of the system.
    pub authorities: Option<PathBuf>,
    /// Who we are: SASL's PLAIN.
    pub sasl: Option<(String, Secret)>,
    /// Topic, where it is not `<organization>.runs`.
    pub topic: Option<String>,
}

/// A cluster that jobs may be run in.
#[derive(Clone, Debug)]
pub struct Cluster {
    /// As actions name it.
    pub name: String,
    /// Of its API.
    pub url: String,
    /// Of a service account.
    pub token: Option<Secret>,
    /// Its certificate authority: PEM.
    pub authorities: Option<String>,
    /// Believe any certificate.
    pub anyone: bool,
}

/// How Terraform is run.
#[derive(Clone, Debug)]
pub struct TerraformSettings {
    /// Address of Terraform Cloud or Enterprise.
    pub address: String,
    /// A token of it.
    pub token: Option<Secret>,
    /// Whether programs on this machine may be run.
    pub local: bool,
    /// Which one; found on the path where it is none.
    pub program: Option<PathBuf>,
    /// Whether it may download plug-ins.
    pub downloads: bool,
    /// A folder of plug-ins that are there already.
    pub plugins: Option<PathBuf>,
    /// Folders whose configurations actions may name.
    pub folders: Vec<PathBuf>,
    /// Where states and plans are kept.
    pub state: Option<PathBuf>,
    /// For each of its steps.
    pub patience: Duration,
}

impl Default for TerraformSettings {
    fn default() -> Self {
        Self {
            address: "https://app.terraform.io".to_owned(),
            token: None,
            local: false,
            program: None,
            downloads: false,
            plugins: None,
            folders: Vec::new(),
            state: None,
            patience: Duration::from_secs(600),
        }
    }
}

impl Default for BackEndSettings {
    fn default() -> Self {
        Self {
            azure_devops: "https://dev.azure.com".to_owned(),
            ai: None,
            kafka: None,
            clusters: Vec::new(),
            terraform: TerraformSettings::default(),
        }
    }
}

impl TerraformSettings {
    /// Takes relative paths from a folder: that of the file that says them.
    pub fn below(&mut self, folder: &Path) {
        let single = [&mut self.program, &mut self.plugins, &mut self.state].into_iter().flatten();
        for path in single.chain(&mut self.folders) {
            *path = folder.join(&*path);
        }
    }
}

impl BackEndSettings {
    /// Reads `stagedoor` and `kubernetes` of the configuration. Problems name their keys.
    #[must_use]
    pub fn read(stagedoor: Option<&Value>, kubernetes: Option<&Value>) -> (Self, Vec<String>) {
        let mut problems = Vec::new();
        let mut settings = Self::default();
        let at = |key: &str| stagedoor.and_then(|value| value.get(key)).filter(|value| !value.is_null());
        if let Some(value) = at("ai") {
            settings.ai = kept(ai(value), &mut problems);
        }
        if let Some(value) = at("kafka") {
            settings.kafka = kept(kafka(value), &mut problems);
        }
        if let Some(value) = at("terraform") {
            settings.terraform = kept(terraform(value), &mut problems).unwrap_or_default();
        }
        let methods = kubernetes.and_then(|value| value["clusterLocatorMethods"].as_array());
        for (m, method) in methods.into_iter().flatten().enumerate() {
            for (c, entry) in method["clusters"].as_array().into_iter().flatten().enumerate() {
                let place = format!("kubernetes.clusterLocatorMethods[{m}].clusters[{c}]");
                settings.clusters.extend(kept(Cluster::read(entry, &place), &mut problems));
            }
        }
        (settings, problems)
    }
}

fn kept<T>(read: Result<T, Failure>, problems: &mut Vec<String>) -> Option<T> {
    read.map_err(|failure| problems.push(failure.message)).ok()
}

fn ai(value: &Value) -> Result<AiSettings, Failure> {
    let fields = Input::of(value, "stagedoor.ai");
    let base_url = fields.required("baseUrl")?;
    let web = url::Url::parse(&base_url).is_ok_and(|url| matches!(url.scheme(), "https" | "http"));
    if !web {
        return Err(fields.wrong("baseUrl", "an address such as https://api.example.com/v1 is expected"));
    }
    let seconds = match fields.text("timeoutSeconds")? {
        None => 120,
        Some(text) => match text.parse() {
            Ok(seconds @ 1..=3600) => seconds,
            _ => return Err(fields.wrong("timeoutSeconds", "a number from 1 to 3600 is expected")),
        },
    };
    Ok(AiSettings {
        base_url: base_url.trim_end_matches('/').to_owned(),
        api_key: fields.text("apiKey")?.map(|key| Secret::new(&key)),
        model: fields.text("model")?,
        patience: Duration::from_secs(seconds),
    })
}

fn kafka(value: &Value) -> Result<KafkaSettings, Failure> {
    let fields = Input::of(value, "stagedoor.kafka");
    let wrong = || fields.wrong("brokers", "one or more brokers are expected, each as host:port");
    let listed = match fields.get("brokers") {
        Some(Value::String(text)) => text.split(',').map(|part| part.trim().to_owned()).collect(),
        Some(Value::Array(items)) => {
            items.iter().map(|item| item.as_str().unwrap_or_default().to_owned()).collect()
        }
        _ => Vec::new(),
    };
    let broker = |text: &String| {
        let (host, port) = text.rsplit_once(':')?;
        Some((host.to_owned(), port.parse().ok()?)).filter(|(host, _)| !host.is_empty())
    };
    let brokers = listed.iter().map(broker).collect::<Option<Vec<_>>>().filter(|all| !all.is_empty());
    let sasl = match fields.get("sasl") {
        None => None,
        Some(sasl) => {
            let sasl = Input::of(sasl, "stagedoor.kafka.sasl");
            if sasl.text("mechanism")?.is_some_and(|name| !name.eq_ignore_ascii_case("plain")) {
                return Err(sasl.wrong("mechanism", "plain is the only one that is spoken"));
            }
            Some((sasl.required("username")?, Secret::new(&sasl.required("password")?)))
        }
    };
    let tls = match fields.get("tls") {
        Some(Value::Object(_)) => true,
        _ => fields.flag("tls", false)?,
    };
    let authorities = fields.get("tls").and_then(|tls| tls["caFile"].as_str()).map(PathBuf::from);
    Ok(KafkaSettings {
        brokers: brokers.ok_or_else(wrong)?,
        tls,
        authorities,
        sasl,
        topic: fields.text("topic")?,
    })
}

fn terraform(value: &Value) -> Result<TerraformSettings, Failure> {
    let fields = Input::of(value, "stagedoor.terraform");
    let usual = TerraformSettings::default();
    let path = |key: &str| Ok::<_, Failure>(fields.text(key)?.map(PathBuf::from));
    let seconds = match fields.text("timeoutSeconds")? {
        None => usual.patience.as_secs(),
        Some(text) => text.parse().map_err(|_| fields.wrong("timeoutSeconds", "a number is expected"))?,
    };
    let folders = match fields.get("folders") {
        None => Vec::new(),
        Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).map(PathBuf::from).collect(),
        Some(_) => return Err(fields.wrong("folders", "a list of folders is expected")),
    };
    let address = fields.text("address")?.unwrap_or(usual.address);
    Ok(TerraformSettings {
        address: address.trim_end_matches('/').to_owned(),
        token: fields.text("token")?.map(|token| Secret::new(&token)),
        local: fields.flag("local", false)?,
        program: path("program")?,
        downloads: fields.flag("pluginDownloads", false)?,
        plugins: path("pluginDir")?,
        folders,
        state: path("stateDir")?,
        patience: Duration::from_secs(seconds),
    })
}

impl Cluster {
    /// Backstage's keys of a cluster, which an action may also give itself with its token from a secret.
    pub(crate) fn read(value: &Value, place: &str) -> Result<Self, Failure> {
        let fields = Input::of(value, place);
        let url = fields.required("url")?;
        if !url.starts_with("https://") && !url.starts_with("http://") {
            return Err(
                fields.wrong("url", "an address such as https://cluster.example.com:6443 is expected")
            );
        }
        let authorities = match (fields.text("caData")?, fields.text("caFile")?) {
            (Some(data), _) => {
                Some(pem(&data).ok_or_else(|| fields.wrong("caData", "PEM in base64 is expected"))?)
            }
            (None, Some(file)) => Some(
                std::fs::read_to_string(&file)
                    .map_err(|error| fields.wrong("caFile", &format!("{file}: {error}")))?,
            ),
            (None, None) => None,
        };
        Ok(Self {
            name: fields.text("name")?.unwrap_or_else(|| url.clone()),
            url: url.trim_end_matches('/').to_owned(),
            token: fields
                .text("serviceAccountToken")?
                .or(fields.text("token")?)
                .map(|token| Secret::new(&token)),
            authorities,
            anyone: fields.flag("skipTLSVerify", false)?,
        })
    }
}

/// Base64 as in a kubeconfig, or PEM as it is.
fn pem(data: &str) -> Option<String> {
    use base64::Engine as _;
    if data.contains("-----BEGIN") {
        return Some(data.replace("\\n", "\n"));
    }
    let packed: String = data.split_whitespace().collect();
    String::from_utf8(base64::engine::general_purpose::STANDARD.decode(packed).ok()?).ok()
}
