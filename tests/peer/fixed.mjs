// Requests that are worth asking by name: what every endpoint refuses, and what a naive clone answers wrongly.
//
// A line is `METHOD path`, then perhaps a body. {uid:ref} is that entity's own uid on each side.

const get = (...paths) => paths.map((path) => ({ path }));
const post = (path, ...bodies) => bodies.map((body) => ({ method: 'POST', path, body }));

const ENTITIES = get(
  '/entities?limit=0', '/entities?limit=-1', '/entities?offset=-1', '/entities?limit=1.5', '/entities?limit=asdf', '/entities?limit=1&limit=2',
  '/entities?nope=1', '/entities?filter=', '/entities?filter=&filter=kind=domain', '/entities?filter=%20,%20&limit=3', '/entities?filter==x',
  '/entities?filter=kind%3Dcomponent,%3Dx', '/entities?fields=', '/entities?fields=metadata.tags[0]', '/entities?fields=a[b', '/entities?after=',
  '/entities?after=nonsense', '/entities?after=e30=', '/entities?after=W10=', '/entities?after=eyJsaW1pdCI6Mn0=', '/entities?after=eyJsaW1pdCI6MCwib2Zmc2V0IjoxfQ==',
  '/entities?order=', '/entities?order=metadata.name', '/entities?order=up:metadata.name', '/entities?order=asc:', '/entities?order=asc',
  '/entities?limit=3', '/entities?limit=3&offset=2', '/entities?offset=100000', '/entities?limit=100000', '/entities?limit=2&order=asc:metadata.name&fields=metadata.name',
  '/entities?filter=spec&limit=5', '/entities?filter=a', '/entities?filter=spec.a&limit=5', '/entities?filter=metadata.tags.java', '/entities?filter=metadata.tags=java',
  '/entities?filter=metadata.tags.java=true', '/entities?filter=metadata.tags.java=false', '/entities?filter=kind=component,kind=api', '/entities?filter=kind=component&filter=kind=api',
  '/entities?filter=kind,kind=api', '/entities?filter=KIND=API', '/entities?filter=kind=', '/entities?filter=metadata.description=', '/entities?filter=metadata.labels.empty=',
  '/entities?filter=metadata.etag', '/entities?filter=status', '/entities?filter=relations', '/entities?filter=relations.ownedBy', '/entities?filter=relations.ownedBy=group:edges/crew',
  '/entities?filter=RELATIONS.OWNEDBY=Group:Edges/Crew', '/entities?filter=metadata.annotations.github.com/project-slug', '/entities?filter=metadata.annotations.example.org/mixed-case',
  '/entities?filter=metadata.name=%20whole%20', '/entities?filter=metadata.title=%C3%A4', '/entities?filter=spec.n', '/entities?filter=spec.a.n', '/entities?filter=spec.a.n=null',
  '/entities?filter=spec.a.t=true', '/entities?filter=spec.a.t.x', '/entities?filter=spec.nested=1', '/entities?filter=spec.nested.b', '/entities?filter=metadata.huge', '/entities?filter=metadata.1',
  '/entities?filter=metadata.ratio=1.5', '/entities?filter=metadata.ratio=1.50', '/entities?filter=metadata.inf=0.5', '/entities?filter=metadata.minus=0', '/entities?filter=metadata.on=yes',
  '/entities?filter=spec.dotted.key.inner=v', '/entities?filter=spec.slash/key=v', '/entities?filter=spec.key%20with%20blank=v',
  '/entities?filter=metadata.title=%F0%9F%9A%80%20Rocket', '/entities?filter=metadata.title=%ED%A0%BD%ED%BA%80%20Rocket', '/entities?filter=metadata.title=%FF',
  '/entities?filter=metadata.namespace=edges&fields=kind,metadata.name', '/entities?filter=metadata.namespace=edges&fields=metadata.annotations.backstage.io/techdocs-ref,metadata.labels',
  '/entities?filter=metadata.name=values&fields=spec.a.b,spec.dotted.key,spec.dotted.key.inner,metadata.1,metadata.nothing', '/entities?filter=metadata.name=values&fields=spec.nested',
  '/entities?filter=metadata.name=values&fields=Spec.Type', '/entities?filter=metadata.name=values&fields=%20kind%20,,spec.type', '/entities?filter=metadata.name=values&fields=kind&fields=spec.type',
  '/entities?filter=metadata.name=values&fields=nothing', '/entities/', '/entities?filter=metadata.name=values&fields=metadata.tags.0', '/nowhere', '/entities/by-name', '/entities/by-name/component/default',
);

