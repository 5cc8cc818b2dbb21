// Two processes on one PostgreSQL database: a token that is made at one is good at the other, and one that is taken back,
// or whose owner is shut out, is refused at both by the time that is answered. And no token gets into a log.
import assert from 'node:assert/strict';
import test from 'node:test';
import { Portal, credentials, scratch, skip } from '../clients/portal.mjs';
import { Postgres, programs } from './postgres.mjs';

async function ask(portal, token, method, route, body) {
  const headers = { 'Content-Type': 'application/json' };
  if (token) headers.Authorization = `Bearer ${token}`;
  const response = await fetch(portal.url + route, { method, headers, body: body && JSON.stringify(body) });
  const text = await response.text();
  return { status: response.status, body: text ? JSON.parse(text) : undefined };
}

const reads = async (portal, token) => (await ask(portal, token, 'GET', '/v1/blueprints')).status;
const native = '/api/stagedoor/v1';

test('tokens at replicas', { timeout: 120_000 }, async (t) => {
  if (!programs()) return skip(t, 'PostgreSQL is not installed: no initdb');
  const url = new Postgres(t).database('tokens');
  const portals = [];
  for (let n = 0; n < 2; n += 1) {
    const args = ['--database-url', url];
    const portal = new Portal({ dataDir: scratch(t, 'unused'), args, env: { STAGEDOOR_LOG: 'debug' } });
    t.after(() => portal.kill());
    await portal.start();
    portals.push(portal);
  }
  const [a, b] = portals;
  const admin = a.token;
  assert.equal(await reads(b, admin), 200, 'the access token of the one, at the other');

  const made = await ask(a, admin, 'POST', `${native}/service-accounts`, { name: 'bot', role: 'Member' });
  assert.equal(made.status, 201);
  const { identifier: owner, clientId } = made.body;
  let { clientSecret } = made.body;

  for (let n = 0; n < 20; n += 1) {
    const [here, there] = n % 2 ? [a, b] : [b, a];
    const token = await ask(here, admin, 'POST', `${native}/tokens`, { name: `t${n}`, scopes: null, owner });
    assert.equal(token.status, 201);
    const access = await ask(there, null, 'POST', '/v1/auth/access_token', { clientId, clientSecret });
    const both = [token.body.token, access.body.accessToken];
    for (const one of both) assert.deepEqual([await reads(here, one), await reads(there, one)], [200, 200], `round ${n}`);
    assert.equal((await ask(there, admin, 'DELETE', `${native}/tokens/${token.body.id}`)).status, 204);
    assert.equal(await reads(here, both[0]), 401, `round ${n}: revoked there, good here`);
    const rotated = await ask(here, admin, 'POST', `/v1/rotate-credentials/${owner}`);
    assert.equal(await reads(there, both[1]), 401, `round ${n}: rotated here, good there`);
    const old = await ask(there, null, 'POST', '/v1/auth/access_token', { clientId, clientSecret });
    assert.equal(old.status, 401, `round ${n}: the old secret`);
    clientSecret = rotated.body.credentials.clientSecret;
  }

  const token = await ask(a, admin, 'POST', `${native}/tokens`, { name: 'last', scopes: null, owner });
  const secret = token.body.token;
  assert.equal(await reads(b, secret), 200);
  const shut = { properties: { status: 'Disabled' } };
  assert.equal((await ask(a, admin, 'PATCH', `/v1/blueprints/_user/entities/${owner}`, shut)).status, 200);
  assert.deepEqual([await reads(a, secret), await reads(b, secret)], [401, 401]);

  const address = `/v1/blueprints?token=${secret}&access_token=${admin}`;
  assert.equal((await ask(a, null, 'GET', address)).status, 401, 'a token in an address is none');
  assert.equal((await ask(a, null, 'GET', `/v1/${secret}`)).status, 404);
  await a.until('the refusal is in the log', () => a.log.includes('/v1/blueprints'));
  for (const { log } of portals) {
    for (const hidden of [admin, clientSecret, credentials.clientSecret]) assert.ok(!log.includes(hidden), 'a secret in the log');
    assert.ok(!log.includes(`token=${secret}`), 'a query in the log');
  }
});
