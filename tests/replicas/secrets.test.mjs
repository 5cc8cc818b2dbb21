// Secrets on a shared database: none without a key, the same for every replica with one, and who did what with them.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import test from 'node:test';
import { Portal, binary, scratch, skip } from '../clients/portal.mjs';
import { Postgres, programs } from './postgres.mjs';

const secrets = '/v1/organization/secrets';
const value = 'gh0st-of-the-opera';
const key = () => randomBytes(32).toString('base64');

test('secrets at replicas', { timeout: 120_000 }, async (t) => {
  if (!programs()) return skip(t, 'PostgreSQL is not installed: no initdb');
  const server = new Postgres(t);
  const url = server.database('secrets');
  const portal = async (env = {}) => {
    const one = new Portal({ dataDir: scratch(t, 'unused'), args: ['--database-url', url], env });
    t.after(() => one.kill());
    await one.start();
    return one;
  };
  const refused = (env) =>
    portal(env).then(
      () => assert.fail('it started'),
      ({ message }) => message,
    );

  const without = await portal();
  const answer = await without.ask(secrets, { json: { secretName: 'github', secretValue: value } });
  assert.deepEqual([answer.status, answer.body.error], [422, 'secrets_key_missing'], answer.text);
  assert.match(answer.body.message, /STAGEDOOR_SECRETS_KEY/);
  assert.match(server.query('secrets', "SELECT value FROM settings WHERE name = 'signing_key'"), /^[0-9a-f]{64}$/);
  await without.kill();

  const env = { STAGEDOOR_SECRETS_KEY: key() };
  const [a, b] = [await portal(env), await portal(env)];
  // The key that signs access tokens is sealed from now on, and still the same.
  assert.match(server.query('secrets', "SELECT value FROM settings WHERE name = 'signing_key'"), /^v1\./);
  const headers = { Authorization: `Bearer ${without.token}` };
  assert.equal((await fetch(`${a.url}${secrets}`, { headers })).status, 200, 'a token from before');
  assert.equal((await a.ask(secrets, { json: { secretName: 'github', secretValue: value } })).status, 201);
  assert.equal((await b.ask(`${secrets}/github`)).body.secret.secretName, 'github', 'it is there at the other one');
  assert.equal((await b.ask(`${secrets}/github`, { method: 'DELETE' })).status, 200);
  assert.equal((await b.ask(secrets, { json: { secretName: 'gitlab', secretValue: value } })).status, 201);
  const { events } = (await a.ask('/api/stagedoor/v1/audit?kind=secret')).body;
  assert.deepEqual(
    events.map((event) => [event.action, event.identifier, event.after]),
    [
      ['create', 'gitlab', null],
      ['delete', 'github', null],
      ['create', 'github', null],
    ],
  );
  const dump = server.query('secrets', 'SELECT string_agg(after, chr(10)) FROM changes');
  assert.ok(dump.includes('gitlab') || dump.includes('sealed'));
  assert.ok(!dump.includes(value) && !dump.includes(Buffer.from(value).toString('base64').slice(0, 20)));

  assert.match(await refused({}), /1 secret written with the key [0-9a-f]{16}, and there is no key/);
  assert.match(await refused({ STAGEDOOR_SECRETS_KEY: key() }), /and this start has the key [0-9a-f]{16}/);

  await a.kill();
  await b.kill();
  const next = key();
  const rotate = ['secrets', 'rotate-key', '--database-url', url];
  const said = execFileSync(binary(), rotate, {
    encoding: 'utf8',
    env: { ...process.env, ...env, STAGEDOOR_NEW_SECRETS_KEY: next },
  });
  assert.match(said, /1 secret is written with the key [0-9a-f]{16} now/);
  await refused(env);
  const last = await portal({ STAGEDOOR_SECRETS_KEY: next });
  assert.equal((await last.ask(`${secrets}/gitlab`)).status, 200);
  assert.equal((await fetch(`${last.url}${secrets}`, { headers })).status, 200, 'tokens stay good');
  const told = (await last.ask('/api/stagedoor/v1/audit?kind=organization')).body.events[0];
  assert.match(told.message, /written with the key [0-9a-f]{16} from now on/);
});
