//! The name of a request: in its log lines, in its answer, in its trace.

use std::cell::Cell;
use std::hash::{BuildHasher as _, RandomState};

use http::{HeaderMap, HeaderName, HeaderValue};

pub(super) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
pub(super) const X_TRACE_ID: HeaderName = HeaderName::from_static("x-trace-id");
const LONGEST: usize = 64;

tokio::task_local! {
    /// The request that is being answered.
    pub(super) static CURRENT: RequestId;
}

/// Up to 64 letters, digits, `.`, `_` and `-`; no allocation.
#[derive(Clone, Copy)]
pub(super) struct RequestId {
    text: [u8; LONGEST],
    length: usize,
}

impl RequestId {
    /// The caller's, if it sent a sane one, else a new one.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let sent = headers.get(X_REQUEST_ID).and_then(|value| Self::sane(value.as_bytes()));
        sent.unwrap_or_else(|| Self::of_trace(random(), random()))
    }

    /// Anything else could forge log lines, or fill the log.
    fn sane(sent: &[u8]) -> Option<Self> {
        let good = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
        if sent.is_empty() || sent.len() > LONGEST || !sent.iter().all(good) {
            return None;
        }
        let mut text = [0; LONGEST];
        text[..sent.len()].copy_from_slice(sent);
        Some(Self { text, length: sent.len() })
    }

    fn of_trace(high: u64, low: u64) -> Self {
        let mut text = [0; LONGEST];
        hex(high, &mut text[..16]);
        hex(low, &mut text[16..32]);
        Self { text, length: 32 }
    }

    pub(super) fn as_str(&self) -> &str {
        std::str::from_utf8(&self.text[..self.length]).unwrap_or_default()
    }

    pub(super) fn header(&self) -> Option<HeaderValue> {
        HeaderValue::from_bytes(&self.text[..self.length]).ok()
    }

    /// As the id of a trace: itself where it has the form of one.
    pub(super) fn trace_id(&self) -> Option<u128> {
        let text = self.as_str();
        let lower = text.len() == 32 && !text.bytes().any(|b| b.is_ascii_uppercase());
        u128::from_str_radix(text, 16).ok().filter(|id| lower && *id != 0)
    }
}

fn hex(number: u64, out: &mut [u8]) {
    for (i, digit) in out.iter_mut().enumerate() {
        *digit = b"0123456789abcdef"[(number >> (60 - 4 * i)) as usize & 15];
    }
}

/// A number that nobody has to be unable to guess, only to have never seen: splitmix64, begun at random.
pub(super) fn random() -> u64 {
    thread_local! {
        static STATE: Cell<u64> = Cell::new(RandomState::new().hash_one(0));
    }
    STATE.with(|state| {
        state.set(state.get().wrapping_add(0x9e37_79b9_7f4a_7c15));
        let mut z = state.get();
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_sane_id_is_taken_over() {
        for sent in ["a", "A-1_b.c", &"x".repeat(64)] {
            assert_eq!(RequestId::sane(sent.as_bytes()).unwrap().as_str(), sent);
        }
        for sent in ["", " a", "a b", "a\nb", "a\u{1b}[31m", "ä", "a\"b", "{}", &"x".repeat(65)] {
            assert!(RequestId::sane(sent.as_bytes()).is_none(), "{sent:?}");
        }
    }

    #[test]
    fn new_ids_are_traces_and_differ() {
        let ids: std::collections::HashSet<String> =
            (0..1000).map(|_| RequestId::of(&HeaderMap::new()).as_str().to_owned()).collect();
        assert_eq!(ids.len(), 1000);
        let id = RequestId::of_trace(0xab, 0x0123_4567_89ab_cdef);
        assert_eq!(id.as_str(), "00000000000000ab0123456789abcdef");
        assert_eq!(id.trace_id(), Some((0xab << 64) | 0x0123_4567_89ab_cdef));
        assert_eq!(RequestId::sane(b"my-id").unwrap().trace_id(), None);
    }
}
