// Templates made of grammar.txt. The same seed gives the same templates.
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
