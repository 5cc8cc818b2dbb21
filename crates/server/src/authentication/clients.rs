//! Client ids and secrets, and how often they may be wrong.

use std::net::{IpAddr, Ipv6Addr};

use parking_lot::Mutex;
use stagedoor_api_port::NotIssued;
use stagedoor_auth::{Credentials, Throttle, Via, Viewer};
use stagedoor_model::Timestamp;
use stagedoor_portal::{By, Event, Portal};

/// Characters of a client id by which attempts are told apart; none of ours is longer.
const LONGEST: usize = 200;

/// Who may exchange a client id and a secret for an access token: the client of the environment and those that the
/// portal knows.
pub(super) struct Clients {
    environment: Option<Credentials>,
    stored: Option<Portal>,
    attempts: Mutex<Attempts>,
}

/// Wrong attempts of this process. They are counted by client and address together, so that nobody locks a client out
/// from elsewhere, and by address alone, whatever the clients.
struct Attempts {
    /// Ten at once, then one every 30 s.
    pair: Throttle<(String, Option<IpAddr>)>,
    /// Fifty at once, then one every 6 s.
    address: Throttle<Option<IpAddr>>,
}

impl Default for Attempts {
    fn default() -> Self {
        Self { pair: Throttle::new(10, 30_000), address: Throttle::new(50, 6_000) }
    }
}

impl Attempts {
    fn begin(&mut self, pair: &(String, Option<IpAddr>), now: i64) -> Result<(), u64> {
        let seconds = |wait: u64| wait.div_ceil(1_000).max(1);
        self.address.take(&pair.1, now).map_err(seconds)?;
        self.pair.take(pair, now).map_err(|wait| {
            self.address.give_back(&pair.1, now);
            seconds(wait)
        })
    }

    fn succeeded(&mut self, pair: &(String, Option<IpAddr>), now: i64) {
        self.address.give_back(&pair.1, now);
        self.pair.forget(pair);
    }
}

impl Clients {
    pub(super) fn new(environment: Option<Credentials>) -> Self {
        Self { environment, stored: None, attempts: Mutex::default() }
    }

    /// The same with those that a portal knows.
    pub(super) fn of(mut self, portal: &Portal) -> Self {
        if let Some(environment) = &self.environment {
            portal.environment_client(environment.id());
        }
        self.stored = Some(portal.clone());
        self
    }

    /// The viewer behind an id and a secret.
    pub(super) fn viewer(
        &self,
        id: &str,
        secret: &str,
        address: Option<IpAddr>,
        now: Timestamp,
    ) -> Result<Viewer, NotIssued> {
        let pair = (id.chars().take(LONGEST).collect(), address.map(network));
        self.attempts.lock().begin(&pair, now.0).map_err(NotIssued::Wait)?;
        let environment = self.environment.as_ref().map(|own| own.authenticate(id, secret));
        // A client of the portal cannot take the place of the environment's.
        let stored = || self.stored.as_ref().and_then(|portal| portal.client_viewer(id, secret, now));
        let Some(viewer) = environment.and_then(Result::ok).or_else(stored) else {
            self.note_wrong(&pair.0, address);
            return Err(NotIssued::Wrong);
        };
        self.attempts.lock().succeeded(&pair, now.0);
        Ok(viewer)
    }

    fn note_wrong(&self, id: &str, address: Option<IpAddr>) {
        let Some(portal) = &self.stored else { return };
        let why = "the client id or the client secret is wrong";
        portal.note(By::Nobody { address, agent: None }, Event::SignInFailed { user: id, why });
    }

    /// Whether the client that an access token was issued for is still good, with the secret of then.
    pub(super) fn stand_behind(&self, viewer: &Viewer, now: Timestamp) -> bool {
        let Via::AccessToken(credential) = viewer.via() else { return true };
        // A credential without a mark of its secret is none that was ever exchanged: it cannot be taken back.
        let Some((id, _)) = credential.rsplit_once('/') else { return true };
        match &self.environment {
            Some(environment) if environment.id() == id => environment.viewer() == viewer,
            _ => self.stored.as_ref().is_some_and(|portal| portal.client_stands(viewer, now)),
        }
    }
}

/// Who has one IPv6 address has 2^64 of them.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => v4.into(),
            None => Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX)).into(),
        },
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempt(clients: &Clients, id: &str, secret: &str, address: u8, now: i64) -> Result<(), NotIssued> {
        let address = Some([192, 0, 2, address].into());
        clients.viewer(id, secret, address, Timestamp(now)).map(drop)
    }

    #[test]
    fn guesses_run_out_and_come_back() {
        let clients = Clients::new(Credentials::new("ocean", "s3cret"));
        for _ in 0..10 {
            assert_eq!(attempt(&clients, "ocean", "wrong", 1, 0), Err(NotIssued::Wrong));
        }
        assert_eq!(attempt(&clients, "ocean", "s3cret", 1, 0), Err(NotIssued::Wait(30)));
        // Others neither help nor suffer.
        assert_eq!(attempt(&clients, "ocean", "s3cret", 2, 0), Ok(()));
        assert_eq!(attempt(&clients, "other", "s3cret", 1, 0), Err(NotIssued::Wrong));
        assert_eq!(attempt(&clients, "ocean", "wrong", 1, 30_000), Err(NotIssued::Wrong));
        assert_eq!(attempt(&clients, "ocean", "s3cret", 1, 60_000), Ok(()));
        for _ in 0..100 {
            assert_eq!(attempt(&clients, "ocean", "s3cret", 1, 60_000), Ok(()), "good ones do not count");
        }
    }

    #[test]
    fn an_address_does_not_go_through_client_ids() {
        let clients = Clients::new(Credentials::new("ocean", "s3cret"));
        for n in 0..50 {
            assert_eq!(attempt(&clients, &format!("c{n}"), "x", 1, 0), Err(NotIssued::Wrong));
        }
        assert!(matches!(attempt(&clients, "another", "x", 1, 0), Err(NotIssued::Wait(_))));
        assert_eq!(attempt(&clients, "another", "x", 2, 0), Err(NotIssued::Wrong));
    }

    #[test]
    fn another_secret_in_the_environment_ends_what_was_issued() {
        let before = Credentials::new("ocean", "s3cret").unwrap().viewer().clone();
        let clients = Clients::new(Credentials::new("ocean", "another"));
        assert!(!clients.stand_behind(&before, Timestamp(0)));
        assert!(Clients::new(Credentials::new("ocean", "s3cret")).stand_behind(&before, Timestamp(0)));
        assert!(!Clients::new(None).stand_behind(&before, Timestamp(0)));
    }
}
