// What a naive Backstage server gets wrong about reading, as plain requests. The catalog is small and written out here.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test, { after, before, describe } from 'node:test';
import { scratch, startPortal } from '../portal.mjs';

const CATALOG = `
apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: Orders
  annotations: {backstage.io/techdocs-ref: 'dir:.', example.org/a.b-c: 'one'}
  tags: [java, go]
  labels: {tier: gold}
spec:
  type: service
  lifecycle: production
  owner: team-a
  system: shop
  dependsOn: [resource:default/orders-db, component:default/gone]
  providesApis: [orders, billing]
  consumesApis: [nowhere]
  nested: {list: ['c', {d: 1}], level: 7, none: null}
---
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: web, title: The Web, tags: [javascript]}
spec: {type: website, lifecycle: experimental, owner: user:default/ada}
---
apiVersion: backstage.io/v1alpha1
kind: API
metadata: {name: orders, title: Orders API, description: ΟΔΟΣ λόγος}
spec: {type: openapi, lifecycle: production, owner: team-a, definition: 'openapi: 3.1.0'}
---
apiVersion: backstage.io/v1alpha1
kind: Resource
metadata: {name: orders-db, namespace: default}
spec: {type: database, owner: team-a}
---
apiVersion: backstage.io/v1alpha1
kind: Group
metadata: {name: team-a}
spec: {type: team, children: []}
---
apiVersion: backstage.io/v1alpha1
kind: User
metadata: {name: ada}
spec: {memberOf: [team-a]}
---
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: numbers-in-labels, labels: {build: 7}}
spec: {type: service, lifecycle: production, owner: team-a}
---
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: numbers-in-annotations, annotations: {example.org/build: 7}}
spec: {type: service, lifecycle: production, owner: team-a}
---
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: two-cases, annotations: {example.org/key: a, example.org/KEY: b}}
spec: {type: service, lifecycle: production, owner: team-a}
---
apiVersion: backstage.io/v1alpha1
kind: System
metadata: {name: shop, title: 'Shop 🚀'}
spec: {owner: team-a}
`;
const CONFIG = `
catalog:
  rules: [{allow: [Component, API, Resource, Group, User, System, Location]}]
  locations: [{type: file, target: ./catalog.yaml}]
`;

let portal;
const get = (route) => portal.ask(`/api/catalog${route}`);
const post = (route, json) => portal.ask(`/api/catalog${route}`, { json });
const names = (answer) => {
  assert.equal(answer.status, 200, answer.text);
  return (Array.isArray(answer.body) ? answer.body : answer.body.items).map((entity) => entity.metadata.name).sort();
};
const ok = (answer) => {
  assert.equal(answer.status, 200, answer.text);
  return answer.body;
};
/** The one error body of Backstage's plugins. */
function assertError(answer, status, name, message, request) {
  assert.equal(answer.status, status, answer.text);
  assert.match(answer.headers.get('content-type'), /^application\/json/);
  assert.equal(answer.body.error.name, name);
  if (message instanceof RegExp) assert.match(answer.body.error.message, message);
  else assert.equal(answer.body.error.message, message);
  assert.equal(answer.body.response.statusCode, status);
  if (request) assert.deepEqual(answer.body.request, request);
}

