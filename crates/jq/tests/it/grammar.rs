//! Programs from a small grammar, the same ones each time.

/// A generator of numbers: what is needed of it is that it is the same everywhere.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn of(seed: u64) -> Self {
        Self(seed)
    }

    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % sides
    }

    fn pick(&mut self, from: &[&'static str]) -> &'static str {
        from[self.roll(from.len())]
    }
}

const PATHS: &[&str] = &[
    ".",
    ".title",
    ".properties",
    ".properties.url",
    ".properties.count",
    ".properties.tags",
    ".properties.tags[0]",
    ".properties.rows",
    ".properties.rows[1].name",
    ".properties.rows[-1:]",
    ".properties.missing.below",
    ".properties[\"a b\"]",
    ".properties.tags[]?",
    ".properties.rows[].name",
    ".properties.nothing",
    ".missing[]?",
];
const LITERALS: &[&str] = &[
    "1",
    "0",
    "-1",
    "2.5",
    "1e3",
    "\"\"",
    "\"/\"",
    "\"a\"",
    "\"ü\\n\"",
    "null",
    "true",
    "false",
    "[]",
    "{}",
    "[1,[2]]",
];
const FILTERS: &[&str] = &[
    "length",
    "type",
    "keys",
    "add",
    "not",
    "tostring",
    "tojson",
    "tonumber",
    "first",
    "last",
    "reverse",
    "sort",
    "unique",
    "flatten",
    "min",
    "max",
    "any",
    "all",
    "to_entries",
    "from_entries",
    "ascii_downcase",
    "ascii_upcase",
    "floor",
    "explode",
    "implode",
    "trim",
    "todate",
    "fromdate",
    "fromjson",
    "@base64",
    "@uri",
    "@html",
    "@csv",
    "@json",
    "@sh",
    "values",
    "arrays",
    "strings",
    "abs",
    "utf8bytelength",
    "toarray",
    "tojson | fromjson",
    "@base64d",
];
const OPERATORS: &[&str] = &["+", "-", "*", "/", "%", "==", "!=", "<", "<=", "and", "or", "//", ",", "|"];
const OF_TEXT: &[&str] = &[
    "split",
    "join",
    "ltrimstr",
    "rtrimstr",
    "startswith",
    "endswith",
    "contains",
    "index",
    "indices",
    "has",
    "test",
    "scan",
    "inside",
];
const OF_FILTER: &[&str] = &[
    "map",
    "select",
    "map_values",
    "sort_by",
    "group_by",
    "unique_by",
    "min_by",
    "any",
    "all",
    "with_entries",
    "first",
    "last",
    "add",
    "isempty",
];
const UPDATES: &[&str] = &["|=", "=", "+=", "//="];
const PLACES: &[&str] = &[
    ".title",
    ".properties.count",
    ".properties.tags[0]",
    ".properties.tags[]",
    ".new",
    ".properties.rows[].name",
];

/// A program with at most so many levels.
pub(crate) fn program(dice: &mut Dice, levels: usize) -> String {
    let Some(below) = levels.checked_sub(1) else {
        return if dice.roll(3) == 0 { dice.pick(LITERALS) } else { dice.pick(PATHS) }.to_owned();
    };
    match dice.roll(12) {
        0 | 1 => format!("{} | {}", program(dice, below), dice.pick(FILTERS)),
        2 => format!("({} {} {})", program(dice, below), dice.pick(OPERATORS), program(dice, below)),
        3 => format!(
            "{} | {}(\"{}\")",
            program(dice, below),
            dice.pick(OF_TEXT),
            dice.pick(&["a", "/", "", "url"])
        ),
        4 => format!("{} | {}({})", program(dice, below), dice.pick(OF_FILTER), program(dice, below)),
        5 => format!("[{}]", program(dice, below)),
        6 => format!("{{a: {}, \"b c\": {}}}", program(dice, 0), program(dice, below)),
        7 => {
            let (condition, then) = (program(dice, 0), program(dice, below));
            format!("if {condition} then {then} else {} end", program(dice, below))
        }
        8 => format!("\"x\\({})y\"", program(dice, below)),
        9 => format!("({} {} {})", dice.pick(PLACES), dice.pick(UPDATES), program(dice, 0)),
        10 => format!("({} as $x | [$x, {}])", program(dice, below), program(dice, below)),
        _ => format!("(try ({}) catch .)", program(dice, below)),
    }
}
