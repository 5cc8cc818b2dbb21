// Templates from a small grammar, the same ones for the same seed, and traps written by hand.
import { chance } from '../chance.mjs';

/** What templates of actions read. */
export const context = {
  inputs: {
    name: 'orders-service',
    replicas: 3,
    half: 0.5,
    big: 12345678901,
    tiny: 0.000001,
    dry: false,
    nothing: null,
    empty: '',
    text: 'it\'s "quoted" \\ and ü\nnew line 😀',
    list: ['b', 'a', 'c'],
    numbers: [3, 1, 2],
    map: { region: 'eu-west-1', zone: 'a', 'odd key': 1 },
    service: { identifier: 'orders', title: 'Orders', properties: { tier: 'gold', url: 'https://example.com/a?b=c&d=é' } },
    many: [
      { identifier: 'one', title: 'One', n: 1 },
      { identifier: 'two', title: null, n: 2 },
    ],
    when: '2026-01-31T10:20:30Z',
    json: '{"a":[1,2,{"b":null}]}',
    __proto__2: 'x',
  },
  entity: { identifier: 'orders', title: 'Orders', properties: { replicas: 2, tags: ['x', 'y'], labels: { app: 'orders' } }, relations: { system: 'commerce', deps: [] } },
  trigger: { by: { user: { email: 'mia@larkfell.example', firstName: 'Mia' } }, origin: 'UI', at: '2026-02-01T00:00:00.000Z', operation: 'DAY-2', type: 'self-service' },
  action: { identifier: 'scale_service', encryptedProperties: [] },
  run: { id: 'r_0123456789abcdef' },
};

const paths = [
  '.', '.inputs', '.inputs.name', '.inputs.replicas', '.inputs.half', '.inputs.big', '.inputs.dry', '.inputs.nothing', '.inputs.missing', '.inputs.missing.below',
  '.inputs.text', '.inputs.empty', '.inputs.list', '.inputs.list[0]', '.inputs.list[-1]', '.inputs.list[1:]', '.inputs.list[]', '.inputs.numbers', '.inputs.map',
  '.inputs.map["odd key"]', '.inputs["map"].region', '.inputs.service', '.inputs.service.properties.url', '.inputs.many[].identifier', '.inputs.many[0].title', '.inputs.when', '.inputs.json',
  '.entity.properties.tags', '.entity.properties.labels.app', '.entity.relations', '.trigger.by.user.email', '.trigger.at', '.action.encryptedProperties', '.run.id', '.inputs.name.wrong', '.inputs[0]?',
];
const literals = ['1', '0', '-2', '2.5', '1e3', '""', '"a"', '"-"', '"ü"', '\'a\'', '\' \'', '\'https://x/\'', 'null', 'true', 'false', '[]', '{}', '[1,[2]]', '{"a":{"b":1}}', '"}}"', '"{{"', '"\\"}}"'];
const filters = [
  'length', 'type', 'keys', 'add', 'not', 'tostring', 'tojson', 'tonumber', 'first', 'last', 'reverse', 'sort', 'unique', 'flatten', 'min', 'max', 'any', 'all', 'to_entries', 'from_entries',
  'ascii_downcase', 'ascii_upcase', 'floor', 'ceil', 'round', 'sqrt', 'abs', 'trim', 'ltrim', 'rtrim', 'toarray', 'explode', 'fromjson', '@base64', '@base64d', '@uri', '@html', '@csv', '@json', '@sh', '@text',
  'values', 'strings', 'arrays', 'objects', 'fromdate', 'todate', 'keys_unsorted', 'utf8bytelength', 'paths', 'transpose', 'map_values(.)', 'with_entries(.value |= tostring)', 'error', 'empty', 'halt',
  'have_literal_numbers', 'isvalid(.a)', 'ascii', 'infinite', 'pick(.a)', 'have_decnum', 'getpath(["a"])', 'env', '$ENV.HOME', 'input', '$__loc__', 'splits("-")', 'gsub("e";"3")', 'test("o")', '[match("[a-z]+";"g").string]', 'sub("(?<x>o)";"<\\(.x)>")', 'ltrimstr("o")', 'trimstr("o")', 'limit(1;.[])', 'strftime("%Y")', 'walk(.)', 'del(.name)', 'to_number', 'group_by(.)', 'min_by(.n)', 'index("a")', 'inside({})', 'implode', 'tojson|fromjson', '.. | numbers', 'recurse | strings', 'limit(0;1)', 'getpath(["x","y"])', 'join("-")', 'split("-")', 'split("e";null)', 'has("name")', 'map(.)', 'map(select(. != null))', '.[0]', '.[]?', '.a?', '.identifier', 'ascii_downcase? // "none"',
];
const operators = ['+', '-', '*', '/', '%', '==', '!=', '<', '>=', 'and', 'or', '//', ',', '|'];

