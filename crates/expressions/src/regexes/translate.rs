//! From JavaScript's regular expressions (without the flag `u`) to those of the crate that matches them.

const DIGIT: &str = "0-9";
const WORD: &str = "0-9A-Za-z_";
const SPACE: &str = r"\t-\r \x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}\x{feff}";

type Chars<'s> = std::iter::Peekable<std::str::Chars<'s>>;

/// What a backslash and the character after it stand for.
enum Escape {
    One(char),
    /// The inside of a class, and whether everything else is meant.
    Class(&'static str, bool),
    Boundary(bool),
}

/// The translated expression; what is not supported, if anything.
pub(super) fn translate(source: &str, multiline: bool) -> Result<String, String> {
    let mut out = String::with_capacity(source.len() + 16);
    let mut chars = source.chars().peekable();
    // Whether what was read last can be repeated: a quantifier cannot, nor can a place.
    let mut repeatable = false;
    while let Some(c) = chars.next() {
        let quantified = match c {
            '*' | '+' | '?' => Some(0),
            '{' => quantifier(&chars),
            _ => None,
        };
        if let Some(length) = quantified {
            if !repeatable {
                return Err("there is nothing to repeat in the regular expression".to_owned());
            }
            out.push(c);
            out.extend(chars.by_ref().take(length));
            out.extend(chars.next_if_eq(&'?'));
            repeatable = false;
            continue;
        }
        repeatable = !matches!(c, '^' | '$' | '(' | '|');
        match c {
            '\\' => match escape(&mut chars, false)? {
                Escape::One(c) => literal(c, &mut out),
                Escape::Class(inside, all_else) => class(inside, all_else, &mut out),
                Escape::Boundary(is) => {
                    repeatable = false;
                    out.push_str(if is { r"(?-u:\b)" } else { r"(?-u:\B)" });
                }
            },
            '.' => out.push_str(r"[^\n\r\x{2028}\x{2029}]"),
            '^' => out.push_str(if multiline { "(?Rm:^)" } else { r"\A" }),
            '$' => out.push_str(if multiline { "(?Rm:$)" } else { r"\z" }),
            '(' => group(&mut chars, &mut out)?,
            '[' => brackets(&mut chars, &mut out)?,
            '|' | ')' => out.push(c),
            c => literal(c, &mut out),
        }
    }
    Ok(out)
}

fn literal(c: char, out: &mut String) {
    if c.is_ascii() && !c.is_ascii_alphanumeric() {
        out.push_str(&format!("\\x{{{:x}}}", c as u32));
    } else {
        out.push(c);
    }
}

fn class(inside: &str, all_else: bool, out: &mut String) {
    out.push_str(if all_else { "[^" } else { "[" });
    out.push_str(inside);
    out.push(']');
}

/// How long a quantifier is that began with the brace before, if it is one: `2}`, `2,}` or `2,3}`.
fn quantifier(chars: &Chars<'_>) -> Option<usize> {
    let inside: String = chars.clone().take_while(|c| *c != '}').take(16).collect();
    let (least, most) = inside.split_once(',').unwrap_or((&inside, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let closed = chars.clone().nth(inside.len()) == Some('}');
    (closed && !least.is_empty() && digits(least) && digits(most)).then_some(inside.len() + 1)
}

fn group(chars: &mut Chars<'_>, out: &mut String) -> Result<(), String> {
    out.push('(');
    if chars.next_if_eq(&'?').is_none() {
        return Ok(());
    }
    out.push('?');
    match chars.next() {
        Some(':') => out.push(':'),
        Some('<') if !matches!(chars.peek(), Some('=' | '!')) => {
            out.push('<');
            while let Some(c) = chars.next_if(|c| *c != '>') {
                out.push(c);
            }
        }
        Some('=' | '!' | '<') => return Err("a regular expression cannot look around".to_owned()),
        _ => return Err("a group of the regular expression has no meaning".to_owned()),
    }
    if chars.next_if_eq(&'>').is_some() {
        out.push('>');
    }
    Ok(())
}

fn brackets(chars: &mut Chars<'_>, out: &mut String) -> Result<(), String> {
    let negated = chars.next_if_eq(&'^').is_some();
    if chars.next_if_eq(&']').is_some() {
        out.push_str(if negated { r"[\s\S]" } else { r"[^\s\S]" });
        return Ok(());
    }
    out.push_str(if negated { "[^" } else { "[" });
    loop {
        let Some(c) = chars.next() else {
            return Err("a class of the regular expression is not closed".to_owned());
        };
        if c == ']' {
            break;
        }
        let first = member(c, chars)?;
        let is_range = chars.peek() == Some(&'-') && chars.clone().nth(1).is_some_and(|next| next != ']');
        if !is_range {
            put(&first, out);
            continue;
        }
        chars.next();
        let second = match chars.next() {
            Some(c) => member(c, chars)?,
            None => return Err("a class of the regular expression is not closed".to_owned()),
        };
        match (&first, &second) {
            (Escape::One(low), Escape::One(high)) if low <= high => {
                literal(*low, out);
                out.push('-');
                literal(*high, out);
            }
            (Escape::One(_), Escape::One(_)) => {
                return Err("a range of the regular expression is out of order".to_owned());
            }
            _ => {
                put(&first, out);
                literal('-', out);
                put(&second, out);
            }
        }
    }
    out.push(']');
    Ok(())
}

fn member(c: char, chars: &mut Chars<'_>) -> Result<Escape, String> {
    if c == '\\' { escape(chars, true) } else { Ok(Escape::One(c)) }
}

fn put(member: &Escape, out: &mut String) {
    match member {
        Escape::One(c) => literal(*c, out),
        Escape::Class(inside, all_else) => class(inside, *all_else, out),
        Escape::Boundary(_) => literal('\u{8}', out),
    }
}

fn escape(chars: &mut Chars<'_>, in_class: bool) -> Result<Escape, String> {
    let Some(c) = chars.next() else {
        return Err("the regular expression ends with a backslash".to_owned());
    };
    Ok(match c {
        'd' => Escape::Class(DIGIT, false),
        'D' => Escape::Class(DIGIT, true),
        'w' => Escape::Class(WORD, false),
        'W' => Escape::Class(WORD, true),
        's' => Escape::Class(SPACE, false),
        'S' => Escape::Class(SPACE, true),
        'b' => Escape::Boundary(true),
        'B' if !in_class => Escape::Boundary(false),
        'n' => Escape::One('\n'),
        'r' => Escape::One('\r'),
        't' => Escape::One('\t'),
        'v' => Escape::One('\u{b}'),
        'f' => Escape::One('\u{c}'),
        '0' => Escape::One('\0'),
        '1'..='9' | 'k' => return Err("a regular expression cannot go back to a group".to_owned()),
        'x' => hexadecimal(chars, 2).map_or(Escape::One('x'), Escape::One),
        'u' => hexadecimal(chars, 4).map_or(Escape::One('u'), Escape::One),
        c => Escape::One(c),
    })
}

fn hexadecimal(chars: &mut Chars<'_>, count: usize) -> Option<char> {
    let digits: String = chars.clone().take(count).collect();
    let value = u32::from_str_radix(&digits, 16).ok().filter(|_| digits.len() == count)?;
    let found = char::from_u32(value)?;
    for _ in 0..count {
        chars.next();
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::translate;

    #[test]
    fn what_means_something_else_is_rewritten() {
        for (source, translated) in [
            (r"^a+?$", r"\Aa+?\z"),
            (r"\d\W", "[0-9][^0-9A-Za-z_]"),
            (r"[\w-]", r"[[0-9A-Za-z_]\x{2d}]"),
            (r"[^\]]", r"[^\x{5d}]"),
            ("[]", r"[^\s\S]"),
            (r"a{2,}b{", r"a{2,}b\x{7b}"),
            (r"(?:a)(?<n>b)", "(?:a)(?<n>b)"),
            (r"\u0041\x41\/", r"AA\x{2f}"),
        ] {
            assert_eq!(translate(source, false).as_deref(), Ok(translated), "{source}");
        }
    }

    #[test]
    fn what_cannot_be_matched_in_linear_time_is_refused() {
        for source in
            ["(?=a)", "(?!a)", "(?<=a)", "(?<!a)", r"(a)\1", r"\k<n>", "a**", "^*", "[b-a]", "[a", r"a\"]
        {
            assert!(translate(source, false).is_err(), "{source}");
        }
    }
}
