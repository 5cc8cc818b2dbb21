// Templates made of grammar.txt, templates that mostly are none, and numbers. The same seed gives the same.
import fs from 'node:fs';
import { chance } from '../chance.mjs';

const DEEPEST = 7;

/** The grammar: alternatives, repeated by their weight, under their name. */
function grammar() {
  const rules = new Map();
  let alternatives;
  for (const line of fs.readFileSync(new URL('grammar.txt', import.meta.url), 'utf8').split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    if (!line.startsWith('  ')) {
      alternatives = [];
      rules.set(line, alternatives);
      continue;
    }
    const [, weight, rest] = /^ {2}(?:(\d+): )?(.*)$/.exec(line);
    const parts = rest.replaceAll('\\n', '\n').split(/‹(\w+)›/);
    for (let n = 0; n < Number(weight ?? 1); n += 1) alternatives.push(parts);
  }
  return rules;
}

/** Endless templates. */
export function* templates(seed) {
  const rules = grammar();
  const { pick } = chance(seed);
  const make = (name, depth) => {
    const alternatives = rules.get(name);
    const parts = depth > DEEPEST ? alternatives[0] : pick(alternatives);
    return parts.map((part, index) => (index % 2 === 0 ? part : make(part, depth + 1))).join('');
  };
  for (;;) yield make('template', 0);
}

// Pieces of templates, as they are and torn apart.
const PIECES = [
  '${{', ' ${{ ', '}}', ' }}', '{%', '{% if ', '{% endif %}', '{% for x in l %}', '{% endfor %}', '{% else %}', '{% set ', ' %}', '%}',
  '{#', '#}', '-', '-%}', '{%-', '{% raw %}', '{% endraw %}', '{% macro m(a) %}', '{% endmacro %}', 'm(1)', '{% call m() %}',
  '{% endcall %}', 'caller()', '{% filter upper %}', '{% endfilter %}', '{% block q %}', '{% endblock %}', '{% switch a %}', '{% case 1 %}',
  '{% default %}', '{% endswitch %}', '{% endset %}', 'a', 'b', 'l', 'o', 'x', '.k', '["k"]', '[0]', '[', ']', '(', ')', '{', '}', ',', ':', '|', '~',
  '+', '*', '/', '//', '%', '**', '=', '==', '===', '!=', '!==', '<', '<=', '>', '>=', ' and ', ' or ', ' not ', ' in ', ' is ', ' if ', ' else ',
  'defined', 'string', '"s"', "'t'", '"', '\\', '1', '2.5', '.', 'upper', 'join', '(1)', 'r/a/g', 'r/', '\n', '\r\n', '  ', '\t', '\u00a0', 'é',
  '\u{1f600}', 'none', 'true', 'constructor', '$',
];

/** Endless soup of what templates are made of. */
export function* soup(seed) {
  const { pick, below, maybe } = chance(seed);
  for (;;) {
    const bare = maybe(0.5);
    const pieces = Array.from({ length: 1 + below(bare ? 12 : 7) }, () => pick(PIECES)).join('');
    yield bare ? pieces : '${{ ' + pieces + ' }}';
  }
}

/** Endless numbers of every size, each with a way to print it and what JavaScript prints. */
export function* numbers(seed) {
  const { next, below, pick } = chance(seed);
  const bits = new DataView(new ArrayBuffer(8));
  const any = () => {
    bits.setUint32(0, below(2 ** 32));
    bits.setUint32(4, below(2 ** 32));
    return Number.isFinite(bits.getFloat64(0)) ? bits.getFloat64(0) : 1.5;
  };
  const kinds = [any, () => (next() - 0.5) * 10 ** (below(40) - 20), () => below(100_000) / 100, () => below(2 ** 31), () => (below(2000) - 1000) / 8];
  for (;;) {
    const number = pick(kinds)();
    const [digits, radix] = [below(12), 2 + below(35)];
    yield pick([
      [number, '${{ (+x) ~ "" }}', String(number)],
      [number, `\${{ (+x).toFixed(${digits}) }}`, number.toFixed(digits)],
      [number, `\${{ (+x).toPrecision(${digits + 1}) }}`, number.toPrecision(digits + 1)],
      [number, `\${{ (+x).toExponential(${digits}) }}`, number.toExponential(digits)],
      [number, `\${{ (+x).toString(${radix}) }}`, number.toString(radix)],
      [number, '${{ +x | round ~ "" }}', String(Math.round(number))],
    ]);
  }
}
