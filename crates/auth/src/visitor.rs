//! Where a request comes from that may change something, whoever makes it.

use std::net::IpAddr;

/// What is known of a request before, or beside, who makes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Visitor {
    /// The client, as far as known.
    pub address: Option<IpAddr>,
    /// `User-Agent`, cut to a length that a list can show.
    pub agent: Option<String>,
    /// Whether it came over TLS, here or at a trusted proxy: then the cookie is only for TLS, too.
    pub secure: bool,
    /// The digest of the session cookie that came along, whether it is good or not.
    pub session: Option<String>,
}

impl Visitor {
    /// The longest agent that is kept.
    const AGENT: usize = 300;

    /// The same with an agent, without what would disturb a line of a log.
    #[must_use]
    pub fn with_agent(mut self, agent: Option<&str>) -> Self {
        let clean = |text: &str| text.chars().filter(|c| !c.is_control()).take(Self::AGENT).collect();
        self.agent = agent.map(clean);
        self
    }
}