const SINGLE = get(
  '/entities/by-name/component/edges/whole', '/entities/by-name/COMPONENT/Edges/WHOLE', '/entities/by-name/component/default/nope', '/entities/by-name/Kind/NS/Nope',
  '/entities/by-name/component/default/a%2Fb', '/entities/by-name/component/edges/whole?fields=kind', '/entities/by-name/component/edges/whole?x=1',
  '/entities/by-name/component/edges/whole/ancestry', '/entities/by-name/component/default/nope/ancestry',
  '/entities/by-name/Component/EDGES/Whole/ancestry',
  '/entities/by-uid/{uid:component:edges/whole}', '/entities/by-uid/nonsense', '/entities/by-uid/00000000-0000-4000-8000-000000000000',
  '/entities/by-name/component/default/neighbour', '/entities/by-name/component/default/bare',
);

const QUERIES = get(
  '/entities/by-query?limit=0', '/entities/by-query?limit=-1', '/entities/by-query?offset=-1', '/entities/by-query?limit=x', '/entities/by-query?totalItems=maybe', '/entities/by-query?totalItems=',
  '/entities/by-query?cursor=badcursor', '/entities/by-query?cursor=', '/entities/by-query?cursor=e30=', '/entities/by-query?cursor=W10=', '/entities/by-query?cursor=bnVsbA==',
  '/entities/by-query?orderField=metadata.name,up', '/entities/by-query?orderField=', '/entities/by-query?orderField=,asc', '/entities/by-query?nope=1', '/entities/by-query?filter=%3Dx',
  '/entities/by-query?fields=a[0]', '/entities/by-query?fullTextFilterTerm=', '/entities/by-query?fullTextFilterTerm=%20&limit=0', '/entities/by-query?fullTextFilterTerm=a&fullTextFilterTerm=b',
  '/entities/by-query?limit=0&filter=kind=component', '/entities/by-query?limit=0&totalItems=exclude', '/entities/by-query?limit=0&orderField=spec.nowhere,asc',
  '/entities/by-query?limit=0&orderField=spec.system,asc', '/entities/by-query?limit=0&fullTextFilterTerm=whole&fullTextFilterFields=metadata.name', '/entities/by-query?limit=0&filter=kind=nothing',
  '/entities/by-query?orderField=metadata.name,asc&filter=kind=nothing', '/entities/by-query?limit=1&orderField=metadata.uid,asc&filter=metadata.name=whole', '/entities/by-query?offset=100000&orderField=metadata.name,asc',
  '/entities/by-query?orderField=metadata.name,asc&orderField=kind,desc&filter=metadata.namespace=edges', '/entities/by-query?fullTextFilterFields=metadata.name&limit=0',
  '/entities/by-query?fullTextFilterTerm=ROCKET&fullTextFilterFields=metadata.title&filter=kind=component', '/entities/by-query?fullTextFilterTerm=%C3%84&fullTextFilterFields=metadata.title',
  '/entities/by-query?fullTextFilterTerm=%CE%A3&fullTextFilterFields=metadata.description', '/entities/by-query?fullTextFilterTerm=%C3%9F&fullTextFilterFields=metadata.description',
);

