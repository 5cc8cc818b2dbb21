//! The tables.

use std::time::Duration;

use crate::load::Figures;

/// Milliseconds with as many digits as make sense.
pub(crate) fn ms(time: Duration) -> String {
    let value = time.as_secs_f64() * 1_000.0;
    match value {
        v if v < 1.0 => format!("{v:.2}"),
        v if v < 10.0 => format!("{v:.1}"),
        v => format!("{v:.0}"),
    }
}

/// A number with separators.
pub(crate) fn number(value: f64) -> String {
    let digits = format!("{:.0}", value.max(0.0));
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// One operation measured.
pub(crate) struct Row {
    /// What.
    pub(crate) name: &'static str,
    /// One client.
    pub(crate) one: Figures,
    /// Sixteen.
    pub(crate) sixteen: Figures,
    /// A constant answer of the same length, sixteen clients.
    pub(crate) constant: f64,
}

/// The operations of one catalog, beside the peer's where it was measured.
pub(crate) fn operations(rows: &[Row], peer: &[(Figures, Figures)]) -> String {
    let mut out = String::from(
        "| operation | bytes | 1 client: req/s | p50 ms | p99 ms | 16 clients: req/s | p50 ms | p99 ms | of a constant answer |",
    );
    out.push_str(if peer.is_empty() {
        "\n"
    } else {
        " Backstage, 1: req/s | p50 ms | 16: req/s | p50 ms | ratio, 16 clients |\n"
    });
    out.push_str(&"|---".repeat(if peer.is_empty() { 9 } else { 14 }));
    out.push_str("|\n");
    for (at, row) in rows.iter().enumerate() {
        out.push_str(&format!(
            "| {} | {} | {} | {} | {} | {} | {} | {} | {:.0} % of {} |",
            row.name,
            number(row.sixteen.bytes as f64),
            number(row.one.per_second),
            ms(row.one.p50),
            ms(row.one.p99),
            number(row.sixteen.per_second),
            ms(row.sixteen.p50),
            ms(row.sixteen.p99),
            100.0 * row.sixteen.per_second / row.constant,
            number(row.constant),
        ));
        if !peer.is_empty() && at >= peer.len() {
            // The peer has no such operation.
            out.push_str(&" - |".repeat(5));
        }
        if let Some((one, sixteen)) = peer.get(at) {
            out.push_str(&format!(
                " {} | {} | {} | {} | {:.0}x |",
                number(one.per_second),
                ms(one.p50),
                number(sixteen.per_second),
                ms(sixteen.p50),
                row.sixteen.per_second / sixteen.per_second,
            ));
        }
        out.push('\n');
    }
    out
}

/// A table of facts.
pub(crate) fn facts(rows: &[(String, String)]) -> String {
    let mut out = String::from("| what | measured |\n|---|---|\n");
    rows.iter().for_each(|(what, value)| out.push_str(&format!("| {what} | {value} |\n")));
    out
}
