// Port's templates, rendered by Stagedoor and by the real jq: traps written by hand, and more from a grammar and a seed.
// SEED=7 CASES=20000 for others. What differs has to be in `known.json`, which docs/reference/compat-port.md explains.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { seed } from '../chance.mjs';
import { binary, root, skip } from '../portal.mjs';
import { cases, context } from './cases.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const python = path.join(here, '.venv/bin/python');
const known = JSON.parse(fs.readFileSync(path.join(here, 'known.json'), 'utf8'));

/** The renderer, built like the binary under test. */
function renderer() {
  const profile = binary().includes(`${path.sep}release${path.sep}`) ? 'release' : 'debug';
  const args = ['build', '--quiet', '--locked', '--package', 'stagedoor-actions', '--example', 'port_templates'];
  const built = spawnSync('cargo', profile === 'release' ? [...args, '--release'] : args, { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
  assert.equal(built.status, 0, 'the renderer was built');
  return path.join(root, 'target', profile, 'examples', 'port_templates');
}

/** What a program answers, line by line. */
function answers(command, args, lines) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    let out = '';
    child.stdout.setEncoding('utf8').on('data', (text) => (out += text));
    child.on('error', reject).on('close', (code) => (code === 0 ? resolve(out.split('\n').filter(Boolean)) : reject(new Error(`${command}: ${code}`))));
    child.stdin.end(lines.map((line) => `${line}\n`).join(''));
  });
}

/** Numbers are JavaScript's, and so is what is equal. */
const same = (a, b) => JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
const sorted = (value) => {
  if (Array.isArray(value)) return value.map(sorted);
  if (value && typeof value === 'object') return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)).map(([k, v]) => [k, sorted(v)]));
  return value;
};

test("templates agree with the real jq", { timeout: 300_000 }, async (t) => {
  if (!fs.existsSync(python)) return skip(t, `${path.relative(process.cwd(), python)} is missing: run make test-clients`);
  const all = cases(seed(), Number(process.env.CASES ?? 4000));
  const lines = all.map((template) => JSON.stringify({ template, context }));
  const ours = await answers(renderer(), [], lines);
  const [version, ...theirs] = await answers(python, [path.join(here, 'oracle.py')], lines);
  assert.equal(version, 'true', 'a libjq of 1.8');
  assert.equal(ours.length, all.length);
  assert.equal(theirs.length, all.length);
  const differences = [];
  for (const [at, template] of all.entries()) {
    const [a, b] = [JSON.parse(ours[at]), JSON.parse(theirs[at])];
    // The words after "Original value" are JavaScript's, which says little of an object.
    const fits = 'error' in b ? a.error?.startsWith(b.error) : same(a, b);
    if (!fits) differences.push({ template, ours: a, jq: b });
  }
  const text = (template) => JSON.stringify(template);
  const explained = (difference) => known.find(({ where }) => new RegExp(where).test(text(difference.template)));
  const unknown = differences.filter((difference) => !explained(difference));
  t.diagnostic(`${all.length} templates, ${differences.length} differ, ${unknown.length} of them for no known reason`);
  if (process.env.WRITE) fs.writeFileSync(process.env.WRITE, unknown.map((d) => JSON.stringify(d)).join('\n'));
  assert.deepEqual(unknown.slice(0, 10), []);
  if (process.env.SEED) return;
  const stale = known.filter((entry) => !differences.some((difference) => explained(difference) === entry));
  assert.deepEqual(stale, [], 'every known difference is still there');
});