const POSTED = [
  ...post('/entities/by-query', {}, [], '"x"', 'null', 'not json', '[', '', { query: 'x' }, { query: [] }, { query: null }, { limit: '1' }, { limit: null }, { orderBy: {} }, { orderBy: [{ field: 'a' }] },
    { orderBy: [{ field: 'a', order: 'up' }] }, { orderBy: ['a'] }, { cursor: '' }, { cursor: 'bad' }, { cursor: 7 }, { unknown: 1, limit: 0 }, { fields: 'kind' }, { fields: ['a[0]'] }, { fields: [7] },
    { fullTextFilter: 'x' }, { fullTextFilter: { term: 1 } }, { fullTextFilter: {}, limit: 0 }, { fullTextFilter: { term: 'whole', fields: ['metadata.name'] }, orderBy: [{ field: 'metadata.name', order: 'asc' }] },
    { totalItems: 'maybe' }, { totalItems: 'exclude', limit: 0 }, { offset: '1' }),
  ...post('/entities/by-refs', '', 'not json', '[', '[]', {}, { unknown: 7 }, { entityRefs: 7 }, { entityRefs: [7] }, { entityRefs: [] }, { entityRefs: [''] }, { entityRefs: ['nonsense'] }, { entityRefs: null },
    { entityRefs: ['component:edges/whole', 'Component:edges/whole', 'component:edges/nope', 'component:edges/whole', 'component:whole', 'component:edges/WHOLE'] }, { entityRefs: ['component:edges/whole'], fields: ['kind'] },
    { entityRefs: ['component:edges/whole'], fields: 'kind' }, { entityRefs: ['component:edges/whole', 'api:edges/alpha'], query: { kind: 'api' } }, { entityRefs: ['component:edges/whole'], unknown: 1 },
    { entityRefs: ['component:edges/whole'], query: 'x' }, { entityRefs: ['component:edges/whole'], fields: ['metadata.tags[0]'] }),
  ...post('/entities/by-refs?filter=kind=api', { entityRefs: ['component:edges/whole', 'api:edges/alpha'] }),
  ...post('/entities/by-refs?filter=kind=api&filter=kind=component', { entityRefs: ['component:edges/whole', 'api:edges/alpha'], query: { 'metadata.name': 'alpha' } }),
  ...post('/entities/by-refs?filter=', { entityRefs: [] }), ...post('/entities/by-refs?filter=%3Dx', { entityRefs: [] }), ...post('/entities/by-refs?nope=1', { entityRefs: [] }),
  { method: 'POST', path: '/entities/by-refs', body: '{"entityRefs":[]}', headers: { 'content-type': null } }, { method: 'POST', path: '/entities/by-refs', body: '{"entityRefs":[]}', headers: { 'content-type': 'text/plain' } },
  { method: 'POST', path: '/entities/by-query', body: '{}', headers: { 'content-type': null } }, { method: 'POST', path: '/entities/by-query', body: '{}', headers: { 'content-type': 'text/plain' } },
  { method: 'POST', path: '/entities/by-query', body: '{"limit":0}', headers: { 'content-type': 'application/json; charset=utf-8' } },
  { method: 'POST', path: '/entity-facets', body: '{}', headers: { 'content-type': null } }, { method: 'POST', path: '/entities/by-refs', body: { entityRefs: ['x'.repeat(110_000)] } },
];

const values = [null, [], {}, [1], { a: 1 }, { $nope: 1 }, { $in: [] }, { $in: 'a' }, { $in: [null] }, { $in: [{}] }, { $in: ['component', 'API'] }, { $exists: true }, { $exists: false }, { $exists: 'yes' }, { $hasPrefix: 'Comp' }, { $hasPrefix: '' },
  { $hasPrefix: '%' }, { $hasPrefix: 7 }, { $contains: 'component' }, { $contains: { a: 1 } }, { $contains: [] }, { $contains: null }, 7, true, ''];
const roots = [{}, { $all: [] }, { $any: [] }, { $all: {} }, { $any: 'x' }, { $not: {} }, { $not: [] }, { $not: 'x' }, { $nope: [] }, { $all: [{ kind: 'api' }], kind: 'component' }, { $all: [7] }, { $any: [{ kind: 'api' }, { kind: 'user' }] },
  { $not: { kind: 'component' } }, { $not: { $not: { kind: 'api' } } }, { $all: [{ kind: 'component' }, { $any: [{ 'metadata.tags': 'java' }, { 'spec.type': 'library' }] }] }, { 'metadata.tags': 'java' }, { spec: { $exists: true } },
  { 'spec.a.b': { $contains: 'c' } }, { 'spec.public': true }, { 'spec.public': 'TRUE' }, { 'metadata.priority': 7 }, { 'metadata.priority': '7' }, { 'spec.a.n': { $exists: true } }, { KIND: 'Api' }, { 'metadata.name': { $hasPrefix: 'LENGTH-' } },
  { 'metadata.description': { $hasPrefix: 'per cent 100%' } }, { 'metadata.description': { $hasPrefix: 'Per Cent 100_' } }, { 'relations.ownedBy': 'group:edges/crew' }, { relations: { $contains: { type: 'ownedBy' } } }, { relations: { $exists: true } },
  { relations: { $contains: { type: 'ownedBy', targetRef: 'group:edges/crew' } } }, { relations: { $contains: { type: 'ownedBy', targetRef: { $in: ['group:edges/crew', 'x'] } } } }, { relations: { $contains: { type: 'ownedBy', targetRef: { $in: [] } } } },
  { relations: { $contains: { type: 'ownedBy', other: 1 } } }, { relations: { $contains: { targetRef: 'group:edges/crew' } } }, { relations: { $contains: 'ownedBy' } }, { relations: { $contains: { type: 7 } } }, { relations: 'x' }];
