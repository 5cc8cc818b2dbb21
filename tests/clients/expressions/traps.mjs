// What a naive engine gets wrong, written by hand: a template, what it makes of CONTEXT, and perhaps how it is read.
// `undefined` stands for a property that is removed, `ERROR` for a template that is refused.
export const ERROR = Symbol('error');

export const CONTEXT = {
  n: 3, zero: 0, text: 'a "b" <c>', list: ['a', 'b'], object: { b: 1, a: [1, 2] }, no: false, nothing: null, empty: '',
  keyed: { x: 1, 10: 'ten', 2: 'two' }, people: [{ name: 'Bo', age: 41 }, { name: 'ada', age: 36 }],
  steps: { 'fetch-base': { output: { url: 'u' } } }, emoji: 'a\u{1f600}b',
};

const COOKIECUTTER = { cookiecutter: true };
const TRIM = { trimBlocks: true, lstripBlocks: true };

export const TRAPS = [
  // One interpolation and nothing else keeps its kind; anything else is a text.
  ['${{ 3 }}', 3], ['${{ n }}', 3], ['x${{ n }}', 'x3'], ['${{ n }} ', '3 '], [' ${{ n }}', ' 3'],
  ['${{ list }}', ['a', 'b']], ['${{ object }}', { b: 1, a: [1, 2] }], ['${{ no }}', false], ['${{ nothing }}', null],
  ['${{ empty }}', ''], ['${{ missing }}', undefined], ['${{ missing.deep.er }}', undefined], ['${{ n }}${{ n }}', '33'],
  ['${{ n }}{# a comment #}', 3], ['{% if true %}${{ n }}{% endif %}', '3'], ['${{ "a" if no }}', ''],
  ['${{ "a" if no else missing }}', undefined], ['${{ [missing, 1] }}', [null, 1]], ['${{ {a: missing, b: 1} }}', { b: 1 }],
  ['${{ 1 / zero }}', null], ['{{ n }}', '{{ n }}'], ['$ {{ n }}', '$ {{ n }}'], ['$${{ n }}', '$3'], ['', ''], [' ', ' '],
  // Values in texts.
  ['-${{ list }}', '-a,b'], ['-${{ object }}', '-[object Object]'], ['-${{ [1, [2, [none, missing]]] }}', '-1,2,,'],
  ['-${{ nothing }}${{ missing }}', '-'], ['-${{ no }}', '-false'], ['-${{ nothing ~ missing }}', '-nullundefined'],
  ['-${{ -0.0 }}', '-0'], ['-${{ 0.1 + 0.2 }}', '-0.30000000000000004'], ['-${{ 10000000000000000000000 }}', '-1e+22'],
  ['-${{ 1 / 3 }}', '-0.3333333333333333'], ['-${{ 0.0000001 }}', '-1e-7'], ['-${{ 1 / zero }}', '-Infinity'],
  ['-${{ text }}', '-a "b" <c>'], ['-${{ text | e }}', '-a &quot;b&quot; &lt;c&gt;'], ['-${{ keyed | dump }}', '-{"2":"two","10":"ten","x":1}'],
  // Operators.
  ['${{ 1 + "2" }}', '12'], ['${{ "3" * "4" }}', 12], ['${{ "3" - 1 }}', 2], ['${{ [1] + [2] }}', '12'], ['${{ {} + 1 }}', '[object Object]1'],
  ['${{ true + true }}', 2], ['${{ nothing + 1 }}', 1], ['${{ 7 // 2 }}', 3], ['${{ -7 // 2 }}', -4], ['${{ -7 % 3 }}', -1],
  ['${{ 2 ** 3 ** 2 }}', 64], ['${{ -2 ** 2 }}', 4], ['${{ 8 / 2 * 4 }}', 16], ['${{ 2 * 7 // 2 }}', 6], ['${{ 2 * 7 % 4 }}', 2], ['${{ 9 % 5 * 2 }}', 8],
  ['${{ not 1 + 1 }}', 1], ['${{ not 1 == 2 }}', false], ['${{ not "a" in list }}', false], ['${{ 3 > 2 > 1 }}', false], ['${{ 1 < 2 < 3 }}', true],
  ['${{ "1" == 1 }}', true], ['${{ "1" === 1 }}', false], ['${{ nothing == missing }}', true], ['${{ nothing === missing }}', false],
  ['${{ [1] == 1 }}', true], ['${{ [1] == [1] }}', false], ['${{ list == list }}', true], ['${{ "b" > "B" }}', true], ['${{ "10" < "9" }}', true],
  ['${{ "10" < 9 }}', false], ['${{ missing > 1 }}', false], ['${{ 0 or "a" }}', 'a'], ['${{ "" and 1 }}', ''], ['${{ [] and 1 }}', 1], ['${{ "a" in "abc" }}', true],
  ['${{ "x" in keyed }}', true], ['${{ 2 in keyed }}', true], ['${{ 1 in ["1"] }}', false], ['${{ "a" not in list }}', false], ['${{ 1 in 1 }}', ERROR],
  ['${{ - -1 }}', ERROR], ['${{ (1, 2) }}', 2], ['${{ 1 if 0 else 2 if 1 }}', ERROR], ['${{ {a: {b: 1}} }}', ERROR], ['${{ {a: {b: 1} } }}', { a: { b: 1 } }],
  // Members, slices.
  ["${{ steps['fetch-base'].output.url }}", 'u'], ['${{ steps.fetch-base }}', null], ['${{ list[0] }}', 'a'], ['${{ list["1"] }}', 'b'], ['${{ list[-1] }}', undefined],
  ['${{ list.length }}', 2], ['${{ "abc"[1] }}', 'b'], ['${{ [1,2,3,4][1:3] }}', [2, 3]], ['${{ [1,2,3][::-1] }}', [3, 2, 1]], ['${{ "abc"[1:] }}', ['b', 'c']],
  ['${{ [1,2,3][-2:] }}', [2, 3]], ['${{ [1][::0] }}', ERROR], ['${{ missing[1:] }}', []], ['${{ n.foo }}', undefined], ['${{ n.foo() }}', ERROR], ['${{ nothing.a.b }}', undefined],
  // Filters.
  ['${{ "abc" | nosuch }}', ERROR], ['${{ missing | default("d") }}', 'd'], ['${{ nothing | default("d") }}', null], ['${{ empty | default("d") }}', ''],
  ['${{ empty | default("d", true) }}', 'd'], ['${{ empty | d("d", boolean=true) }}', 'd'], ['${{ missing | upper }}', ''], ['${{ n | upper }}', ERROR], ['${{ list | upper }}', ERROR],
  ['${{ missing | trim }}', ERROR], ['${{ [1,2,3] | join }}', '123'], ['${{ [1,none,3] | join("-") }}', '1--3'], ['${{ people | join(", ", "name") }}', 'Bo, ada'], ['${{ "abc" | join("-") }}', ERROR],
  ['${{ people | sort(attribute="name") | join("", "name") }}', 'adaBo'], ['${{ people | sort(false, true, "name") | join("", "name") }}', 'Boada'], ['${{ [10, 9, 1] | sort }}', [1, 9, 10]],
  ['${{ [10, "9", 1].sort() }}', [1, 10, '9']], ['${{ [missing, 2, 1] | sort(true) }}', [2, 1, null]], ['${{ object | dictsort }}', [['a', [1, 2]], ['b', 1]]], ['${{ people | groupby("age") | dump }}', '{"36":[{"name":"ada","age":36}],"41":[{"name":"Bo","age":41}]}'],
  ['${{ people | selectattr("age") | length }}', 2], ['${{ people | selectattr("age", "gt", 40) | length }}', 2], ['${{ [1,2,3,4] | select("even") }}', [2, 4]], ['${{ [0, 1, ""] | reject }}', [0, '']],
  ['${{ "3.7kg" | float }}', 3.7], ['${{ "x" | int }}', undefined], ['${{ "x" | int(7) }}', 7], ['${{ "ff" | int(0, 16) }}', 255], ['${{ "0x1f" | int }}', 0], ['${{ "ff" | int(base=16) }}', 255], ['${{ 2.5 | round }}', 3], ['${{ -2.5 | round }}', -2],
  ['${{ 1.255 | round(2) }}', 1.25], ['${{ 1.21 | round(1, "ceil") }}', 1.3], ['${{ [1,2,3,4,5] | batch(2, 9) }}', [[1, 2], [3, 4], [5, 9]]], ['${{ [1,2,3] | slice(2) }}', [[1, 2], [3]]], ['${{ [1,2,3,4] | slice(2, 9) }}', [[1, 2, 9], [3, 4, 9]]],
  ['${{ "a-b" | replace("-", "$&") }}', 'a$&b'], ['${{ "aaa" | replace("a", "b", 2) }}', 'bba'], ['${{ "ab" | replace("", "-") }}', '-a-b-'], ['${{ 12 | replace("1", "x") }}', 'x2'], ['${{ list | replace("a", "b") }}', ['a', 'b']],
  ['${{ "a1b2" | replace(r/\\d/g, "<$&>") }}', 'a<1>b<2>'], ['${{ "hello world foo" | truncate(8) }}', 'hello...'], ['${{ "hello world" | truncate(8, true, "") }}', 'hello wo'], ['${{ "x" | center(4) }}', ' x  '], ['${{ "a\\nb" | indent }}', 'a\n    b'],
  ['${{ "" | wordcount }}', null], ['${{ "a b" | wordcount }}', 2], ['${{ "<b>x</b> y" | striptags }}', 'x y'], ['${{ "a b&c" | urlencode }}', 'a%20b%26c'], ['${{ [["a", 1], ["b", "x y"]] | urlencode }}', 'a=1&b=x%20y'], ['${{ object | list }}', [{ key: 'b', value: 1 }, { key: 'a', value: [1, 2] }]],
  ['${{ "aBC" | capitalize }}', 'Abc'], ['${{ "a  bC" | title }}', 'A  Bc'], ['${{ {a: 1, b: missing} | dump }}', '{"a":1}'], ['${{ [missing] | dump }}', '[null]'], ['${{ missing | dump }}', undefined], ['${{ {a: [1]} | dump(1) }}', '{\n "a": [\n  1\n ]\n}'], ['${{ object | length }}', 2], ['${{ n | length }}', undefined],
  ['${{ "a" | safe | length }}', 1], ['${{ ("a" | safe) == "a" }}', true], ['${{ ("a" | safe) === "a" }}', false], ['${{ "<" | e | e }}', '&lt;'], ['${{ "<" | e | forceescape }}', '&amp;lt;'], ['${{ [7] | random }}', 7], ['${{ [] | sum }}', 0], ['${{ ["a", 1] | sum }}', '00a1'],
  // Tests.
  ['${{ missing is defined }}', false], ['${{ nothing is none }}', true], ['${{ nothing is undefined }}', false], ['${{ n is divisibleby(3) }}', true], ['${{ n is divisibleby 3 }}', ERROR], ['${{ "a" is string }}', true], ['${{ ("a" | safe) is string }}', false], ['${{ n is nosuch }}', ERROR], ['${{ n is odd }}', true],
  ['${{ -3 is odd }}', false], ['${{ missing is iterable }}', ERROR], ['${{ "1" is eq(1) }}', false], ['${{ n is not even and true }}', true], ['${{ range is callable }}', true], ['${{ n is in [3] }}', false], ['${{ "ab" is lower }}', true], ['${{ 1 is lower }}', ERROR],
  // Tags.
  ['{% for x in list %}${{ loop.index }}${{ x }}{% endfor %}', '1a2b'], ['{% for k, v in keyed %}${{ k }}${{ v }};{% endfor %}', '2two;10ten;x1;'], ['{% for x in keyed %}!{% else %}none{% endfor %}', 'none'], ['{% for x in "ab" %}${{ x }}.{% endfor %}', 'a.b.'], ['{% for x in n %}!{% else %}none{% endfor %}', 'none'],
  ['{% set v = 1 %}{% for x in list %}{% set v = x %}{% endfor %}${{ v }}', 'b'], ['{% for x in list %}{% set w = x %}{% endfor %}${{ w }}', undefined, 'text'], ['{% if [] %}yes{% endif %}', 'yes'], ['{% if "" %}y{% elif 0 %}z{% elseif 1 %}w{% endif %}', 'w'], ['{% for loop in list %}{% endfor %}', ERROR],
  ['{% macro m(a, b=2) %}${{ a }}${{ b }}${{ n }}{% endmacro %}${{ m(1) }}', '123'], ['{% macro m() %}${{ caller("x") }}{% endmacro %}{% call(y) m() %}${{ y }}${{ n }}{% endcall %}', 'x3'], ['{% set v %}a${{ n }}{% endset %}${{ v | upper }}', 'A3'], ['{% filter upper %}a${{ n }}b{% endfilter %}', 'A3B'], ['{% block a %}x{% endblock %}', 'x'], ['{% block a %}{% endblock %}{% block a %}{% endblock %}', ERROR],
  ['{% switch n %}{% case 2 %}a{% case 3 %}b{% default %}c{% endswitch %}', 'b'], ['{% switch n %}{% case 3 %}{% case 4 %}b{% endswitch %}', 'b'], ['{% switch n %} {% case 3 %}{% endswitch %}', ERROR], ['{% raw %}${{ n }}{% endraw %}', '${{ n }}'], ['{% include "x" %}', ERROR], ['{% import "x" as y %}', ERROR], ['{% extends "x" %}', ERROR], ['{% nosuch %}', ERROR], ['{% endif %}', ERROR], ['{% if 1 %}', ERROR],
  ['${{ [1, 2].push(3) }}', 3], ['{% set l = [] %}{% for i in range(3) %}{% set z = l.push(i) %}{% endfor %}${{ l }}', '0,1,2'], ['${{ list.push("c") }}-${{ list }}', '3-a,b,c'], ['{% set l = [1] %}${{ l.push(l) }}', ERROR], ['${{ "a.b".split(".") }}', ['a', 'b']], ['${{ (3.14159).toFixed(2) }}', '3.14'], ['${{ (2.5).toFixed(0) }}', '3'], ['${{ (255).toString(16) }}', 'ff'],
  ['${{ range(3) }}', [0, 1, 2]], ['${{ range(1, 4, 2) }}', [1, 3]], ['${{ range(3, 0, -1) }}', [3, 2, 1]], ['{% set c = cycler(1, 2) %}${{ c.next() }}${{ c.next() }}${{ c.next() }}${{ c.current }}', '1211'], ['{% set j = joiner("; ") %}${{ j() }}a${{ j() }}b', 'a; b'], ['${{ [range] }}', ERROR], ['${{ range ~ "" }}', ERROR], ['${{ range() }}', []],
  // No way out.
  ['${{ "".constructor }}', ERROR], ['${{ list["__proto__"] }}', ERROR], ['${{ list["__pro" ~ "to__"] }}', undefined], ['${{ list["con" ~ "structor"]["con" ~ "structor"]("x")() }}', ERROR], ['${{ range.call }}', undefined], ['${{ globalThis }}', undefined], ['${{ this }}', undefined], ['${{ process.env }}', undefined], ['${{ object.toString }}', undefined], ['${{ object.hasOwnProperty("b") }}', ERROR],
  // White space and comments.
  ['a {%- if 1 -%} b {%- endif -%} c', 'abc'], ['a ${{- n -}} b', 'a3b'], ['a{#- x -#} b', 'ab'], ['{# a', ERROR], ['a #} b', ERROR], ['${{ n', ERROR], ['${{ "}}" }}', '}}'], ['${{ \'a\\nb\' }}', 'a\nb'], ['  {% if 1 %}\n  a\n  {% endif %}\n', '  a\n', 'text', TRIM], ['a {% if 1 %}b{% endif %}\n', 'a b', 'text', TRIM],
  ['{% raw %}\na{% endraw %}\nb', 'a\nb', 'text', TRIM], ['{% if 1 -%}\n\n a{% endif %}', 'a'],
  // cookiecutter.
  ['{{ n }} ${{ n }}', '3 $3', 'value', COOKIECUTTER], ['{{ True and not False }}', true, 'value', COOKIECUTTER], ['{{ None }}', null, 'value', COOKIECUTTER], ['{{ object | jsonify }}', '{"b":1,"a":[1,2]}', 'value', COOKIECUTTER], ['{{ object.items() }}', [['b', 1], ['a', [1, 2]]], 'value', COOKIECUTTER],
  ['{{ object.get("zz", 5) }}', 5, 'value', COOKIECUTTER], ['{{ list.index("b") }}', 1, 'value', COOKIECUTTER], ['{{ object.keys() | join("+") }}', 'b+a', 'value', COOKIECUTTER], ['${{ object.keys() }}', ERROR], ['${{ True }}', undefined], ['{{ [3,1].pop(0) }}', 3, 'value', COOKIECUTTER], ['{{ [1].append(2) }}', 2, 'value', COOKIECUTTER],
  // Regular expressions.
  ['${{ "a1" | replace(r/**/, "") }}', ERROR], ['${{ "a{" | replace(r/a{/, "x") }}', 'x'], ['${{ "aab" | replace(r/a{2,}?b/, "x") }}', 'x'], ['${{ "a-b]" | replace(r/[\\w-]+/g, "x") }}', 'x]'], ['${{ "ab".split(r/(?:)/) }}', ['a', 'b']], ['${{ "a,b".split(r/(,)/) }}', ['a', ',', 'b']], ['${{ r/^*/ }}', ERROR],
  // Listed differences.
  ['${{ "a\\r\\nb".split(r/^/m) }}', ['a\r\n', 'b']],
  ['${{ emoji.length }}', 4], ['${{ emoji[1] }}', '\ufffd'], ['${{ emoji | reverse }}', 'b\ufffd\ufffda'], ['${{ "ab".replace(r/(?=b)/, "-") }}', ERROR], ['${{ "aa" | replace(r/(a)\\1/, "b") }}', ERROR],
];
