// @backstage/catalog-client, unmodified, against the portal: it must get what InMemoryCatalogClient gives over the same
// entities. requests.mjs names every difference that is allowed for. SEED=n gives other requests.
import assert from 'node:assert/strict';
import test from 'node:test';
import { CatalogClient } from '@backstage/catalog-client';
import { InMemoryCatalogClient } from '@backstage/catalog-client/testUtils';
import { stringifyEntityRef } from '@backstage/catalog-model';
import { chance, seed } from '../chance.mjs';
import { scratch, startPortal } from '../portal.mjs';
import { generate, writeCatalog, writeConfig } from './catalog.mjs';
import { Requests, sortValue } from './requests.mjs';

const CASES = Number(process.env.CASES ?? 150);
const ref = (entity) => stringifyEntityRef(entity);
const byRef = (entities) => [...entities].sort((a, b) => (ref(a) < ref(b) ? -1 : 1));

test('the catalog client gets what its in-memory twin gives', async (t) => {
  const dice = chance(seed());
  const documents = generate(seed());
  const dir = scratch(t, 'catalog');
  const portal = await startPortal(t, { configs: [writeConfig(dir, writeCatalog(dir, documents))] });
  const client = new CatalogClient({ discoveryApi: { getBaseUrl: async (plugin) => `${portal.url}/api/${plugin}` }, fetchApi: { fetch } });
  const options = { token: portal.token };
  const wanted = documents.map((document) => ref(document));

  // Readiness speaks of what the database holds; files are read beside it.
  let entities = [];
  const missing = () => wanted.filter((one) => !entities.some((entity) => ref(entity) === one));
  await portal
    .until('every generated document is in the catalog', async () => {
      entities = (await client.getEntities({}, options)).items;
      return entities.length > 50 && missing().length === 0;
    })
    .catch((error) => assert.fail(`${error.message}\nmissing: ${missing().slice(0, 20).join(' ')} (${missing().length})`));
  // Sorted by ref, the in-memory order without an order is the backend's.
  entities = byRef(entities);
  const whole = new Map(entities.map((entity) => [ref(entity), entity]));
  const twin = new InMemoryCatalogClient({ entities });
  const requests = new Requests(dice, entities);
  assert.ok(entities.length > wanted.length + 50, `the quickstart is there too: ${entities.length}`);
  t.diagnostic(`${entities.length} entities, seed ${seed()}`);

  /** Runs a case many times and shows the first failures. `compare` gives how much there was to see. */
  const repeat = (name, count, make, compare) =>
    t.test(name, async (inner) => {
      let seen = 0;
      const failures = [];
      for (let n = 0; n < count; n += 1) {
        const request = make();
        try {
          if (await compare(request)) seen += 1;
        } catch (error) {
          failures.push(`${show(request)}\n${error.message.split('\n').slice(0, 30).join('\n')}`);
        }
      }
      inner.diagnostic(`${count} requests, ${seen} of them with something to see`);
      if (failures.length > 0) throw new Error(`${failures.length} of ${count} differ\n${failures.slice(0, 4).join('\n\n')}`);
      assert.ok(seen > count / 4, `only ${seen} of ${count} requests found anything`);
    });

  await t.test('documents come back as they were written', () => {
    for (const document of documents) assertSameDocument(document, whole.get(ref(document)));
  });

  await repeat(
    'getEntities',
    CASES,
    () => ({ filter: requests.filter(), fields: requests.fields() }),
    async (request) => {
      const [ours, theirs] = await Promise.all([client.getEntities(request, options), twin.getEntities(request)]);
      assertSameSet(ours.items, theirs.items);
      return theirs.items.length;
    },
  );

  await repeat(
    'getEntities in order',
    CASES,
    () => ({ filter: requests.filter(), fields: requests.fields(), order: requests.order() }),
    async (request) => {
      const [ours, theirs] = await Promise.all([client.getEntities(request, options), twin.getEntities(request)]);
      assertSameSet(ours.items, theirs.items);
      assertSameOrder(ours.items, theirs.items, request.order ? [request.order] : [], whole);
      return theirs.items.length;
    },
  );

  await repeat(
    'getEntities by offset and limit',
    CASES,
    () => ({ filter: requests.filter(), fields: requests.fields(), offset: dice.below(60), limit: 1 + dice.below(40) }),
    async (request) => {
      const [ours, theirs] = await Promise.all([client.getEntities(request, options), twin.getEntities(request)]);
      assert.deepEqual(ours.items, theirs.items);
      return theirs.items.length;
    },
  );

  await repeat(
    'getEntities by pages in order',
    CASES / 5,
    () => ({ filter: requests.filter(), order: [requests.order(), requests.order()].filter(Boolean), limit: 20 + dice.below(60) }),
    async (request) => {
      const theirs = await twin.getEntities({ ...request, limit: undefined });
      const ours = [];
      for (let page; page === undefined || page.length === request.limit; ours.push(...page)) {
        page = (await client.getEntities({ ...request, offset: ours.length }, options)).items;
        assert.ok(page.length <= request.limit);
      }
      assertSameSet(ours, theirs.items);
      assertSameOrder(ours, theirs.items, request.order, whole);
      return theirs.items.length;
    },
  );

  const walk = async (request) => {
    const theirs = await twin.queryEntities({ ...request, limit: undefined });
    const { field } = request.orderFields ?? {};
    // [missing]
    const expected = theirs.items.filter((item) => !field || sortValue(whole.get(ref(item)), field) !== undefined);
    const { filter, query, orderFields, fullTextFilter, fields } = request;
    const first = await client.queryEntities({ filter, query, orderFields, fullTextFilter, fields, limit: request.limit() }, options);
    assert.equal(first.totalItems, expected.length, 'totalItems');
    assert.equal(first.pageInfo.prevCursor, undefined, 'the first page has none before it');

    const forward = [first];
    while (forward.at(-1).pageInfo.nextCursor) {
      assert.ok(forward.length <= expected.length + 1, 'it never ends');
      const page = await client.queryEntities({ cursor: forward.at(-1).pageInfo.nextCursor, limit: request.limit(), fields }, options);
      assert.equal(page.totalItems, expected.length, 'totalItems of a later page');
      forward.push(page);
    }
    const ours = forward.flatMap((page) => page.items);
    assertSameSet(ours, expected);
    if (field) assertSameOrder(ours, expected, [{ field }], whole);

    const backward = [forward.at(-1)];
    while (backward[0].pageInfo.prevCursor) {
      assert.ok(backward.length <= expected.length + 1, 'it never ends backwards');
      backward.unshift(await client.queryEntities({ cursor: backward[0].pageInfo.prevCursor, limit: request.limit(), fields }, options));
    }
    const back = backward.flatMap((page) => page.items);
    assert.deepEqual(back.map(ref), ours.map(ref), 'the way back');
    assert.deepEqual(back, ours);
    return expected.length;
  };
  const limits = () => {
    const fixed = dice.maybe(0.5) ? 5 + dice.below(100) : undefined;
    return () => fixed ?? 5 + dice.below(100);
  };

  await repeat(
    'queryEntities by filter, there and back',
    CASES,
    () => ({ filter: requests.filter(), orderFields: requests.order(), fullTextFilter: requests.fullText(), fields: requests.fields(), limit: limits() }),
    walk,
  );

  await repeat(
    'queryEntities by predicate, there and back',
    CASES,
    () => ({ query: requests.query(), filter: dice.maybe(0.3) ? requests.filter() : undefined, orderFields: requests.order(), fields: requests.fields(), limit: limits() }),
    walk,
  );

  await repeat(
    'queryEntities without a total',
    10,
    () => ({ filter: requests.filter(), totalItems: 'exclude', limit: 30 }),
    async (request) => {
      const page = await client.queryEntities(request, options);
      assert.equal(page.totalItems, 0);
      if (page.pageInfo.nextCursor) {
        assert.equal((await client.queryEntities({ cursor: page.pageInfo.nextCursor, limit: 1 }, options)).totalItems, 0);
      }
      return page.items.length;
    },
  );

  await repeat(
    'getEntitiesByRefs',
    CASES,
    () => ({ entityRefs: requests.someRefs(), filter: dice.maybe(0.3) ? requests.filter() : undefined, query: dice.maybe(0.3) ? requests.query() : undefined, fields: requests.fields() }),
    async (request) => {
      const [ours, theirs] = await Promise.all([client.getEntitiesByRefs(request, options), twin.getEntitiesByRefs(request)]);
      assert.deepEqual(ours.items, theirs.items);
      return theirs.items.filter(Boolean).length;
    },
  );

  await t.test('getEntitiesByRefs of more than a thousand', async () => {
    const entityRefs = Array.from({ length: 2100 }, (_, n) => requests.refs[n % requests.refs.length]);
    const [ours, theirs] = await Promise.all([client.getEntitiesByRefs({ entityRefs }, options), twin.getEntitiesByRefs({ entityRefs })]);
    assert.deepEqual(ours.items, theirs.items);
  });

  await repeat(
    'getEntityByRef',
    CASES,
    () => (dice.maybe(0.1) ? 'component:default/never-was' : dice.maybe(0.3) ? dice.pick(requests.refs).toUpperCase() : dice.pick(requests.refs)),
    async (one) => {
      const [ours, theirs] = await Promise.all([client.getEntityByRef(one, options), twin.getEntityByRef(one)]);
      assert.deepEqual(ours, theirs);
      return theirs !== undefined;
    },
  );

  await repeat(
    'getEntityFacets',
    CASES,
    () => ({ facets: requests.facets(), ...(dice.maybe(0.4) ? { query: requests.query() } : { filter: requests.filter() }) }),
    async (request) => {
      const [ours, theirs] = await Promise.all([client.getEntityFacets(request, options), twin.getEntityFacets(request)]);
      assert.deepEqual(Object.keys(ours.facets).sort(), Object.keys(theirs.facets).sort());
      for (const facet of request.facets) {
        const values = ours.facets[facet].map(({ value }) => value);
        assert.deepEqual(values, [...values].sort(), `${facet} is sorted by value`); // [facet]
        assert.deepEqual(counted(ours.facets[facet], facet), counted(theirs.facets[facet], facet), facet);
      }
      return request.facets.some((facet) => ours.facets[facet].length > 0);
    },
  );

  await repeat(
    'streamEntities',
    CASES / 3,
    () => ({ pageSize: 1 + dice.below(200), fields: requests.fields(), ...(dice.maybe(0.5) ? { query: requests.query() } : { filter: requests.filter() }) }),
    async (request) => {
      const [ours, theirs] = await Promise.all([collect(client.streamEntities(request, options)), collect(twin.streamEntities(request))]);
      assertSameSet(ours, theirs);
      return theirs.length;
    },
  );
});

