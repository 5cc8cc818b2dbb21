// Where ours answers otherwise, on purpose. Each stands in docs/reference/template-language.md under the same name.

const close = (a, b) => Math.abs(a - b) <= 1e-12 * Math.max(Math.abs(a), Math.abs(b));
const NUMBER = /-?\d+(?:\.\d+)?(?:e[+-]?\d+)?/g;

/** The same but for the last digits of numbers. */
function roughly(theirs, ours) {
  const [a, b] = [theirs, ours].map((answer) => JSON.stringify(answer));
  const numbers = [a, b].map((text) => (text.match(NUMBER) ?? []).map(Number));
  const same = numbers[0].length === numbers[1].length && numbers[0].every((n, i) => close(n, numbers[1][i]));
  return same && a.replace(NUMBER, '#') === b.replace(NUMBER, '#');
}

export const DIFFERENCES = [
  {
    name: 'The last digit of powers',
    applies: ({ template }) => template.includes('**') || /round\(/.test(template),
    agrees: roughly,
  },
  {
    name: 'Numbers that are none, in filters of the caller',
    applies: ({ template }) => template.includes('| echo'),
    agrees: (theirs, ours, { template, evaluate }) => {
      // The same template without that filter has to agree.
      const [a, b] = evaluate(template.replaceAll(/\| echo\b/g, '| default(missing)'));
      return JSON.stringify(a) === JSON.stringify(b);
    },
  },
  {
    name: 'Halves of characters',
    applies: ({ template, context }) => /[\u{10000}-\u{10ffff}]/u.test(template + JSON.stringify(context)),
    agrees: (theirs, ours) => {
      const whole = (answer) => JSON.stringify(answer).replace(/\\ud[89a-f][0-9a-f]{2}/gi, '\ufffd');
      return whole(theirs) === whole(ours);
    },
  },
  {
    name: 'Looking around in regular expressions',
    applies: ({ template }) => /r\/.*(?:\(\?[=!<]|\\[1-9])/.test(template),
    agrees: (theirs, ours) => ours.error !== undefined,
  },
  {
    name: 'The middle of a Windows line break',
    applies: ({ template, context }) => /\/[giy]*m/.test(template) && /\\+r\\+n/.test(JSON.stringify([template, context])),
    agrees: (theirs, ours) => theirs.error === undefined && ours.error === undefined,
  },
  {
    name: 'Reserved names in the context',
    applies: ({ context }) => /"(?:constructor|prototype|__proto__)":/.test(JSON.stringify(context)),
    agrees: (theirs) => theirs.error !== undefined,
  },
  {
    name: 'Limits',
    applies: (_, theirs, ours) => /limit|exceed|too many|too deep|too much|may have/.test(`${theirs.error}${ours.error}`),
    agrees: () => true,
  },
];
