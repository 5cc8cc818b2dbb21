//! `@csv`, `@base64d` and their like.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use jaq_core::native::{bome, v};
use jaq_core::{ValR, ValT as _};

use super::{Builtin, list};
use crate::value::{Error, Val};

pub(super) fn all() -> Vec<Builtin> {
    vec![
        ("@html", v(0), |cv| bome(Ok(Val::str(html(&as_text(cv.1)))))),
        ("@csv", v(0), |cv| {
            bome(row(&cv.1, ",", "csv", |text| format!("\"{}\"", text.replace('"', "\"\""))))
        }),
        ("@tsv", v(0), |cv| bome(row(&cv.1, "\t", "tsv", tsv))),
        ("@base64d", v(0), |cv| bome(base64d(&as_text(cv.1)))),
        ("@base32", v(0), |cv| bome(Ok(Val::str(base32(as_text(cv.1).as_bytes()))))),
        ("@base32d", v(0), |cv| bome(base32d(&as_text(cv.1)))),
    ]
}

fn as_text(value: Val) -> String {
    match value.into_string() {
        Val::Str(text) => std::rc::Rc::unwrap_or_clone(text),
        other => other.to_string(),
    }
}

fn html(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '\'' => escaped.push_str("&#39;"),
            '"' => escaped.push_str("&quot;"),
            c => escaped.push(c),
        }
    }
    escaped
}

fn tsv(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\t', "\\t").replace('\n', "\\n").replace('\r', "\\r")
}

fn row(value: &Val, separator: &str, format: &str, quote: fn(&str) -> String) -> ValR<Val> {
    let cells = list(value, &format!("cannot be {format}-formatted, only an array can be"))?;
    let cells = cells.iter().map(|cell| match cell {
        Val::Null => Ok(String::new()),
        Val::Str(text) => Ok(quote(text)),
        Val::Bool(_) | Val::Num(_) => Ok(cell.to_string()),
        other => Err(other.fault(&format!("is not valid in a {format} row"))),
    });
    Ok(Val::str(cells.collect::<Result<Vec<_>, _>>()?.join(separator)))
}

/// With or without padding, as jq.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

fn base64d(text: &str) -> ValR<Val> {
    let bytes = BASE64.decode(text.trim_end());
    let bytes = bytes.map_err(|_| Val::str(text).fault("is not valid base64 data"))?;
    Ok(Val::str(String::from_utf8_lossy(&bytes)))
}

const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

fn base32(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.chunks(5) {
        let mut block = [0; 8];
        block[3..3 + chunk.len()].copy_from_slice(chunk);
        let bits = u64::from_be_bytes(block);
        let used = (chunk.len() * 8).div_ceil(5);
        for at in 0..8 {
            let digit = (bits >> (35 - 5 * at)) & 31;
            text.push(if at < used { char::from(BASE32[digit as usize]) } else { '=' });
        }
    }
    text
}

fn base32d(text: &str) -> ValR<Val> {
    let (mut bytes, mut bits, mut held) = (Vec::new(), 0_u32, 0_u32);
    for c in text.trim_end_matches('=').bytes() {
        let digit = BASE32.iter().position(|known| *known == c);
        let digit = digit
            .ok_or_else(|| Error::str(format_args!("{} is not valid base32 data", Val::str(text).brief())))?;
        bits = (bits << 5) | digit as u32;
        held += 5;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held) as u8);
            bits &= (1 << held) - 1;
        }
    }
    Ok(Val::str(String::from_utf8_lossy(&bytes)))
}
