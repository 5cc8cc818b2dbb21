//! Single quotes around texts, which Port's documentation uses: `'https://example.com/' + .identifier`.

/// Turns single quotes that open or close a text into double ones, by the rule of Port's library
/// (`jq-node-bindings`): one after white space or at the start, and not before white space or `"`, opens; one not
/// after white space or `"`, and before white space or at the end, closes. The white space belongs to the quote that
/// takes it first.
pub(crate) fn double(program: &str) -> String {
    let chars: Vec<char> = program.chars().collect();
    let mut doubled = String::with_capacity(program.len());
    let inside = |at: usize| chars.get(at).is_some_and(|c| !blank(*c) && *c != '"');
    let mut at = 0;
    while let Some(&c) = chars.get(at) {
        let opens =
            |quote: usize| chars.get(quote) == Some(&'\'') && (quote + 1 == chars.len() || inside(quote + 1));
        let after_text = at == 0 || inside(at - 1);
        if at == 0 && opens(0) {
            doubled.push('"');
        } else if blank(c) && opens(at + 1) {
            doubled.extend([c, '"']);
            at += 1;
        } else if c == '\'' && after_text && chars.get(at + 1).is_none_or(|next| blank(*next)) {
            doubled.push('"');
            doubled.extend(chars.get(at + 1));
            at += 1;
        } else {
            doubled.push(c);
        }
        at += 1;
    }
    doubled
}

/// White space as JavaScript's `\s` sees it.
fn blank(c: char) -> bool {
    c.is_whitespace() && c != '\u{85}' || c == '\u{feff}'
}

#[cfg(test)]
mod tests {
    use super::double;

    #[test]
    fn quotes_become_double_where_they_open_or_close_a_text() {
        for (given, wanted) in [
            ("'https://example.com/' + .identifier", "\"https://example.com/\" + .identifier"),
            (".a + '-' + .b", ".a + \"-\" + .b"),
            (".a | test('x')", ".a | test('x')"),
            ("\"it's\"", "\"it's\""),
            ("\"it 's\"", "\"it \"s\""),
            ("'a' 'b'", "\"a\" 'b\""),
            (".a + ' '", ".a + ' \""),
            ("'", "\""),
            ("", ""),
            ("'a'\n+ .b", "\"a\"\n+ .b"),
        ] {
            assert_eq!(double(given), wanted, "{given}");
        }
    }
}
