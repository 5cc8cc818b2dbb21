//! Cutting a file into documents at its `---` and `...` lines.

/// The text of one document, with its `---` line and its directives if it has them.
pub(super) struct Chunk<'a> {
    pub(super) text: &'a str,
    /// Line of the file at which `text` starts, from 1.
    pub(super) line: u32,
}

impl Chunk<'_> {
    /// Line of the first thing that is no marker, comment, directive or blank.
    pub(super) fn content_line(&self) -> u32 {
        for (number, line) in (self.line..).zip(self.text.lines()) {
            let rest = if is_marker(line, "---") { &line[3..] } else { line };
            let rest = rest.trim();
            if !rest.is_empty() && !rest.starts_with('#') && !line.starts_with('%') {
                return number;
            }
        }
        self.line
    }
}

/// The documents of a text. Those that hold nothing but comments are among them.
pub(super) fn documents(text: &str) -> Documents<'_> {
    Documents { rest: text.strip_prefix('\u{feff}').unwrap_or(text), line: 1, bare: true }
}

pub(super) struct Documents<'a> {
    rest: &'a str,
    line: u32,
    /// At the start of the text and after `...`, where directives may stand.
    bare: bool,
}

impl<'a> Iterator for Documents<'a> {
    type Item = Chunk<'a>;

    fn next(&mut self) -> Option<Chunk<'a>> {
        if self.rest.is_empty() {
            return None;
        }
        let start_line = self.line;
        let mut length = 0;
        // Until content is seen, a `---` belongs to the directives and comments above it.
        let mut open = self.bare;
        for raw in self.rest.split_inclusive('\n') {
            let line = raw.trim_end_matches(['\n', '\r']);
            if is_marker(line, "...") {
                let chunk = Chunk { text: &self.rest[..length], line: start_line };
                self.rest = &self.rest[length + raw.len()..];
                self.line += 1;
                self.bare = true;
                return Some(chunk);
            }
            if is_marker(line, "---") {
                if length > 0 && !open {
                    return Some(self.cut(length, start_line));
                }
                open = false;
            } else if open && !is_blank(line) && !line.starts_with('%') {
                open = false;
            }
            length += raw.len();
            self.line += 1;
        }
        Some(self.cut(length, start_line))
    }
}

impl<'a> Documents<'a> {
    fn cut(&mut self, length: usize, line: u32) -> Chunk<'a> {
        let (text, rest) = self.rest.split_at(length);
        self.rest = rest;
        self.bare = false;
        Chunk { text, line }
    }
}

fn is_marker(line: &str, marker: &str) -> bool {
    line.strip_prefix(marker).is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t']))
}

fn is_blank(line: &str) -> bool {
    let line = line.trim_start();
    line.is_empty() || line.starts_with('#')
}
