// Without a token no route gives data, and each dialect says so in its own shape.
import assert from 'node:assert/strict';
import test from 'node:test';
import { credentials, startPortal } from '../portal.mjs';

const PORT = ['GET /v1/blueprints', 'GET /v1/blueprints/component/entities', 'GET /v1/blueprints/component', 'POST /v1/entities/search', 'POST /v1/blueprints', 'DELETE /v1/blueprints/component'];
const BACKSTAGE = [
  'GET /entities', 'GET /entities/by-query', 'POST /entities/by-query', 'GET /entities/by-name/component/default/a', 'GET /entities/by-uid/a',
  'POST /entities/by-refs', 'GET /entity-facets?facet=kind', 'POST /entity-facets', 'GET /entities/by-name/component/default/a/ancestry',
  'GET /locations', 'POST /locations', 'POST /locations?dryRun=true', 'POST /locations/by-query', 'GET /locations/a', 'DELETE /locations/a',
  'GET /locations/by-entity/component/default/a', 'POST /refresh', 'POST /validate-entity', 'POST /analyze-location',
  'GET /entities/unprocessed/pending', 'POST /.well-known/backstage/permissions/apply-conditions',
];
const NATIVE = ['POST /api/stagedoor/v1/documents', 'POST /api/stagedoor/v1/documents?dryRun=true'];

test('signed out', async (t) => {
  const portal = await startPortal(t);
  const tokens = {
    'no token': {},
    'a token of somebody else': { Authorization: 'Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZG1pbiJ9.c2lnbmF0dXJl' },
    'an unsigned token': { Authorization: `Bearer ${portal.token.split('.').slice(0, 2).join('.')}.` },
    'no bearer': { Authorization: `Basic ${Buffer.from('admin:admin').toString('base64')}` },
  };
  const ask = async (route, headers) => {
    const [method, path] = route.split(' ');
    const body = method === 'POST' ? '{}' : undefined;
    const response = await fetch(portal.url + path, { method, body, headers: { 'Content-Type': 'application/json', ...headers } });
    assert.equal(response.status, 401, `${route}: ${response.status}`);
    assert.match(response.headers.get('content-type'), /^application\/json/, route);
    return response.json();
  };

  for (const [name, headers] of Object.entries(tokens)) {
    await t.test(`the Port dialect, ${name}`, async () => {
      for (const route of PORT) {
        const body = await ask(route, headers);
        assert.equal(body.ok, false, route);
        assert.equal(typeof body.error, 'string', route);
      }
    });
    await t.test(`the Backstage dialect, ${name}`, async () => {
      for (const route of BACKSTAGE) {
        const [method, path] = route.split(' ');
        const body = await ask(`${method} /api/catalog${path}`, headers);
        assert.equal(body.error.name, 'AuthenticationError', route);
        if (name === 'no token') assert.equal(body.error.message, 'Missing credentials');
        assert.deepEqual(body.request, { method, url: path }, route);
        assert.deepEqual(body.response, { statusCode: 401 }, route);
      }
    });
    await t.test(`the native API, ${name}`, async () => {
      for (const route of NATIVE) await ask(route, headers);
    });
  }

  await t.test('wrong credentials get no token', async () => {
    const wrong = [{ ...credentials, clientSecret: 'wrong' }, { ...credentials, clientId: 'wrong' }, { clientId: '', clientSecret: '' }];
    for (const one of wrong) {
      const response = await fetch(`${portal.url}/v1/auth/access_token`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(one) });
      assert.equal(response.status, 401);
      assert.equal((await response.json()).ok, false);
    }
  });

  await t.test('one token is good for both dialects', async () => {
    assert.equal((await portal.ask('/v1/blueprints')).status, 200);
    assert.equal((await portal.ask('/api/catalog/entities')).status, 200);
    const [head, claims, signature] = portal.token.split('.');
    assert.ok(head && claims && signature, 'it is a JWT');
    assert.ok(JSON.parse(Buffer.from(claims, 'base64url')).exp > Date.now() / 1000);
  });

  await t.test('readiness needs no token', async () => {
    const response = await fetch(`${portal.url}/.backstage/health/v1/readiness`);
    assert.deepEqual([response.status, (await response.json()).status], [200, 'ok']);
  });
});
