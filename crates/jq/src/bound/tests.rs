use crate::program::Program;

/// The heaviest input for which a program is bounded.
fn heaviest(program: &str) -> Option<usize> {
    let program = Program::compile(program).unwrap_or_else(|error| panic!("{program}: {error}"));
    program.bound.map(|bound| bound.weight)
}

#[test]
fn what_calculations_do_is_bounded() {
    let mut wrong = Vec::new();
    for (program, weight) in [
        (".properties.url | split(\"/\") | last", 20_000),
        ("\"https://example.com/\" + .identifier", 100_000),
        ("if .properties.replicas > 3 then \"high\" else \"low\" end", 20_000),
        (".properties.tags | map(select(. != null)) | join(\", \")", 500),
        ("[.properties.items[] | .price * .amount] | add", 500),
        (".properties.created | fromdate | strftime(\"%Y-%m-%d\")", 20_000),
        ("(now - (.properties.created | fromdateiso8601)) / 86400 | floor", 10_000),
        (".title | gsub(\" \"; \"-\") | ascii_downcase", 500),
        (".title | sub(\"^(?<a>[a-z]+)\"; \"\\(.a)!\")", 1_000),
        (".properties | to_entries | map(\"\\(.key)=\\(.value)\") | join(\";\")", 100),
        (".properties | with_entries(select(.value != null)) | keys | length", 100),
        (".properties.list | sort_by(.n) | reverse | .[0].name", 5_000),
        (".properties.list | group_by(.k) | map({key: .[0].k, count: length})", 300),
        (".properties.a // .properties.b // \"none\"", 100_000),
        (".properties.text | test(\"^[a-z]+$\")", 5_000),
        ("try (.properties.number | tonumber) catch null", 5_000),
        (".properties.list[0:3] | length", 20_000),
        (".properties.map as {a: $a, b: $b} | \"\\($a)-\\($b)\"", 5_000),
        ("{name: .title, tags: [.properties.tags[]]}", 20_000),
        (".properties.score += 1 | .properties.score", 20_000),
        ("del(.properties.secret) | .properties", 20_000),
        ("[limit(3; .properties.tags[])]", 20_000),
        ("[range(10)] | add", 20_000),
        ("\"-\" * 3", 20_000),
    ] {
        let bounded = heaviest(program).unwrap_or(0);
        if bounded < weight {
            wrong.push(format!("{program} is bounded up to {bounded}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn attacks_are_never_bounded() {
    let doubling = ". as $x | ".to_owned() + &["[$x,$x] as $x"; 40].join(" | ") + " | $x";
    let tower = "[.[] | .[]?] | ".repeat(12) + ".";
    let product = "[.[] as $a | .[] as $b | .[] as $c | .[] as $d | $a]";
    let texts = ".a as $x | ".to_owned() + &["($x + $x) as $x"; 40].join(" | ") + " | $x";
    let choices = "(1,2)|".repeat(40) + ".";
    let sums = "[".to_owned() + &["(1,2)"; 40].join("+") + "]";
    let keys =
        "{".to_owned() + &(0..40).map(|at| format!("a{at}: (1,2)")).collect::<Vec<_>>().join(",") + "}";
    let updates = ".".to_owned() + &" | .a |= [.,.]".repeat(40);
    let formats = "@html \"\\(.)\" | ".repeat(20) + ".";
    let selected = "select((true, true)) |= (., .) | ".repeat(40) + ".";
    let conditions = "if (true,false) then (1,2) else (3,4) end |".repeat(40) + ".";
    let interpolations = format!("\"{}\"", "\\(1,2)".repeat(40));
    for program in [
        "def f: f; f",
        "def f: 1 + f; f",
        "[range(1e12)]",
        "[range(.n)]",
        "[range(0; 1e12; 1)]",
        "[limit(1e9; repeat(1))]",
        "repeat(1)",
        "last(repeat(1))",
        "until(false; .)",
        "[while(true; .)]",
        "recurse",
        "[recurse(.)]",
        "..",
        ".. |= ..",
        "[..] | [..] | [..]",
        "[paths]",
        "walk(.)",
        "reduce range(1e9) as $i (0; .)",
        "foreach range(1e9) as $i (0; .)",
        "label $out | repeat(1)",
        ".a[1e12] = 1 | .a[5:] |= repeat(1)",
        "[combinations(20)]",
        "input",
        "inputs",
        "halt",
        "error",
        "test(.pattern)",
        "test(\"(a{1000}){1000}\")",
        "strftime(\"%99999d\")",
        "getpath([\"a\"])",
        "tostream",
        product,
        &doubling,
        &tower,
        &texts,
        &choices,
        &sums,
        &keys,
        &updates,
        &formats,
        &conditions,
        &selected,
        &interpolations,
    ] {
        let bounded = heaviest(program);
        assert!(bounded.is_none_or(|weight| weight < 40), "{program} is bounded up to {bounded:?}");
    }
}

#[test]
fn long_and_deep_programs_are_left_to_a_worker() {
    assert_eq!(heaviest(&("1".to_owned() + &" + 1".repeat(5000))), None);
    assert_eq!(heaviest(&("[".repeat(150) + &"]".repeat(150))), None);
    assert_eq!(heaviest(&(".a | ".repeat(5000) + ".")), None);
}
