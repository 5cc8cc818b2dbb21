// Our template language beside the engine that Backstage uses, unmodified: traps written by hand, and thousands of
// templates made of grammar.txt. `SEED=7 CASES=100000 node --test` looks further.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import test, { describe } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { seed } from '../chance.mjs';
import { DIFFERENCES } from './differences.mjs';
import { original, ours } from './evaluators.mjs';
import { numbers, soup, templates } from './generate.mjs';
import { CONTEXT, ERROR, TRAPS } from './traps.mjs';

const DOCUMENT = new URL('../../../docs/reference/template-language.md', import.meta.url);
const CASES = Number(process.env.CASES ?? 15_000);

const agree = (theirs, ours) =>
  theirs.error === undefined ? isDeepStrictEqual(theirs, ours) : ours.error !== undefined;

const both = (cases) => {
  const [a, b] = [original(cases), ours(cases)];
  assert.equal(a.length, b.length);
  return cases.map((one, index) => ({ one, theirs: a[index], ours: b[index] }));
};

const evaluateAs = (one) => (template) => {
  const [{ theirs, ours }] = both([{ ...one, template }]);
  return [theirs, ours];
};

/** Those that differ, without what is on the list; and how often each line of the list was needed. */
function unexplained(answers) {
  const used = new Map(DIFFERENCES.map(({ name }) => [name, 0]));
  const left = answers.filter(({ one, theirs, ours }) => {
    if (agree(theirs, ours)) return false;
    const facts = { ...one, evaluate: evaluateAs(one) };
    const found = DIFFERENCES.find(
      ({ applies, agrees }) => applies(one, theirs, ours) && agrees(theirs, ours, facts),
    );
    if (found) used.set(found.name, used.get(found.name) + 1);
    return !found;
  });
  return { left, used };
}

const show = ({ one, theirs, ours }) =>
  `${JSON.stringify(one.template)} ${one.mode} ${JSON.stringify(one.syntax)}\n  theirs ${JSON.stringify(theirs)}\n  ours   ${JSON.stringify(ours)}`;

describe('traps', () => {
  const cases = TRAPS.map(([template, , mode = 'value', syntax = {}]) => ({ template, context: CONTEXT, mode, syntax }));
  const answers = both(cases);

  test('each makes what it should', () => {
    const wrong = answers.filter(({ one, ours }, index) => {
      const expected = TRAPS[index][1];
      if (expected === ERROR) return ours.error === undefined;
      if (ours.error !== undefined) return true;
      return !isDeepStrictEqual(ours.value, one.mode === 'text' ? (expected ?? '') : expected);
    });
    assert.equal(wrong.map(show).join('\n'), '');
  });

  test('the original makes the same of them', () => {
    const { left, used } = unexplained(answers);
    assert.equal(left.map(show).join('\n'), '');
    for (const name of ['Halves of characters', 'Looking around in regular expressions']) assert.notEqual(used.get(name), 0, name);
  });

  test('names that would lead to prototypes are not in the context', () => {
    const context = { object: JSON.parse('{"constructor": 1, "__proto__": 2, "a": 3}') };
    const cases = ['${{ object }}', '${{ object | length }}'].map((template) => ({ template, context, mode: 'value' }));
    const answers = both(cases);
    assert.deepEqual(answers.map(({ ours }) => ours.value), [{ a: 3 }, 1]);
    assert.deepEqual(unexplained(answers).left, []);
  });
});

