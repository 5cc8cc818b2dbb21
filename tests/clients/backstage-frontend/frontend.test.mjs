// Backstage's own frontend clients, unmodified: signing in, settings, notifications, signals, permissions, the cookie.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { AuthorizeResult, PermissionClient, createPermission } from '@backstage/plugin-permission-common';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { scratch, startPortal } from '../portal.mjs';
import { frontend, next } from './clients.mjs';

const PEOPLE = `
apiVersion: backstage.io/v1alpha1
kind: User
metadata: {name: elsa}
spec: {memberOf: [riders], profile: {displayName: Elsa Lark, email: elsa@larkfell.example}}
---
apiVersion: backstage.io/v1alpha1
kind: Group
metadata: {name: riders}
spec: {type: team, children: []}
`;
const ORIGIN = 'http://localhost:3000';

/** A portal as a stock app-config has it, with guests let in. */
async function start(t, options = {}) {
  const dir = scratch(t, 'frontend');
  const config = {
    app: { baseUrl: ORIGIN },
    backend: { baseUrl: 'http://localhost:7007', cors: { origin: ORIGIN, methods: ['GET', 'HEAD', 'PATCH', 'POST', 'PUT', 'DELETE'], credentials: true } },
    auth: { environment: 'development', providers: { guest: { dangerouslyAllowOutsideDevelopment: true } } },
    permission: { enabled: false },
  };
  const file = path.join(dir, 'app-config.yaml');
  fs.writeFileSync(file, JSON.stringify(config));
  const portal = await startPortal(t, { configs: [file], ...options });
  const documents = await portal.fetch('/api/stagedoor/v1/documents', { method: 'POST', headers: { 'Content-Type': 'application/yaml' }, body: PEOPLE });
  assert.equal(documents.status, 200);
  return portal;
}

/** The cookie of somebody who has accepted an invitation. */
async function signedIn(portal, email) {
  const invited = await portal.ask('/api/stagedoor/v1/invitations', { json: { email, role: 'Member' } });
  assert.equal(invited.status, 201, invited.text);
  const accepted = await fetch(`${portal.url}/api/stagedoor/v1/links/accept`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ token: invited.body.link.split('#')[1], password: 'violet lamp over nine' }),
  });
  assert.equal(accepted.status, 200);
  return accepted.headers.get('set-cookie').split(';')[0];
}