function program(dice, depth) {
  const kind = dice.below(depth <= 0 ? 2 : 9);
  const inner = () => program(dice, depth - 1);
  switch (kind) {
    case 0: return dice.pick(paths);
    case 1: return dice.pick(literals);
    case 2: return `${inner()} | ${dice.pick(filters)}`;
    case 3: return `${inner()} ${dice.pick(operators)} ${inner()}`;
    case 4: return `if ${inner()} then ${inner()} else ${inner()} end`;
    case 5: return `(${inner()})`;
    case 6: return `{${dice.pick(['a', 'name', '"odd key"', '(.run.id)'])}: (${inner()})}`;
    case 7: return `[${inner()}]`;
    default: return `"x\\(${inner()})y"`;
  }
}

const block = (dice) => `{{${dice.pick([' ', '', '  '])}${program(dice, dice.below(4))}${dice.pick([' ', '', '\t'])}}}`;

function text(dice) {
  switch (dice.below(6)) {
    case 0: case 1: case 2: return block(dice);
    case 3: return `${dice.pick(['a ', 'https://example.com/', ' '])}${block(dice)}${dice.pick(['', ' b', '/{x}', ' '])}`;
    case 4: return `${block(dice)}${dice.pick(['', '-', ' and '])}${block(dice)}`;
    default: return dice.pick(['plain', '', '{ not }', '{{', '}}', '{{ {{ .a }}', '{{ .run.id', 'ü }} x', '{{{ .a }}}', '{{ "a\\"}}" }}', '{{ \'}}\' }}', '😀 {{ .run.id }} 😀', '😀 }}']);
  }
}

const spread = ['{{ spreadValue() }}', '{{spreadValue( )}}', ' {{ spreadValue() }} '];

function template(dice, depth) {
  if (depth <= 0 || dice.maybe(0.6)) return dice.maybe(0.9) ? text(dice) : dice.pick([1, null, true, 2.5, [], {}]);
  const size = 1 + dice.below(3);
  if (dice.maybe(0.4)) return Array.from({ length: size }, () => template(dice, depth - 1));
  const entry = () => [dice.maybe(0.2) ? dice.pick(spread) : dice.maybe(0.3) ? text(dice) : dice.pick(['a', 'b', 'name', '__proto__x']), template(dice, depth - 1)];
  return Object.fromEntries(Array.from({ length: size }, entry));
}

