//! Whether a text is near another: how many slips (a letter too many, too few, wrong, or two swapped) lie between.
//!
//! The distance is that of Damerau and Levenshtein with adjacent swaps, computed for all rows at once in the bits of a
//! word (G. Myers 1999; H. Hyyrö 2003 for the swaps). A text matches where a word of the value begins with something near
//! it, so that it may be typed halfway. Bytes are compared, ASCII without case.

/// Shorter texts are near to everything.
const SHORTEST: usize = 3;
/// From this length on two slips are forgiven.
const LONG: usize = 6;
/// Bits of a word.
const LONGEST: usize = 64;

/// A text to be near to.
pub struct Near {
    /// For each byte the places in the text where it stands.
    places: Box<[u64; 256]>,
    length: usize,
    /// Slips that are forgiven.
    most: usize,
    /// The letters of the text.
    letters: u32,
}

impl Near {
    /// Nothing where the text is too short or too long for slips to mean anything.
    #[must_use]
    pub fn to(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        if bytes.len() < SHORTEST || bytes.len() > LONGEST {
            return None;
        }
        let mut places = Box::new([0_u64; 256]);
        for (at, byte) in bytes.iter().enumerate() {
            places[usize::from(byte.to_ascii_lowercase())] |= 1 << at;
        }
        let most = if bytes.len() < LONG { 1 } else { 2 };
        Some(Self { places, length: bytes.len(), most, letters: letters(bytes) })
    }

    /// The least slips between the text and a beginning of one of the value's words; `None` where they are too many.
    #[must_use]
    pub fn slips(&self, value: &str) -> Option<usize> {
        let bytes = value.as_bytes();
        // Most values lack too many of the letters, which is seen at once.
        if (self.letters & !letters(bytes)).count_ones() as usize > self.most {
            return None;
        }
        let words = word_starts(value).map(|at| bytes.get(at..).unwrap_or_default());
        let best = words.filter(|word| self.may_begin(word)).map(|word| self.from(word)).min()?;
        (best <= self.most).then_some(best)
    }

    /// Of the first letters of the text one more than there may be slips: one of them is right, and about in its place.
    fn may_begin(&self, word: &[u8]) -> bool {
        let near = word.len().min(2 * self.most + 1);
        let first = (1_u64 << (self.most + 1)) - 1;
        word[..near].iter().any(|byte| self.places[usize::from(byte.to_ascii_lowercase())] & first != 0)
    }

    /// The least slips between the text and a beginning of these bytes.
    fn from(&self, bytes: &[u8]) -> usize {
        let (mut up, mut down, mut diagonal, mut last_places) = (u64::MAX, 0_u64, 0_u64, 0_u64);
        let bottom = 1_u64 << (self.length - 1);
        let (mut slips, mut best) = (self.length, self.length);
        for byte in bytes.iter().take(self.length + self.most) {
            let places = self.places[usize::from(byte.to_ascii_lowercase())];
            let swapped = ((!diagonal & places) << 1) & last_places;
            diagonal = ((places & up).wrapping_add(up) ^ up) | places | down | swapped;
            let more = down | !(diagonal | up);
            let fewer = diagonal & up;
            slips = slips + usize::from(more & bottom != 0) - usize::from(fewer & bottom != 0);
            best = best.min(slips);
            let more = (more << 1) | 1;
            up = (fewer << 1) | !(diagonal | more);
            down = more & diagonal;
            last_places = places;
        }
        best
    }
}

/// One bit for each letter that occurs, whatever its case. What else occurs shares their bits.
fn letters(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |set, byte| set | 1 << (byte & 31))
}

/// What a byte is to the words of a text; bytes beyond ASCII are letters.
const CLASSES: [u8; 256] = {
    let mut classes = [OTHER; 256];
    let mut byte = 0;
    while byte < 256 {
        classes[byte] = match byte as u8 {
            b'a'..=b'z' => SMALL,
            b'A'..=b'Z' => CAPITAL,
            b'0'..=b'9' | 128.. => LETTER,
            _ => OTHER,
        };
        byte += 1;
    }
    classes
};
const OTHER: u8 = 0;
const LETTER: u8 = 1;
const SMALL: u8 = 2;
const CAPITAL: u8 = 3;

/// Where words begin: at the start, after what is neither letter nor digit, at a capital after a small letter.
pub(super) fn word_starts(value: &str) -> impl Iterator<Item = usize> + '_ {
    let mut last = OTHER;
    value.bytes().enumerate().filter_map(move |(at, byte)| {
        let class = CLASSES[usize::from(byte)];
        let before = std::mem::replace(&mut last, class);
        let starts = class != OTHER && (before == OTHER || (before == SMALL && class == CAPITAL));
        starts.then_some(at)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The distance as its definition says, to compare with.
    fn distance(a: &[u8], b: &[u8]) -> usize {
        let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
        for i in 0..=a.len() {
            for j in 0..=b.len() {
                rows[i][j] = if i == 0 || j == 0 {
                    i + j
                } else {
                    let wrong = usize::from(a[i - 1] != b[j - 1]);
                    let mut least =
                        (rows[i - 1][j] + 1).min(rows[i][j - 1] + 1).min(rows[i - 1][j - 1] + wrong);
                    if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                        least = least.min(rows[i - 2][j - 2] + 1);
                    }
                    least
                };
            }
        }
        rows[a.len()][b.len()]
    }

    #[test]
    fn agrees_with_the_definition() {
        let mut seed = 11_u64;
        let mut next = |n: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (seed >> 33) % n
        };
        for _ in 0..5_000 {
            let length = SHORTEST as u64 + next(6);
            let text: Vec<u8> = (0..length).map(|_| b'a' + next(3) as u8).collect();
            let value: Vec<u8> = (0..1 + next(9)).map(|_| b'a' + next(3) as u8).collect();
            let near = Near::to(std::str::from_utf8(&text).unwrap()).unwrap();
            let ends = 0..=value.len().min(near.length + near.most);
            let least = ends.map(|end| distance(&text, &value[..end])).min().unwrap();
            assert_eq!(near.from(&value), least, "{text:?} {value:?}");
        }
    }

    #[test]
    fn forgives_what_people_mistype() {
        for (text, value, slips) in [
            ("paymnt", "payments-api", Some(1)),
            ("payemnts", "Payments", Some(1)),
            ("ordres-serv", "orders-service", Some(1)),
            ("servcie", "orders-service", Some(1)),
            ("gatway", "edge gateway", Some(1)),
            ("chekout", "checkout", Some(1)),
            ("abc", "xyz", None),
            ("cat", "dog-house", None),
            ("ab", "abc", None),
        ] {
            assert_eq!(Near::to(text).and_then(|near| near.slips(value)), slips, "{text} {value}");
        }
    }
}
