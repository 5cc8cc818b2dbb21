// Both sides: the engine that Backstage uses, and ours, driven line by line.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { createTemplateRenderer } from 'nunjitsu';

const ROOT = path.resolve(import.meta.dirname, '../../..');

const CAPABILITIES = {
  allowRegexExecution: true,
  filters: {
    echo: (value) => value,
    fails: () => {
      throw new Error('it always does');
    },
  },
  globals: { always: () => true, failure: () => false, version: '1.2.3' },
};

const renderers = new Map();

function renderer({ cookiecutter = false, trimBlocks = false, lstripBlocks = false } = {}) {
  const key = `${cookiecutter}${trimBlocks}${lstripBlocks}`;
  if (!renderers.has(key)) {
    const options = { ...CAPABILITIES, cookiecutterCompat: cookiecutter, trimBlocks, lstripBlocks };
    renderers.set(key, createTemplateRenderer(options));
  }
  return renderers.get(key);
}

/** What the original answers: `{value}`, `{}` for undefined, or `{error}`. */
export function original(cases) {
  return cases.map(({ template, context, mode, syntax }) => {
    try {
      const render = renderer(syntax);
      const value = mode === 'text' ? render.render(template, context) : render.renderValue(template, context);
      return JSON.parse(JSON.stringify({ value }));
    } catch (error) {
      return { error: error.message };
    }
  });
}

/** What ours answers, in the same form. */
export function ours(cases) {
  const input = cases.map((one) => JSON.stringify(one)).join('\n');
  const args = ['run', '--quiet', '--locked', '--package', 'stagedoor-expressions', '--example', 'evaluate'];
  const run = spawnSync('cargo', args, { cwd: ROOT, input, maxBuffer: 1 << 28, encoding: 'utf8' });
  if (run.status !== 0) throw new Error(`the example ended with ${run.status ?? run.signal}:\n${run.stderr}`);
  return run.stdout.trimEnd().split('\n').map((line) => JSON.parse(line));
}