const PREDICATES = [...roots, ...values.map((value) => ({ kind: value }))].flatMap((query) => [
  { method: 'POST', path: '/entities/by-query', body: { query, limit: 0 } }, { method: 'POST', path: '/entity-facets', body: { facets: ['kind'], query } },
]);

const FACETS = [
  ...get('/entity-facets', '/entity-facets?facet=', '/entity-facets?facet=kind', '/entity-facets?facet=KIND', '/entity-facets?facet=kind&facet=spec.type&facet=kind', '/entity-facets?facet=nothing', '/entity-facets?facet=spec', '/entity-facets?nope=1&facet=kind',
    '/entity-facets?facet=metadata.tags', '/entity-facets?facet=metadata.tags.java', '/entity-facets?facet=relations.ownedBy', '/entity-facets?facet=metadata.annotations.backstage.io/techdocs-ref', '/entity-facets?facet=metadata.description', '/entity-facets?facet=spec.mixed',
    '/entity-facets?facet=spec.ports', '/entity-facets?facet=spec.public', '/entity-facets?facet=metadata.title', '/entity-facets?facet=kind&filter=kind=api', '/entity-facets?facet=kind&filter=%3Dx', '/entity-facets?facet=metadata.namespace', '/entity-facets?facet=spec.lifecycle&filter=kind=component&filter=kind=api',
    '/entity-facets?facet=metadata.uid&filter=metadata.name=whole', '/entity-facets?facet=metadata.etag', '/entity-facets?facet=status.items.level', '/entity-facets?facet=spec.a.n', '/entity-facets?facet=spec.list', '/entity-facets?facet=kind&facet='),
  ...post('/entity-facets', {}, { facets: 'kind' }, { facets: [] }, { facets: [''] }, { facets: [7] }, { facets: ['kind'], query: 'x' }, { facets: ['kind'], unknown: 1 }, { facets: ['metadata.tags', 'kind'], query: { kind: 'component' } }, 'x', ''),
];

const OTHERS = [
  ...get('/locations', '/locations?x=1', '/locations/nonsense', '/locations/00000000-0000-4000-8000-000000000000', '/locations/by-entity/component/edges/nope', '/locations/by-entity/component/edges/whole'),
  ...['PUT', 'PATCH', 'DELETE'].map((method) => ({ method, path: '/entities' })), { method: 'HEAD', path: '/entities?limit=1' }, { method: 'HEAD', path: '/entities/by-name/component/edges/nope' }, { method: 'OPTIONS', path: '/entities' },
  ...post('/refresh', {}, { entityRef: 7 }, { entityRef: 'component:default/nope' }, { entityRef: 'nonsense' }, { entityRef: 'component:edges/whole', unknown: 1 }, 'x'),
  { method: 'POST', path: '/refresh', body: '{}', headers: { 'content-type': 'text/plain' } },
  { method: 'DELETE', path: '/entities/by-uid/nonsense' }, { method: 'DELETE', path: '/entities/by-uid/00000000-0000-4000-8000-000000000000' },
  ...post('/analyze-location', {}, { location: {} }, { location: { type: 'url' } }, { location: { type: 'url', target: 'nonsense' } }, { location: { type: 'url', target: 'https://larkfell.example/o/r' } }, { location: { type: 'url', target: '' } }, { location: 'x' }, 'x'),
  { method: 'POST', path: '/analyze-location', body: '{}', headers: { 'content-type': 'text/plain' } }, { method: 'POST', path: '/analyze-location', headers: {} },
];

export const fixed = [...ENTITIES, ...SINGLE, ...QUERIES, ...POSTED, ...PREDICATES, ...FACETS, ...OTHERS];
