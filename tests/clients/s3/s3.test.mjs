// A bucket of a real S3 server as a source: a provider, a pattern, one object; changes, deletions, and wrong keys.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import readline from 'node:readline';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { scratch, skip, startPortal } from '../portal.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const python = path.join(here, '.venv/bin/python');

/** The server of store.py. */
async function startStore(t) {
  const env = { PATH: process.env.PATH, HOME: process.env.HOME, PYTHONDONTWRITEBYTECODE: '1', NO_PROXY: '127.0.0.1' };
  const child = spawn(python, [path.join(here, 'store.py')], { env, stdio: ['pipe', 'pipe', 'pipe'] });
  t.after(() => child.kill('SIGKILL'));
  let log = '';
  child.stderr.on('data', (bytes) => (log = (log + bytes).slice(-5_000)));
  const lines = readline.createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => {
    const { value } = await lines.next();
    if (value === undefined) throw new Error(`the store has ended:\n${log}`);
    return value;
  };
  const say = async (...words) => {
    child.stdin.write(`${JSON.stringify(words)}\n`);
    assert.equal(await next(), 'done');
  };
  return { ...JSON.parse(await next()), put: (key, body) => say('put', key, body), remove: (key) => say('delete', key) };
}

const component = (name, owner = 'guests') => `apiVersion: backstage.io/v1alpha1
kind: Component
metadata: { name: ${name} }
spec: { type: service, lifecycle: production, owner: ${owner} }
`;

/** The configuration: a provider for `teams/`, a pattern and one object beside it. */
function config(t, store, secret) {
  const file = path.join(scratch(t, 's3'), 'app-config.yaml');
  const bucket = `${store.endpoint}/acme-catalog`;
  const schedule = { frequency: { trigger: 'manual' }, timeout: { minutes: 1 } };
  const settings = {
    integrations: { awsS3: [{ endpoint: store.endpoint, s3ForcePathStyle: true, accessKeyId: store.key, secretAccessKey: secret }] },
    catalog: {
      providers: { awsS3: { acme: { bucketName: 'acme-catalog', prefix: 'teams/', schedule } } },
      locations: [`${bucket}/parts/**/catalog-info.yaml`, `${bucket}/one%20file%2B1.yaml`].map((target) => ({ type: 'url', target })),
    },
  };
  fs.writeFileSync(file, JSON.stringify(settings));
  return file;
}

test('a bucket', { timeout: 120_000 }, async (t) => {
  if (!fs.existsSync(python)) return skip(t, `${path.relative(process.cwd(), python)} is missing: run make test-clients`);
  const store = await startStore(t);
  for (const name of ['a', 'b']) await store.put(`teams/${name}.yaml`, component(`team-${name}`));
  await store.put('parts/x y/catalog-info.yaml', component('part-x'));
  await store.put('parts/ü&=/deep/catalog-info.yaml', component('part-u'));
  await store.put('parts/readme.md', 'no catalog file');
  await store.put('one file+1.yaml', component('one'));

  const dataDir = scratch(t, 's3-data');
  const portal = await startPortal(t, { dataDir, configs: [config(t, store, store.secret)] });
  const names = async () => {
    const { body } = await portal.ask('/api/catalog/entities?filter=kind=component&fields=metadata.name,spec.owner');
    return Object.fromEntries(body.map(({ metadata, spec }) => [metadata.name, spec.owner]));
  };
  const are = (expected) => async () => Object.keys(await names()).sort().join() === expected.join();
  const read = async (id) => {
    const { status, text } = await portal.ask(`/api/stagedoor/v1/sources/${encodeURIComponent(id)}/read`, { method: 'POST' });
    assert.ok([200, 202].includes(status), `${status} ${text}`);
  };
  const provider = 'awsS3-provider:acme';

  await t.test('everything in it is there', async () => {
    await read(provider);
    await portal.until('the first reading', are(['one', 'part-u', 'part-x', 'team-a', 'team-b']));
  });

  await t.test('a change and a new object come, what is gone goes', async () => {
    await store.put('teams/a.yaml', component('team-a', 'others'));
    await store.put('teams/c.yaml', component('team-c'));
    await store.remove('teams/b.yaml');
    await read(provider);
    await portal.until('the change', are(['one', 'part-u', 'part-x', 'team-a', 'team-c']));
    assert.equal((await names())['team-a'], 'others');
  });

  await t.test('with a wrong key everything stays, and the source says why', async () => {
    await portal.stop();
    const again = await startPortal(t, { dataDir, configs: [config(t, store, 'wrong')] });
    const ask = async () => (await again.ask('/api/stagedoor/v1/sources')).body.sources.find((source) => source.id === provider);
    await again.ask(`/api/stagedoor/v1/sources/${encodeURIComponent(provider)}/read`, { method: 'POST' });
    const source = await again.until('the failure', async () => {
      const found = await ask();
      return found?.state === 'stale' && found;
    });
    assert.match(source.reason, /may not be read \(status 403\)/);
    assert.doesNotMatch(JSON.stringify(source), /wrong/);
    const { body } = await again.ask('/api/catalog/entities?filter=kind=component&fields=metadata.name');
    assert.equal(body.length, 5);
  });
});