const traps = [
  '{{}}', '{{ }}', '{{{}}}', '{{{{ .a }}}}', ' {{ .inputs.name }} ', '\n{{ .inputs.list }}\n', '{{ .inputs.name }}{{ .inputs.name }}', '{{ .inputs.name }} }', '{ {{ .inputs.name }} }',
  '{{ .inputs | {name, replicas} }}', '{{ .inputs | {name} | .name }}', '{{ {"a": {"b": 1}} }}', '{{ {a:{b:1}}}}', '{{ "{{" }}', "{{ '{{' }}", '{{ "a" + \'b\' }}', "{{ .inputs.name + '-' + .run.id }}", "{{ 'a' }}", "{{ .inputs.text | test('s') }}", "{{ .inputs.name | split('-')[0] }}", "{{ 'it''s' }}", "{{ '' }}", "{{ 'a b' }}",
  '{{ .inputs.replicas }}.0', '{{ 1.0 }}', 'x{{ 1.0 }}', 'x{{ 1e21 }}', 'x{{ 1e20 }}', 'x{{ 0.0000001 }}', 'x{{ -0 }}', 'x{{ 3.14e2 }}', 'x{{ 100000000000000000000000 }}', 'x{{ nan }}', 'x{{ [nan] }}', '{{ nan }}', 'x{{ infinite }}', '{{ 1 / 3 }}', 'x{{ 1 / 3 }}', 'x{{ .inputs.big * 1000 }}',
  'x{{ .inputs.text }}', 'x{{ [.inputs.text] }}', 'x{{ {"k": .inputs.text} }}', 'x{{ null }}', 'x{{ empty }}', '{{ empty }}', 'x{{ error }}', '{{ error("x") }}', '{{ .inputs.name.a.b }}', '{{ not a program }}', '{{ def f: 1; f }}', '{{ . as $x | $x.run.id }}', '{{ .inputs.list | join(", ") }}', '{{ .inputs.list as [$a, $b] | $b + $a }}', '{{ reduce .inputs.numbers[] as $n (0; . + $n) }}', '{{ [foreach .inputs.numbers[] as $n (0; . + $n)] }}', '{{ label $out | 1, break $out }}', '{{ try error("x") catch . }}', '{{ .inputs.service.properties | to_entries | map("\\(.key)=\\(.value)") | join("&") }}', '{{ env | length }}', '{{ $ENV | length }}', '{{ input }}', '{{ [inputs] }}', '{{ # comment\n 1 }}', '{{ 1 # comment }}', '{{ .a."b" }}', '{{ ."run"."id" }}', '{{ .run["id"] }}', '{{ @json "x\\(.inputs.list)" }}', '{{ @base64 "x\\(.run.id)" }}', '{{ .inputs.text | ascii }}', '{{ ltrimstr(1) }}', '{{ .inputs.name | ltrimstr("orders-") }}', '{{ "  x " | trim }}', '{{ -3 | abs }}', '{{ 1 | toarray }}', '{{ have_literal_numbers }}', '{{ [limit(3; repeat(1))] }}', '{{ [range(5)] }}', '{{ [range(0; 10; 3)] }}', '{{ "x" * 3 }}', '{{ "x" * 0 }}', '{{ {} * {a: 1} }}', '{{ {a: {b: 1}} * {a: {c: 2}} }}', '{{ [1,2,3] - [2] }}', '{{ "a,b" / "," }}', '{{ 5 % 3 }}', '{{ 5 % 0 }}', '{{ 1 / 0 }}', '{{ "10" | tonumber }}', '{{ "0x10" | tonumber }}', '{{ "nan" | tonumber }}', '{{ .inputs.when | fromdate }}', '{{ 0 | todate }}', '{{ .inputs.when | strptime("%Y-%m-%dT%H:%M:%SZ") | mktime }}', '{{ ("2026-01-31" | strptime("%Y-%m-%d")) }}', '{{ .inputs.json | fromjson.a[2] }}', '{{ splits("a") }}', '{{ getpath(["run", "id"]) }}', '{{ paths(type == "number") }}', '{{ [.inputs | paths] | length }}', '{{ tostream }}', '{{ input_filename }}', '{{ $__prog_args }}', '{{ now | type }}', '{{ .inputs.list | IN("a") }}', '{{ any(.inputs.list[]; . == "a") }}', '{{ ascii_downcase }}', '{{ limit(-1; 1, 2) }}', '{{ ltrimstr("x"; "y") }}', '{{ getpath(1) }}', '{{ @xyz "a" }}', '{{ . }} ', '{{"}}"}}', "{{'}}'}}", '{{ "\\u00e9\\ud83d\\ude00" }}', 'é{{ .inputs.text | length }}', '{{ .inputs.text | utf8bytelength }}', '{{ .inputs.text | explode | implode }}', '{{ .inputs.text | @uri }}', '{{ .inputs.text | @sh }}', '{{ .inputs.text | @html }}', '{{ [.inputs.name, .inputs.text] | @csv }}', '{{ [.inputs.name, .inputs.text] | @tsv }}', '{{ .inputs.many | map({(.identifier): .n}) | add }}', '{{ .inputs.many | INDEX(.identifier) }}', '{{ .inputs.many | group_by(.n > 1) }}', '{{ .inputs.map | with_entries(.key |= ascii_upcase) }}', '{{ .inputs.map | to_entries[0] }}', '{{ .entity.relations.deps[0] }}', '{{ .entity.properties.replicas // 1 }}', '{{ .inputs.dry // true }}', '{{ .inputs.nothing // "none" }}', '{{ if .inputs.dry then 1 end }}', '{{ (.inputs.replicas | tostring) + "x" }}', '{{ .inputs.replicas + "x" }}', '{{ .inputs.name[0:3] }}', '{{ .inputs.name | .[7:] }}', '{{ ["a","b"] | .[1] = "c" }}', '{{ .inputs | .replicas += 1 | .replicas }}', '{{ .inputs | del(.text, .list) | keys }}', '{{ "\\(1 + 2) is three" }}', '{{ "a" | test("A"; "i") }}', '{{ "test" | sub("t"; "T"; "g") }}', '{{ "aXbX" | ascii_downcase | split("x") }}', '{{ [1, [2, [3]]] | flatten(1) }}', '{{ {"a":1,"b":null} | map_values(. // empty) }}', '{{ [3,1,2] | sort_by(-.) }}', '{{ "x" as $x | [$x, $x] | unique }}', '{{ [splits(", *"; null)] }}', '{{ "a, b" | [splits(", *")] }}', '{{ ltrimstr }}', '{{ tojson | length > 10 }}', '{{ getpath(["inputs","many",1,"n"]) }}', '{{ [.inputs.many[] | select(.title == null) | .identifier] }}', '{{ error(null) }}', 'x{{ try error(null) catch . }}', '{{ .inputs.list | first, last }}', '{{ first(empty) }}', 'x{{ first(empty) }}', '{{ input_line_number }}', '{{ "abc" | .[1:2] }}', '{{ null | length }}', '{{ [null, 1] | add }}', '{{ {} | add }}', '{{ halt_error }}', '{{ ("a","b") | ascii_upcase }}', '{{ @text }}', '{{ {"a b": 1}."a b" }}', '{{ . == . }}',
  { '{{ .inputs.name }}': 1, '{{ .inputs.nothing }}': 2, '{{ .inputs.empty }}': 3, '{{ empty }}': 4 }, { '{{ .inputs.replicas }}': 1 }, { '{{ .inputs.list }}': 1 }, { '{{ .inputs.dry }}': 1 }, { 'x{{ .inputs.replicas }}': 1 },
  { '{{ spreadValue() }}': '{{ .inputs.map }}', region: 'over' }, { region: 'under', '{{ spreadValue() }}': '{{ .inputs.map }}' }, { '{{ spreadValue() }}': '{{ .inputs.name }}' }, { '{{ spreadValue() }}': '{{ .inputs.list }}' }, { '{{ spreadValue() }}': 1 }, { '{{ spreadValue() }}': { a: '{{ .run.id }}', b: { '{{ spreadValue() }}': '{{ .inputs.map }}' } } }, { '{{spreadValue()}}x': 1 }, { '{{ spreadValue(1) }}': 1 },
  { a: '{{ empty }}', b: ['{{ empty }}', 1] }, { a: { '{{ .x': 1 } }, ['{{ .run.id }}', ['{{ .run.id }}']], 1, null, true,
];

/** Everything to be rendered. */
export function cases(seed, count) {
  const dice = chance(seed);
  return [...traps, ...Array.from({ length: count }, () => template(dice, 3))];
}