describe('reading the catalog as Backstage answers it', () => {
  const ended = [];
  before(async () => {
    // A suite has no context of its own to clean up after it.
    const suite = { after: (undo) => ended.unshift(undo) };
    const dir = scratch(suite, 'raw');
    fs.writeFileSync(path.join(dir, 'catalog.yaml'), CATALOG);
    fs.writeFileSync(path.join(dir, 'app-config.yaml'), CONFIG);
    portal = await startPortal(suite, { configs: [path.join(dir, 'app-config.yaml')] });
    await portal.until('the catalog is read', async () => (await get('/entities/by-name/system/default/shop')).status === 200);
  });
  after(async () => {
    for (const undo of ended) await undo();
  });

  test('the same key twice in one filter is a choice, a repeated filter too', async () => {
    assert.deepEqual(names(await get('/entities?filter=kind=api,kind=resource')), ['orders', 'orders-db']);
    assert.deepEqual(names(await get('/entities?filter=kind=api&filter=kind=resource')), ['orders', 'orders-db']);
    assert.deepEqual(names(await get('/entities?filter=kind=component,spec.type=website&filter=kind=user')), ['ada', 'web']);
    assert.deepEqual(names(await get('/entities?filter=spec.type,spec.type=website')), ['web'], 'beside values, existence counts for nothing');
  });

  test('an array member is a key', async () => {
    assert.deepEqual(names(await get('/entities?filter=metadata.tags.java')), ['Orders']);
    assert.deepEqual(names(await get('/entities?filter=metadata.tags.java=true')), ['Orders']);
    assert.deepEqual(names(await get('/entities?filter=metadata.tags=java')), ['Orders']);
    assert.deepEqual(names(await get('/entities?filter=spec.nested.list.d=1')), ['Orders']);
    assert.deepEqual(names(await get('/entities?filter=spec.nested.list.c')), ['Orders']);
    assert.deepEqual(names(await get('/entities?filter=spec.nested.none')), ['Orders'], 'null exists');
  });

  test('an object is no value', async () => {
    assert.deepEqual(names(await get('/entities?filter=spec')), []);
    assert.deepEqual(names(await get('/entities?filter=metadata.annotations')), []);
    assert.deepEqual(names(await post('/entities/by-query', { query: { spec: { $exists: true } } })), []);
    assert.deepEqual(names(await post('/entities/by-query', { query: { 'metadata.tags': 'java' } })), ['Orders']);
  });

  test('keys and values are found in any case', async () => {
    assert.deepEqual(names(await get('/entities?filter=KIND=COMPONENT,SPEC.TYPE=Website')), ['web']);
    assert.deepEqual(names(await get('/entities?filter=spec.providesApis=orders')), ['Orders']);
    const greek = encodeURIComponent('ΟΔΟΣ ΛΌΓΟΣ');
    assert.deepEqual(names(await get(`/entities?filter=metadata.description=${greek}`)), ['orders'], 'the last letter of a word has a form of its own');
    assert.deepEqual(names(await get('/entities?filter=relations.ownedBy=Group:default/team-a,kind=api')), ['orders']);
  });

  test('by-query drops what has no value to sort by, from the total too', async () => {
    const all = ok(await get('/entities/by-query?filter=kind=component,kind=api,kind=system&limit=50'));
    const sorted = ok(await get('/entities/by-query?filter=kind=component,kind=api,kind=system&orderField=metadata.title,asc&limit=50'));
    assert.ok(all.totalItems > 3);
    assert.deepEqual(sorted.items.map((entity) => entity.metadata.name), ['orders', 'shop', 'web']);
    assert.equal(sorted.totalItems, 3);
  });

  test('limit=0 counts, and is refused by /entities', async () => {
    assert.deepEqual(ok(await get('/entities/by-query?filter=kind=api&limit=0')), { items: [], totalItems: 1, pageInfo: {} });
    assertError(await get('/entities?limit=0'), 400, 'InputError', 'Invalid limit, must be greater than zero');
  });

  test('the first page has none before it, the last none after', async () => {
    const page = async (query) => ok(await get(`/entities/by-query?${query}&fields=metadata.name`));
    const first = await page('filter=kind=component,kind=api&orderField=metadata.uid,asc&limit=2');
    assert.equal(first.pageInfo.prevCursor, undefined);
    const second = await page(`limit=2&cursor=${encodeURIComponent(first.pageInfo.nextCursor)}`);
    assert.ok(second.pageInfo.prevCursor);
    const back = await page(`limit=2&cursor=${encodeURIComponent(second.pageInfo.prevCursor)}`);
    assert.deepEqual(back.items, first.items);
    assert.equal(back.pageInfo.prevCursor, undefined);
    assert.ok(back.pageInfo.nextCursor, 'walking back there is always one after');
    const whole = await page('filter=kind=api&limit=1');
    assert.deepEqual(whole.pageInfo, {});
    // A cursor of GET is good for POST, and one that is none is refused.
    const posted = ok(await post('/entities/by-query', { cursor: first.pageInfo.nextCursor, limit: 2, fields: ['metadata.name'] }));
    assert.deepEqual(posted.items, second.items);
    assertError(await get('/entities/by-query?cursor=badcursor'), 400, 'InputError', /^Malformed cursor/);
  });

  test('by-refs keeps its slots, and takes refs literally', async () => {
    const refs = ['api:default/orders', 'component:default/none', 'component:default/orders', 'Component:default/orders', 'orders'];
    const { items } = ok(await post('/entities/by-refs', { entityRefs: refs, fields: ['kind'] }));
    assert.deepEqual(items, [{ kind: 'API' }, null, { kind: 'Component' }, null, null]);
    const filtered = ok(await post('/entities/by-refs?filter=kind=api', { entityRefs: refs, fields: ['kind'] }));
    assert.deepEqual(filtered.items, [{ kind: 'API' }, null, null, null, null]);
  });

  for (const body of ['', 'not json', '[', '[]', '{}', '{"unknown":7}', '{"entityRefs":7}', '{"entityRefs":[7]}', '{"entityRefs":["a"],"fields":7}']) {
    test(`by-refs refuses the body ${body || '(empty)'}`, async () => {
      const answer = await portal.ask('/api/catalog/entities/by-refs', { method: 'POST', body, headers: { 'Content-Type': 'application/json' } });
      assertError(answer, 400, 'InputError', /./);
    });
  }

  test('what is not there is 404 with the text that clients show', async () => {
    const url = '/entities/by-name/component/default/Nope';
    assertError(await get(url), 404, 'NotFoundError', "No entity named 'Nope' found, with kind 'component' in namespace 'default'", { method: 'GET', url });
    const uid = '00000000-0000-0000-0000-000000000000';
    assertError(await get(`/entities/by-uid/${uid}`), 404, 'NotFoundError', `No entity with uid ${uid}`);
    assertError(await get('/entities/by-uid/not-a-uid'), 404, 'NotFoundError', 'No entity with uid not-a-uid');
  });

  test('an unknown query parameter is refused', async () => {
    assertError(await get('/entities?nope=1'), 400, 'InputError', "Unknown query parameter 'nope'");
    assertError(await get('/entities/by-query?nope=1'), 400, 'InputError', "Unknown query parameter 'nope'");
    assertError(await get('/entity-facets?facet=kind&nope=1'), 400, 'InputError', "Unknown query parameter 'nope'");
  });

  test('a parameter that is empty, double, no number or negative is refused', async () => {
    assertError(await get('/entities/by-query?filter='), 400, 'InputError', "Empty value found for query parameter 'filter'");
    assertError(await get('/entity-facets?facet='), 400, 'InputError', "Empty value found for query parameter 'facet'");
    assert.deepEqual(names(await get('/entities?filter=&filter=kind=api')), ['orders']);
    assertError(await get('/entities/by-query?limit=asdf'), 400, 'InputError', 'request/query/limit must be integer');
    assertError(await get('/entities/by-query?limit=1&limit=2'), 400, 'InputError', 'request/query/limit must be integer');
    assertError(await get('/entities/by-query?limit=-1'), 400, 'InputError', 'request/query/limit must be >= 0');
    assertError(await get('/entities/by-query?offset=-1'), 400, 'InputError', 'request/query/offset must be >= 0');
    assertError(await get('/entities/by-query?totalItems=some'), 400, 'InputError', 'request/query/totalItems must be equal to one of the allowed values: include, exclude');
    assertError(await get('/entity-facets'), 400, 'InputError', "request/query must have required property 'facet'");
    assertError(await get('/entities?filter==x'), 400, 'InputError', "Invalid filter, '=x' is not a valid statement (expected a string on the form a=b or a= or a)");
    assertError(await get('/entities/by-query?orderField=metadata.name,up'), 400, 'InputError', 'Invalid order field order, must be asc or desc');
    assertError(await get('/entities?fields=a[0]'), 400, 'InputError', /array type fields are not supported/);
  });

  test('a predicate that is none is refused', async () => {
    for (const query of ['text', [], 7]) {
      assertError(await post('/entities/by-query', { query }), 400, 'InputError', 'request/body/query must be object');
    }
    for (const query of [{ $nope: [] }, { kind: { $nope: 1 } }, { kind: ['a'] }, { kind: null }, { kind: { a: 1 } }, { $all: {} }, { $not: {}, kind: 'api' }]) {
      assertError(await post('/entities/by-query', { query }), 400, 'InputError', /^Invalid query/);
    }
    assertError(await post('/entities/by-query', { limit: -1 }), 400, 'InputError', /limit/);
    assertError(await post('/entity-facets', { facets: [] }), 400, 'InputError', 'Missing or empty facets parameter');
    assertError(await post('/entity-facets', {}), 400, 'InputError', "request/body must have required property 'facets'");
  });

  test('another method is an empty 404, HEAD is as GET', async () => {
    const put = await portal.ask('/api/catalog/entities', { method: 'PUT', headers: { 'Content-Type': 'application/json' }, body: '{}' });
    assert.deepEqual([put.status, put.text], [404, '']);
    const unknown = await get('/no-such-route');
    assert.deepEqual([unknown.status, unknown.text], [404, '']);
    const head = await portal.ask('/api/catalog/entities', { method: 'HEAD' });
    assert.deepEqual([head.status, head.text], [200, '']);
  });

  test('by-name is found in any case', async () => {
    for (const route of ['component/default/orders', 'Component/DEFAULT/ORDERS']) {
      assert.equal(ok(await get(`/entities/by-name/${route}`)).metadata.name, 'Orders');
    }
  });

  test('only pages of /entities have a Link header', async () => {
    const link = async (route) => (await get(route)).headers.get('link');
    const next = await link('/entities?limit=2');
    assert.match(next, /^<\/entities\?.*after=[^>]+>; rel="next"$/);
    const followed = ok(await get(/<([^>]+)>/.exec(next)[1]));
    assert.equal(followed.length, 2);
    assert.deepEqual(followed, ok(await get('/entities?limit=2&offset=2')));
    assert.equal(await link('/entities'), null);
    assert.equal(await link('/entities?limit=500'), null);
    assert.equal(await link('/entities/by-query?limit=2'), null);
  });

  test('keys that differ in case only hold nobody else back', async () => {
    // Backstage drops such an entity without a word. Here it is kept, and found by both values.
    assert.deepEqual(names(await get('/entities?filter=metadata.annotations.example.org/key=a')), ['two-cases']);
    assert.deepEqual(names(await get('/entities?filter=metadata.annotations.example.org/key=b')), ['two-cases']);
  });

  test('fields may hold dots, are case-sensitive and trimmed', async () => {
    const one = async (fields) => ok(await get(`/entities?filter=kind=component,spec.type=service,metadata.tags=go&fields=${fields}`))[0];
    assert.deepEqual(await one('metadata.annotations.backstage.io/techdocs-ref'), { metadata: { annotations: { 'backstage.io/techdocs-ref': 'dir:.' } } });
    assert.deepEqual(await one('metadata.annotations.example.org/a.b-c,%20kind%20'), { kind: 'Component', metadata: { annotations: { 'example.org/a.b-c': 'one' } } });
    assert.deepEqual(await one('kind&fields=spec.nested.none'), { kind: 'Component', spec: { nested: { none: null } } });
    assert.deepEqual(await one('Kind,spec.nowhere'), {});
  });

  test('relations are sorted by type, then by target, and may lead nowhere', async () => {
    const { relations } = ok(await get('/entities/by-name/component/default/orders'));
    assert.deepEqual(relations, [
      { type: 'consumesApi', targetRef: 'api:default/nowhere' },
      { type: 'dependsOn', targetRef: 'component:default/gone' },
      { type: 'dependsOn', targetRef: 'resource:default/orders-db' },
      { type: 'ownedBy', targetRef: 'group:default/team-a' },
      { type: 'partOf', targetRef: 'system:default/shop' },
      { type: 'providesApi', targetRef: 'api:default/billing' },
      { type: 'providesApi', targetRef: 'api:default/orders' },
    ]);
    const team = ok(await get('/entities/by-name/group/default/team-a')).relations;
    assert.ok(team.some(({ type, targetRef }) => type === 'hasMember' && targetRef === 'user:default/ada'));
    assert.ok(team.some(({ type, targetRef }) => type === 'ownerOf' && targetRef === 'api:default/orders'));
    assert.deepEqual(names(await get('/entities?filter=relations.consumesApi=api:default/nowhere')), ['Orders']);
  });

  test('the namespace is filled in, and nothing else invented', async () => {
    const entity = ok(await get('/entities/by-name/component/default/web'));
    const { annotations, uid, etag, ...metadata } = entity.metadata;
    assert.deepEqual(metadata, { name: 'web', title: 'The Web', namespace: 'default', tags: ['javascript'] });
    assert.match(uid, /^[0-9a-f-]{36}$/);
    assert.ok(etag);
    assert.deepEqual(Object.keys(annotations).sort(), ['backstage.io/managed-by-location', 'backstage.io/managed-by-origin-location']);
    assert.deepEqual(Object.keys(entity).sort(), ['apiVersion', 'kind', 'metadata', 'relations', 'spec']);
    assert.equal(ok(await get(`/entities/by-uid/${uid}`)).metadata.name, 'web');
    assert.equal(ok(await get('/entities/by-name/component/default/web')).metadata.etag, etag, 'the etag stays');
  });

  test('numbers in labels and annotations are rejected, their neighbours are not', async () => {
    for (const name of ['numbers-in-labels', 'numbers-in-annotations']) {
      assert.equal((await get(`/entities/by-name/component/default/${name}`)).status, 404, name);
    }
    assert.equal((await get('/entities/by-name/system/default/shop')).status, 200);
  });

  test('facets: keys with dots and slashes, sorted, unknown ones empty', async () => {
    const facets = async (query) => ok(await get(`/entity-facets?${query}`)).facets;
    assert.deepEqual(await facets('facet=metadata.annotations.backstage.io/techdocs-ref&facet=metadata.annotations.example.org/a.b-c&facet=no.such'), {
      'metadata.annotations.backstage.io/techdocs-ref': [{ value: 'dir:.', count: 1 }],
      'metadata.annotations.example.org/a.b-c': [{ value: 'one', count: 1 }],
      'no.such': [],
    });
    const kinds = (await facets('facet=kind&filter=kind=api&filter=kind=group&filter=kind=user')).kind;
    assert.deepEqual(kinds, [{ value: 'API', count: 1 }, { value: 'Group', count: 1 }, { value: 'User', count: 1 }]);
    assert.deepEqual((await facets('facet=Metadata.Tags'))['Metadata.Tags'].map(({ value }) => value), ['go', 'java', 'javascript']);
    assert.deepEqual(ok(await post('/entity-facets', { facets: ['kind'], query: { kind: 'api' } })).facets, { kind: [{ value: 'API', count: 1 }] });
  });

  test('a character that the client encodes as two surrogates is no error', async () => {
    const answer = await get('/entities?filter=metadata.title=Shop%20%ED%A0%BD%ED%BA%80');
    assert.equal(answer.status, 200, answer.text);
    assert.deepEqual(names(await get('/entities?filter=metadata.title=Shop%20%F0%9F%9A%80')), ['shop']);
  });
});