test('a stock frontend', async (t) => {
  const portal = await start(t);
  const guest = frontend(portal.url);
  const elsa = frontend(portal.url, { cookie: await signedIn(portal, 'elsa@larkfell.example') });

  await t.test('signs in as the guest', async () => {
    await guest.identityApi.start();
    assert.deepEqual(await guest.identityApi.getBackstageIdentity(), {
      type: 'user', userEntityRef: 'user:development/guest', ownershipEntityRefs: ['user:development/guest'],
    });
    assert.equal(guest.identityApi.getUserId(), 'guest');
  });

  await t.test('signs in as whoever is signed in to the portal', async () => {
    await elsa.identityApi.start();
    assert.deepEqual(await elsa.identityApi.getBackstageIdentity(), {
      type: 'user', userEntityRef: 'user:default/elsa', ownershipEntityRefs: ['user:default/elsa', 'group:default/riders'],
    });
    assert.deepEqual(await elsa.identityApi.getProfileInfo(), { email: 'elsa@larkfell.example', displayName: 'Elsa Lark' });
  });

  await t.test('has a token that any library verifies', async () => {
    const { token } = await elsa.identityApi.getCredentials();
    const keys = createRemoteJWKSet(new URL(`${portal.url}/api/auth/.well-known/jwks.json`));
    const rules = { issuer: 'http://localhost:7007/api/auth', audience: 'backstage', typ: 'vnd.backstage.user', algorithms: ['ES256'] };
    const { payload } = await jwtVerify(token, keys, rules);
    assert.equal(payload.sub, 'user:default/elsa');
    const info = await (await elsa.fetchApi.fetch(`${portal.url}/api/auth/v1/userinfo`)).json();
    assert.deepEqual(info, { claims: { sub: 'user:default/elsa', ent: ['user:default/elsa', 'group:default/riders'], exp: payload.exp } });
    // The cookie's limited token is put together of parts of the first, and verifies as well.
    const cookie = await elsa.fetchApi.fetch(`${portal.url}/api/app/.backstage/auth/v1/cookie`, { credentials: 'include' });
    const limited = cookie.headers.get('set-cookie').split(/[=;]/)[1];
    const verified = await jwtVerify(limited, keys, { typ: 'vnd.backstage.limited-user', requiredClaims: ['iat', 'exp', 'sub'] });
    assert.deepEqual(verified.payload, { sub: 'user:default/elsa', iat: payload.iat, exp: payload.exp });
    assert.equal((await cookie.json()).expiresAt, new Date(payload.exp * 1000).toISOString());
  });

  await t.test('keeps settings, and hears of those that another page sets', async () => {
    const stars = elsa.storage.forBucket('starredEntities');
    const absent = await next(stars.observe$('entityRefs'), () => true);
    assert.equal(absent.presence, 'absent');
    const seen = next(stars.observe$('entityRefs'), (value) => value.presence === 'present');
    await stars.set('entityRefs', ['component:default/tickets']);
    assert.deepEqual((await seen).value, ['component:default/tickets']);
    const value = (json) => JSON.stringify(json.value) === '["elsewhere"]';
    const elsewhere = next(stars.observe$('entityRefs'), value);
    const other = `${portal.url}/api/user-settings/buckets/default.starredEntities/keys/entityRefs`;
    await portal.until('the signal', async () => {
      const put = { method: 'PUT', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ value: ['elsewhere'] }) };
      await elsa.fetchApi.fetch(other, put);
      await elsa.fetchApi.fetch(other, { ...put, body: JSON.stringify({ value: ['between'] }) });
      await elsa.fetchApi.fetch(other, put);
      // The loader keeps what it has read for two seconds.
      return Promise.race([elsewhere, new Promise((resolve) => setTimeout(resolve, 2_100))]);
    });
    await stars.remove('entityRefs');
    assert.equal((await elsa.fetchApi.fetch(other)).status, 404);
    assert.deepEqual(elsa.errors, []);
  });

  await t.test('shows notifications as they come', async () => {
    const { notifications, signalApi } = elsa;
    assert.deepEqual(await notifications.getStatus(), { unread: 0, read: 0 });
    const heard = [];
    const subscription = signalApi.subscribe('notifications', (message) => heard.push(message));
    const send = (recipients, payload) => portal.ask('/api/notifications/notifications', { json: { recipients, payload } });
    // Until the page has subscribed it hears nothing.
    const sent = await portal.until('the first signal', async () => {
      const sent = await send({ type: 'entity', entityRef: 'group:default/riders' }, { title: 'Build failed', topic: 'builds', scope: 'one' });
      assert.equal(sent.status, 200, sent.text);
      await new Promise((resolve) => setTimeout(resolve, 50));
      return heard.length > 0 && sent.body[0];
    });
    assert.deepEqual(heard[0], { action: 'new_notification', notification_id: sent.id });
    await send({ type: 'broadcast' }, { title: 'Maintenance', severity: 'high' });
    const page = await notifications.getNotifications({ limit: 10, offset: 0, sort: 'created', sortOrder: 'desc' });
    assert.deepEqual([page.totalCount, page.notifications.map((one) => one.payload.title)], [2, ['Maintenance', 'Build failed']]);
    assert.deepEqual(await notifications.getStatus(), { unread: 2, read: 0 });
    assert.deepEqual(await notifications.getTopics(), { topics: ['builds'] });
    assert.equal((await notifications.getNotification(sent.id)).origin, 'test-client');
    const marked = await notifications.updateNotifications({ ids: [sent.id], read: true, saved: true });
    assert.equal(marked.length, 1);
    await portal.until('the signal of reading', () => heard.some((one) => one.action === 'notification_read'));
    assert.deepEqual(await notifications.getStatus(), { unread: 1, read: 1 });
    const settings = await notifications.getNotificationSettings();
    assert.deepEqual(settings.channels[0].origins, [{ id: 'test-client', enabled: true, topics: [{ id: 'builds', enabled: true }] }]);
    settings.channels[0].origins[0].enabled = false;
    settings.channels[0].origins[0].topics[0].enabled = false;
    assert.deepEqual(await notifications.updateNotificationSettings(settings), settings);
    assert.deepEqual((await send({ type: 'entity', entityRef: 'user:default/elsa' }, { title: 'x', topic: 'builds' })).body, []);
    subscription.unsubscribe();
  });

  await t.test('searches the catalog as the search page does', async () => {
    const page = await elsa.search.query({ term: 'lark', types: ['software-catalog'], filters: { kind: 'User', lifecycle: [] }, pageLimit: 10 });
    assert.deepEqual([page.numberOfResults, page.results[0].document.location], [1, '/catalog/default/user/elsa']);
    const { preTag, postTag, fields } = page.results[0].highlight;
    assert.ok(fields.text.includes(`${preTag}Lark${postTag}`), fields.text);
    assert.equal((await elsa.search.query({ term: '', pageLimit: 0 })).results.length, 0);
    assert.deepEqual(await elsa.search.query({ term: 'elsa', types: ['techdocs'] }), { results: [], numberOfResults: 0 });
    const [first] = (await elsa.search.query({ term: '', pageLimit: 1 })).results;
    const next = await elsa.search.query({ term: '', pageLimit: 1, pageCursor: (await elsa.search.query({ term: '', pageLimit: 1 })).nextPageCursor });
    assert.notEqual(next.results[0].document.location, first.document.location);
    await assert.rejects(elsa.search.query({ term: 'x'.repeat(101) }), (error) => error.body?.error?.name === 'InputError');
  });

  await t.test('asks for permissions where they are on', async () => {
    const config = { getOptionalBoolean: () => true };
    const client = new PermissionClient({ discovery: elsa.discoveryApi, config });
    const read = createPermission({ name: 'catalog.entity.read', attributes: { action: 'read' }, resourceType: 'catalog-entity' });
    const create = createPermission({ name: 'catalog.entity.create', attributes: { action: 'create' } });
    const { token } = await elsa.identityApi.getCredentials();
    const decisions = await client.authorize([{ permission: read, resourceRef: 'user:default/elsa' }, { permission: create }], { token });
    assert.equal(decisions[0].result, AuthorizeResult.ALLOW);
    assert.ok([AuthorizeResult.ALLOW, AuthorizeResult.DENY].includes(decisions[1].result));
  });

  await t.test('may ask from its own origin', async () => {
    for (const [method, route] of [
      ['GET', '/api/auth/guest/refresh'], ['PUT', '/api/user-settings/buckets/b/keys/k'], ['DELETE', '/api/app/.backstage/auth/v1/cookie'],
      ['POST', '/api/notifications/notifications/update'], ['POST', '/api/permission/authorize'], ['GET', '/api/catalog/entities/by-query'],
    ]) {
      const headers = { Origin: ORIGIN, 'Access-Control-Request-Method': method, 'Access-Control-Request-Headers': 'authorization,content-type,x-requested-with' };
      const answer = await fetch(portal.url + route, { method: 'OPTIONS', headers });
      assert.equal(answer.status, 204, route);
      assert.equal(answer.headers.get('access-control-allow-origin'), ORIGIN);
      assert.equal(answer.headers.get('access-control-allow-credentials'), 'true');
      assert.match(answer.headers.get('access-control-allow-methods'), new RegExp(`\\b${method}\\b`));
      assert.match(answer.headers.get('access-control-allow-headers'), /x-requested-with/);
    }
  });
});

test('a frontend under development, in local try-out mode', async (t) => {
  const portal = await start(t, { args: ['--dev'] });
  const headers = { Origin: ORIGIN, 'Sec-Fetch-Site': 'cross-site' };
  const developer = frontend(portal.url, headers);
  await developer.identityApi.start();
  const { token } = await developer.identityApi.getCredentials();
  const ask = (origin) => fetch(`${portal.url}/api/catalog/entities`, { headers: { ...headers, Origin: origin, Authorization: `Bearer ${token}` } });
  assert.equal((await ask(ORIGIN)).status, 200);
  assert.equal((await ask('http://localhost:3001')).status, 403);
  assert.equal((await ask('https://evil.example')).status, 403);
});
