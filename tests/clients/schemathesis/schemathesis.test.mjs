// Schemathesis, unmodified, against each API description that the binary writes: whatever it makes up, no operation
// answers with a status, a content type or a body that is not described, and none with a server error.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { seed } from '../chance.mjs';
import { binary, root, scratch, skip, startPortal } from '../portal.mjs';
import { fill } from './catalog.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const schemathesis = path.join(here, '.venv/bin/st');

const CHECKS = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_headers_conformance',
  'response_schema_conformance',
];

// Documents, with how many examples of each operation beside those that cover its schema. No operation is left out.
const DOCUMENTS = { port: 12, backstage: 25, native: 25 };
// `MORE=10 SEED=1` looks longer and elsewhere.
const more = Number(process.env.MORE ?? 1);

function run(command, args, options) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
  let log = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes) => (log += bytes));
  return once(child, 'close').then(([code, signal]) => ({ code: code ?? signal, log }));
}

test('Schemathesis finds nothing that is not described', { timeout: 600_000 * more }, async (t) => {
  if (!fs.existsSync(schemathesis)) {
    return skip(t, `${path.relative(process.cwd(), schemathesis)} is missing: run make test-clients`);
  }
  const folder = scratch(t, 'schemathesis');
  const written = await run(binary(), ['openapi', folder]);
  assert.equal(written.code, 0, written.log);
  const portal = await startPortal(t, { configs: [path.join(root, 'examples/quickstart/app-config.yaml')] });
  const known = path.join(folder, 'known.json');
  fs.writeFileSync(known, JSON.stringify(await fill(portal)));

  for (const [name, examples] of Object.entries(DOCUMENTS)) {
    await t.test(name, async () => {
      const args = ['run', path.join(folder, `${name}.json`), '--origin', portal.url];
      args.push('--header', `Authorization: Bearer ${portal.token}`, '--checks', CHECKS.join(','));
      args.push('--phases', 'examples,coverage,fuzzing', '--max-examples', String(examples * more), '--seed', String(seed()));
      args.push('--suppress-health-check', 'all', '--request-timeout', '20', '--continue-on-failure', '--no-color');
      const env = {
        ...process.env,
        PYTHONPATH: here,
        PYTHONDONTWRITEBYTECODE: '1',
        PYTHONHASHSEED: '0',
        SCHEMATHESIS_HOOKS: 'hooks',
        STAGEDOOR_KNOWN: known,
        NO_PROXY: '127.0.0.1',
      };
      // It keeps what it learns in the folder that it is started in.
      // Made-up data can grow without end; it must not take the machine with it.
      const limited = 'ulimit -v 4194304 2>/dev/null; exec "$@"';
      const result = await run('/bin/sh', ['-c', limited, 'sh', schemathesis, ...args], { cwd: folder, env });
      assert.equal(result.code, 0, result.log.slice(0, 60_000));
      assert.match(result.log, /[1-9]\d\d+ generated, [1-9]\d\d+ passed/);
      assert.ok(portal.alive, portal.log);
    });
  }
});
