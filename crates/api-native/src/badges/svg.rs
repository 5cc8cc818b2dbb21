//! A badge as SVG: a label, and what there is to say in the colour of the level.

use std::fmt::Write as _;

/// Characters of either half; what is longer is cut.
const LONGEST: usize = 60;

/// Port's names of colours, as they are shown on white and on black.
const COLORS: [(&str, &str); 24] = [
    ("blue", "#2f6fde"),
    ("darkBlue", "#1d3f8f"),
    ("paleBlue", "#a9c7ee"),
    ("turquoise", "#1a9c94"),
    ("green", "#2e8b57"),
    ("paleGreen", "#a3d9b1"),
    ("lime", "#7ea62b"),
    ("olive", "#7a7a2e"),
    ("yellow", "#e6c229"),
    ("gold", "#d4a017"),
    ("orange", "#e07b24"),
    ("bronze", "#a9672d"),
    ("brown", "#7b4b2a"),
    ("red", "#cc3d3d"),
    ("darkRed", "#8e2525"),
    ("paleRed", "#eba9a9"),
    ("pink", "#d9629e"),
    ("purple", "#7d4cc4"),
    ("palePurple", "#c9b3e8"),
    ("silver", "#b4bac2"),
    ("gray", "#7a808a"),
    ("lightGray", "#c9cdd3"),
    ("darkGray", "#4a4f57"),
    ("black", "#22252a"),
];
/// Where nothing else is said.
const GRAY: &str = "#7a808a";

/// A colour of Port's names, or `#rgb`, `#rrggbb`; anything else is grey.
fn color(name: &str) -> String {
    if let Some((_, hex)) = COLORS.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)) {
        return (*hex).to_owned();
    }
    let digits = name.strip_prefix('#').unwrap_or_default();
    if !digits.chars().all(|c| c.is_ascii_hexdigit()) {
        return GRAY.to_owned();
    }
    match digits.len() {
        6 => format!("#{}", digits.to_lowercase()),
        3 => digits.chars().fold("#".to_owned(), |all, c| all + &c.to_lowercase().to_string().repeat(2)),
        _ => GRAY.to_owned(),
    }
}

/// What can be read on a colour.
fn ink(hex: &str) -> &'static str {
    let part =
        |from: usize| hex.get(from..from + 2).and_then(|two| u32::from_str_radix(two, 16).ok()).unwrap_or(0);
    let light = 299 * part(1) + 587 * part(3) + 114 * part(5);
    if light > 150_000 { "#1b1e23" } else { "#ffffff" }
}

/// Tenths of a pixel of a text in 11 pixels of a plain sans serif, roughly: the text is told to fill just that.
fn width(text: &str) -> u32 {
    let one = |c: char| match c {
        'i' | 'j' | 'l' | '.' | ',' | ':' | ';' | '\'' | '|' | '!' => 32,
        'f' | 't' | 'r' | '(' | ')' | ' ' | '-' | '/' => 42,
        'm' | 'w' | 'M' | 'W' | '%' | '@' => 98,
        'A'..='Z' | '0'..='9' => 74,
        c if c.is_ascii() => 64,
        // Scripts with square signs.
        '\u{2e80}'.. => 110,
        _ => 68,
    };
    text.chars().map(one).sum()
}

/// Text that can stand between tags and in attributes. What XML cannot have is left out.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

fn cut(text: &str) -> String {
    if text.chars().count() <= LONGEST {
        return text.to_owned();
    }
    text.chars().take(LONGEST - 1).chain(['…']).collect()
}

/// A badge.
pub(super) fn badge(label: &str, value: &str, color_name: &str) -> String {
    let (label, value) = (cut(label), cut(value));
    let back = color(color_name);
    let (text_of_label, text_of_value) = (width(&label), width(&value));
    let (left, right) = (text_of_label / 10 + 12, text_of_value / 10 + 12);
    let all = left + right;
    let (shown_label, shown_value) = (escaped(&label), escaped(&value));
    let mut svg = String::with_capacity(900);
    let _ = write!(
        svg,
        concat!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" width="{all}" height="20" role="img" "#,
            r#"aria-label="{shown_label}: {shown_value}"><title>{shown_label}: {shown_value}</title>"#,
            r#"<clipPath id="r"><rect width="{all}" height="20" rx="3"/></clipPath>"#,
            r##"<g clip-path="url(#r)"><rect width="{left}" height="20" fill="#3c4149"/>"##,
            r#"<rect x="{left}" width="{right}" height="20" fill="{back}"/></g>"#,
            r#"<g font-family="Verdana,DejaVu Sans,Geneva,sans-serif" font-size="11" text-anchor="middle">"#,
            r##"<text x="{middle_left}" y="14" fill="#ffffff" textLength="{length_left}">{shown_label}</text>"##,
            r#"<text x="{middle_right}" y="14" fill="{ink}" textLength="{length_right}">{shown_value}</text>"#,
            "</g></svg>",
        ),
        all = all,
        left = left,
        right = right,
        back = back,
        ink = ink(&back),
        middle_left = left / 2,
        middle_right = left + right / 2,
        length_left = text_of_label / 10,
        length_right = text_of_value / 10,
        shown_label = shown_label,
        shown_value = shown_value,
    );
    svg
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_cannot_become_tags() {
        let svg = badge("a<script>&\"'\u{0}", "</text><image href=\"x\"/>", "gold");
        assert!(!svg.contains("<script"), "{svg}");
        assert!(!svg.contains("<image"), "{svg}");
        assert!(svg.contains("a&lt;script&gt;&amp;&quot;&#39; "), "{svg}");
        assert_eq!(svg.matches("<text ").count(), 2);
    }

    #[test]
    fn colours_are_names_or_hexadecimal_and_nothing_else() {
        assert_eq!(color("Gold"), "#d4a017");
        assert_eq!(color("#ABC"), "#aabbcc");
        assert_eq!(color("#12ab34"), "#12ab34");
        for wrong in ["", "#12", "url(x)", "#\"/><a", "#12345g"] {
            assert_eq!(color(wrong), GRAY, "{wrong}");
        }
        assert_eq!(ink("#ffffff"), "#1b1e23");
        assert_eq!(ink("#000000"), "#ffffff");
    }

    #[test]
    fn long_texts_are_cut() {
        let svg = badge(&"x".repeat(500), "y", "red");
        assert!(svg.len() < 1_500, "{}", svg.len());
        assert!(svg.contains('…'));
    }
}
