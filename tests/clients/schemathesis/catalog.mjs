// A small catalog with something of every sort that a path can name.
import assert from 'node:assert/strict';

const properties = {
  text: { type: 'string' },
  link: { type: 'string', format: 'url' },
  at: { type: 'string', format: 'date-time' },
  n: { type: 'number' },
  yes: { type: 'boolean' },
  any: { type: 'object' },
  list: { type: 'array' },
};
const relations = { owner: { target: 'crew' }, needs: { target: 'thing', many: true } };
const mirrorProperties = { ownerName: { path: 'owner.$title' } };
const calculationProperties = { double: { type: 'number', calculation: '.properties.n * 2' } };

const upTo = (count, name) => Array.from({ length: count }, (_, i) => `${name}${i}`);
const SPARE = 12;

/** Makes it, and tells the names in it as `hooks.py` wants them. */
export async function fill(portal) {
  const send = async (method, route, json) => {
    const answer = await portal.ask(`/v1${route}`, { method, json });
    assert.ok(answer.status < 300, `${method} ${route}: ${answer.status} ${answer.text}`);
    return answer.body;
  };
  const blueprint = (identifier, more) =>
    send('POST', '/blueprints', { identifier, title: identifier, schema: { properties }, ...more });

  await blueprint('crew');
  await blueprint('thing', { relations, mirrorProperties, calculationProperties });
  for (const name of ['draft', 'named']) await blueprint(name, { relations: { owner: { target: 'crew' } }, mirrorProperties });
  for (const name of upTo(SPARE, 'spare')) await blueprint(name);
  await send('POST', '/blueprints/crew/entities', { identifier: 'blue', title: 'Blue' });
  const things = upTo(15, 'thing').map((identifier, n) => ({
    identifier,
    title: identifier.toUpperCase(),
    team: ['blue'],
    properties: { text: `t${n % 3}`, link: 'https://example.com', at: '2026-01-01T00:00:00Z', n, yes: n % 2 === 0, list: [1, 'a'], any: { a: 1 } },
    relations: { owner: 'blue' },
  }));
  await send('POST', '/blueprints/thing/entities/bulk', { entities: things });
  await send('PATCH', '/blueprints/thing/entities/thing0', { relations: { needs: ['thing1', 'thing2'] } });
  for (const name of ['thing', 'draft']) {
    const spares = upTo(SPARE, 'spare').map((identifier) => ({ identifier }));
    await send('POST', `/blueprints/${name}/entities/bulk`, { entities: spares });
  }

  for (const installationId of ['source', ...upTo(SPARE, 'spare')]) {
    await send('POST', '/integration', { installationId, installationAppType: 'files', version: '1.0.0', config: {} });
  }
  const { integration } = await send('GET', '/integration/source');
  const ingest = integration.logAttributes.ingestId;
  await send('POST', '/integration/source/cursor?kind=thing&index=0', { primary: '2026-01-01T00:00:00Z' });
  await send('POST', '/integration/source/kinds/thing/examples', { examples: [{ a: 1 }, [2], null] });
  await send('PATCH', '/integration/source/resync-state', { status: 'completed', intervalInMinuets: 5 });
  await send('POST', `/ingest/logs/${ingest}`, { logs: [{ message: 'm', level: 'info', timestamp: '2026-01-01T00:00:00Z' }] });
  await send('POST', `/ingest/metrics/${ingest}/syncMetrics`, { syncKindsMetrics: [{ eventId: 'e1', kindIdentifier: 'k' }] });
  const { migration } = await send('POST', '/migrations', {
    sourceBlueprint: 'draft',
    mapping: { entity: { title: '.identifier' } },
  });

  const sources = (await portal.ask('/api/stagedoor/v1/sources')).body.sources.map((s) => s.id);
  // What ends or renames things has its own to do it to.
  const spares = { blueprint: upTo(SPARE, 'spare') };
  const drafts = { blueprint: ['draft'] };
  const named = { blueprint: ['named'] };
  const of = {
    'DELETE /blueprints/{blueprint}': spares,
    'DELETE /blueprints/{blueprint}/all-entities': spares,
    'PUT /blueprints/{blueprint}': drafts,
    'PATCH /blueprints/{blueprint}': drafts,
    'PATCH /blueprints/{blueprint}/properties/{property}/rename': named,
    'PATCH /blueprints/{blueprint}/relations/{relation}/rename': named,
    'PATCH /blueprints/{blueprint}/mirror/{property}/rename': { ...named, property: ['ownerName'] },
    'GET /blueprints/system/{blueprint}/structure': { blueprint: ['_user', '_team'] },
    'DELETE /blueprints/{blueprint}/entities/{entity}': { entity: upTo(SPARE, 'spare') },
    'DELETE /integration/{integration}': { integration: upTo(SPARE, 'spare') },
    'POST /migrations': drafts,
    'GET /entity': { blueprint: ['thing'], identifier: ['thing0', 'thing1'] },
    'GET /graph': { blueprint: ['thing'], identifier: ['thing0', 'thing1'] },
    'POST /sources/confirm': { id: sources },
  };
  const { body: entities } = await portal.ask('/api/catalog/entities?filter=kind=component&limit=3');
  const field = (of) => entities.map(of);
  const { body: page } = await portal.ask('/api/catalog/entities/by-query?limit=1');
  const cursor = page.pageInfo.nextCursor;
  const titles = { title: ['A title', 'Another'] };
  const keys = [...Object.keys(properties), 'owner', 'ownerName', 'double', '$identifier', '$title', '$team', '$createdAt'];
  return {
    names: {
      blueprint: ['thing', 'thing', 'crew', 'component', '_user'],
      entity: ['thing0', 'thing1', 'thing2'],
      property: Object.keys(properties),
      relation: Object.keys(relations),
      integration: ['source'],
      ingest_id: [ingest],
      kind: ['thing', 'component'],
      index: ['0'],
      migration: [migration.identifier],
      event: ['e1'],
      resyncId: ['e1'],
      facet: ['kind', 'spec.type'],
      filter: ['kind=component', 'metadata.tags'],
      namespace: ['default'],
      name: field((e) => e.metadata.name),
      uid: field((e) => e.metadata.uid),
    },
    of,
    texts: {
      property: keys,
      field: keys,
      targetProperty: keys,
      breakdownProperty: keys,
      relation: Object.keys(relations),
      target: ['crew', 'thing'],
      blueprint: ['thing', 'crew'],
      blueprintIdentifier: ['thing'],
      entityIdentifier: ['thing0', 'thing1'],
      sourceBlueprint: ['draft'],
      measureTimeBy: ['$createdAt', 'at'],
      timeZone: ['UTC', 'Europe/Vienna', '+05:30'],
      ...titles,
      installationId: upTo(40, 'made'),
      newPropertyName: upTo(40, 'p'),
      newRelationIdentifier: upTo(40, 'r'),
      newMirrorName: upTo(40, 'm'),
      timestamp: ['2026-01-01T00:00:00Z'],
      cursor: [cursor],
    },
    textsOf: {
      'POST /blueprints': { ...titles, identifier: upTo(80, 'made') },
      'POST /integration': { ...titles, identifier: upTo(80, 'made') },
      'POST /migrations': {
        blueprint: ['"crew"'],
        filter: ['true', '.properties.n > 3'],
        itemsToParse: ['[1, 2]', '.properties.list'],
        identifier: ['.identifier + "x"', '.identifier'],
        title: ['.title'],
        icon: ['"i"'],
        team: ['["blue"]'],
      },
    },
    lists: {
      propertyNames: Object.keys(properties),
      facets: ['kind', 'metadata.tags', 'relations.ownedBy'],
      entityRefs: field((e) => `component:default/${e.metadata.name}`),
    },
    documents: [
      { apiVersion: 'backstage.io/v1alpha1', kind: 'Component', metadata: { name: 'made' }, spec: { type: 'service', lifecycle: 'x', owner: 'a' } },
      { apiVersion: 'backstage.io/v1alpha1', kind: 'Group', metadata: { name: 'made' }, spec: { type: 'team', children: ['x'] } },
      { apiVersion: 'backstage.io/v1alpha1', kind: 'Group', metadata: { name: 'not made' }, spec: {} },
      { identifier: 'filed', blueprint: 'thing', properties: { n: 1 } },
    ],
  };
}
