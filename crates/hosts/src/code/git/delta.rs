//! Deltas (git-scm.com/docs/pack-format): an object as pieces of another and bytes of its own.

use super::pack::Broken;

/// The lengths that a delta announces: of its base, and of what it makes.
pub(super) fn lengths(delta: &mut &[u8]) -> Result<(u64, u64), Broken> {
    Ok((length(delta)?, length(delta)?))
}

/// What a delta makes of its base: at most `limit` bytes.
pub(super) fn applied(base: &[u8], mut delta: &[u8], limit: usize) -> Result<Vec<u8>, Broken> {
    let (of_base, made) = lengths(&mut delta)?;
    let made = usize::try_from(made).ok().filter(|made| *made <= limit).ok_or(Broken::TooLarge)?;
    if usize::try_from(of_base).ok() != Some(base.len()) {
        return Err(Broken::Wrong("a delta has another base"));
    }
    let mut out = Vec::with_capacity(made);
    while let Some((&op, rest)) = delta.split_first() {
        delta = rest;
        let piece = if op & 0x80 != 0 {
            let (start, length) = copied(op, &mut delta)?;
            start.checked_add(length).and_then(|end| base.get(start..end))
        } else {
            let length = usize::from(op & 0x7f);
            let own = delta.get(..length).filter(|_| length > 0);
            delta = delta.get(length..).unwrap_or_default();
            own
        };
        let piece = piece.ok_or(Broken::Wrong("a delta reaches beyond its end"))?;
        if out.len() + piece.len() > made {
            return Err(Broken::Wrong("a delta makes more than it announces"));
        }
        out.extend_from_slice(piece);
    }
    if out.len() == made { Ok(out) } else { Err(Broken::Wrong("a delta makes less than it announces")) }
}

/// Where a piece of the base begins, and its length: each byte is there only where its bit is set.
fn copied(op: u8, delta: &mut &[u8]) -> Result<(usize, usize), Broken> {
    let mut number = |bits: std::ops::Range<u32>| {
        let mut value = 0_usize;
        for (shift, bit) in bits.enumerate() {
            if op & (1 << bit) != 0 {
                let (&byte, rest) = delta.split_first().ok_or(Broken::Wrong("a delta is cut"))?;
                *delta = rest;
                value |= usize::from(byte) << (8 * shift);
            }
        }
        Ok(value)
    };
    let (start, length) = (number(0..4)?, number(4..7)?);
    Ok((start, if length == 0 { 0x10000 } else { length }))
}

fn length(delta: &mut &[u8]) -> Result<u64, Broken> {
    let (mut value, mut shift) = (0_u64, 0);
    loop {
        let (&byte, rest) = delta.split_first().ok_or(Broken::Wrong("a delta is cut"))?;
        *delta = rest;
        if shift > 56 {
            return Err(Broken::Wrong("a length is no number"));
        }
        value |= u64::from(byte & 0x7f) << shift;
        shift += 7;
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::applied;

    #[test]
    fn pieces_make_an_object() {
        let base = b"0123456789";
        // Base of 10, makes 7: four bytes from the fifth on, then "abc".
        let delta = [10, 7, 0x80 | 0x01 | 0x10, 4, 4, 3, b'a', b'b', b'c'];
        assert_eq!(applied(base, &delta, 100).unwrap(), b"4567abc");
        for bad in [
            &[9, 7, 0x91, 4, 4, 3, b'a', b'b', b'c'][..],
            &[10, 8, 0x91, 4, 4, 3, b'a', b'b', b'c'],
            &[10, 6, 0x91, 4, 4, 3, b'a', b'b', b'c'],
            &[10, 7, 0x91, 8, 4, 3, b'a', b'b', b'c'],
            &[10, 7, 0x91, 4, 4, 3, b'a', b'b'],
            &[10, 7, 0x91, 4],
            &[10, 0, 0],
            &[10],
            &[],
            &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 1],
        ] {
            assert!(applied(base, bad, 100).is_err(), "{bad:?}");
        }
        assert!(applied(base, &delta, 6).is_err(), "more than is taken");
    }
}
