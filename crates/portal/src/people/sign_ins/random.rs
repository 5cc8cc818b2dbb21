//! The only place that asks for secrets from nowhere: the system's random numbers.

use crate::error::PortalError;

/// Random bytes.
///
/// # Errors
/// When the system has none, which must never become a guessable secret.
pub(in crate::people) fn random<const N: usize>() -> Result<[u8; N], PortalError> {
    let mut bytes = [0; N];
    match getrandom::fill(&mut bytes) {
        Ok(()) => Ok(bytes),
        Err(error) => Err(PortalError::Internal(format!("the system gives no random numbers: {error}"))),
    }
}

/// A public id: 96 bits in hexadecimal.
pub(in crate::people) fn public_id() -> Result<String, PortalError> {
    Ok(random::<12>()?.iter().map(|byte| format!("{byte:02x}")).collect())
}