async function collect(pages) {
  const all = [];
  for await (const page of pages) all.push(...page);
  return all;
}

/** [facet] [long] */
function counted(values, facet) {
  const counts = {};
  for (const { value, count } of values) {
    if (value.length > 200) continue;
    const key = facet === 'metadata.name' ? value.toLowerCase() : value;
    counts[key] = (counts[key] ?? 0) + count;
  }
  return counts;
}

/** The same entities with the same content, in any order. */
function assertSameSet(ours, theirs) {
  const [has, wants] = [ours, theirs].map((items) => items.map(ref).sort());
  const extra = has.filter((one) => !wants.includes(one));
  const missing = wants.filter((one) => !has.includes(one));
  const few = (list) => `${list.length}${list.length > 0 ? ` (${list.slice(0, 3).join(' ')})` : ''}`;
  assert.ok(has.length === wants.length && extra.length + missing.length === 0, `${has.length} entities, not ${wants.length}: missing ${few(missing)}, extra ${few(extra)}`);
  assert.deepEqual(byRef(ours), byRef(theirs));
}

/** The same up to ties [ties]: the n-th of both has the same sort values. `whole` has what `fields` left out. */
function assertSameOrder(ours, theirs, order, whole) {
  const values = (items) => items.map((item) => order.map(({ field }) => sortValue(whole.get(ref(item)), field)));
  assert.deepEqual(values(ours), values(theirs), `in order`);
}

/** What Backstage does to a document: the namespace is filled in, some lists are sorted, annotations are added. */
function assertSameDocument(document, entity) {
  const { annotations, ...metadata } = document.metadata;
  const { annotations: shown, uid, etag, ...rest } = entity.metadata;
  assert.deepEqual(rest, { namespace: 'default', ...metadata }, ref(document));
  for (const [key, value] of Object.entries(annotations ?? {})) assert.equal(shown[key], value, `${ref(document)} ${key}`);
  assert.ok(uid && etag && shown['backstage.io/managed-by-location'] && shown['backstage.io/managed-by-origin-location']);
  const spec = structuredClone(document.spec);
  for (const key of ['providesApis', 'consumesApis', 'dependsOn', 'dependencyOf', 'memberOf', 'children', 'members']) spec[key]?.sort();
  assert.deepEqual(entity.spec, spec, ref(document));
  assert.equal(entity.apiVersion, document.apiVersion);
  assert.equal(entity.kind, document.kind);
}

function show(request) {
  return JSON.stringify(request, (_, value) => (typeof value === 'symbol' ? 'EXISTS' : value));
}