describe('generated templates', () => {
  const context = JSON.parse(fs.readFileSync(new URL('context.json', import.meta.url), 'utf8'));
  const ways = [
    { mode: 'value', syntax: {} },
    { mode: 'text', syntax: {} },
    { mode: 'value', syntax: { cookiecutter: true } },
    { mode: 'text', syntax: { trimBlocks: true, lstripBlocks: true } },
    { mode: 'value', syntax: { trimBlocks: true } },
  ];
  const cases = [];
  for (const template of templates(seed())) {
    const way = ways[cases.length % ways.length];
    cases.push({ template: way.syntax.cookiecutter ? template.replaceAll('${{', '{{') : template, context, ...way });
    if (cases.length >= CASES) break;
  }
  const answers = both(cases);

  test(`${CASES} make the same (seed ${seed()})`, (t) => {
    const { left, used } = unexplained(answers);
    for (const [name, count] of used) t.diagnostic(`${count} times: ${name}`);
    assert.equal(left.slice(0, 20).map(show).join('\n'), '', `${left.length} differ`);
  });

  test('everything in the language is in several that succeed', { skip: CASES < 15_000 }, () => {
    const succeeded = answers.filter(({ theirs }) => theirs.error === undefined).map(({ one }) => one.template);
    const count = (pattern) => succeeded.filter((template) => pattern.test(template)).length;
    const escape = (text) => text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
    const rare = [];
    for (const [kind, [pattern, names]] of Object.entries(LANGUAGE)) {
      for (const name of names.split(' ')) {
        const times = count(new RegExp(pattern.replace('NAME', escape(name))));
        if (times < 3) rare.push(`${kind} ${name}: ${times}`);
      }
    }
    assert.deepEqual(rare, []);
  });
});

describe('what is mostly no template', () => {
  const context = { a: 1, b: 'xy', l: [1, '2'], o: { k: 1 } };
  const ways = [{}, { trimBlocks: true, lstripBlocks: true }, { cookiecutter: true }, { lstripBlocks: true }];
  const cases = [];
  for (const template of soup(seed())) {
    const syntax = ways[cases.length % ways.length];
    const mode = cases.length % 3 === 0 ? 'text' : 'value';
    cases.push({ template: syntax.cookiecutter ? template.replaceAll('${{', '{{') : template, context, mode, syntax });
    if (cases.length >= CASES) break;
  }

  test(`${CASES} are refused, or not, as by the original (seed ${seed()})`, () => {
    const { left } = unexplained(both(cases));
    assert.equal(left.slice(0, 20).map(show).join('\n'), '', `${left.length} differ`);
  });
});

test('numbers are printed as in JavaScript', () => {
  const cases = [];
  const expected = [];
  for (const [number, template, text] of numbers(seed())) {
    cases.push({ template, context: { x: String(number) }, mode: 'value' });
    expected.push(text);
    if (cases.length >= 5000) break;
  }
  const wrong = ours(cases).flatMap(({ value }, index) =>
    value === expected[index] ? [] : [`${cases[index].template} of ${cases[index].context.x}: ${value}, not ${expected[index]}`],
  );
  assert.deepEqual(wrong, []);
});

test('every difference is documented, and every documented one is tested', () => {
  const section = fs.readFileSync(DOCUMENT, 'utf8').split('## Differences')[1];
  const names = [...section.matchAll(/^\| ([^|-][^|]*?) \|/gm)].map(([, name]) => name).filter((name) => name !== 'What');
  assert.deepEqual(names, DIFFERENCES.map(({ name }) => name));
});

// What the language has, with how it looks in a template.
const LANGUAGE = {
  filter: ['\\|\\s*NAME\\b', 'abs batch capitalize center d default dictsort dump e escape first float forceescape groupby indent int join last length list lower nl2br reject rejectattr replace reverse round safe select selectattr slice sort string striptags sum title trim truncate upper urlencode urlize wordcount'],
  test: [' is (?:not )?NAME\\b', 'callable defined divisibleby escaped eq equalto even falsy ge greaterthan gt iterable le lessthan lower lt mapping ne none null number odd sameas string truthy undefined upper'],
  tag: ['\\{%-? NAME\\b', 'if elif elseif else endif for endfor set endset macro endmacro call endcall filter endfilter block endblock switch case default endswitch raw endraw verbatim'],
  operator: [' NAME ', '+ - * / // % ** ~ == != === !== < <= > >= and or in if else not'],
  global: ['\\bNAME\\(', 'range cycler joiner always failure'],
  method: ['\\.NAME\\(', 'charAt charCodeAt concat endsWith includes indexOf lastIndexOf replace slice split startsWith substring toLowerCase toUpperCase trim trimEnd trimStart toExponential toFixed toPrecision toString at copyWithin fill flat join pop push reverse shift sort splice unshift test next reset'],
  loop: ['loop\\.NAME\\b', 'index index0 revindex revindex0 first last length'],
};
