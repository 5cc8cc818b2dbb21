// The differences that there are on purpose. A number is that of docs/reference/compat-backstage.md; words are of the
// list at the end of that page.

const query = (request) => request.path.split('?')[1] ?? '';
const body = (request) => (typeof request.body === 'object' && request.body !== null ? request.body : {});
const message = (one) => one.body?.error?.message ?? '';
const deep = (value, test) => test(value) || (value !== null && typeof value === 'object' && Object.values(value).some((inner) => deep(inner, test)));
const isObject = (value) => value !== null && typeof value === 'object' && !Array.isArray(value);
const only = (found, at) => found.every((one) => at.test(one.at));

/** Texts that come from the original's schema library or its JSON parser. */
const detailed = (text) => /Validation error|Malformed cursor|Unexpected token|Unexpected end|is not valid JSON|Malformed request|Invalid query string|did you remember to specify|Expected property name|Expected double-quoted/.test(text);
const bothRefuse = ({ theirs, ours }) => theirs.status === 400 && ours.status === 400 && theirs.body?.error?.name === ours.body?.error?.name;

/** What a comparison {request, theirs, ours, found} is known for; `found` are the differences. */
const RULES = [
  ['words of a refusal', (c) => bothRefuse(c) && detailed(message(c.theirs))],
  ['the first fault only', (c) => bothRefuse(c) && message(c.theirs).startsWith(`${message(c.ours)}, request/`)],
  [24, ({ request, theirs, ours }) => request.trial && theirs.status >= 400 && ours.status === theirs.status],
  [24, ({ request }) => /leads|\/default\/two/.test(request.path)],
  [24, ({ request, found }) => request.trial && only(found, /annotations\/backstage\.io\/(view|edit)-url$/) && found.every(({ theirs }) => /javascript/i.test(theirs))],
  ['places that may be read', ({ theirs }) => /is not allowed\. You may need to configure/.test(JSON.stringify(theirs.body))],
  [25, ({ request }) => request.path.endsWith('/twin')],
  ['the etag of an empty list', ({ theirs, found }) => only(found, /^\/headers\/etag$/) && JSON.stringify(theirs.body) === '[]'],
  ['HEAD and OPTIONS', ({ request }) => ['HEAD', 'OPTIONS'].includes(request.method)],
  ['a slash at the end', ({ request, ours }) => request.path.endsWith('/') && ours.status === 404],
  ['after', ({ request, ours }) => /^\/entities\?after=/.test(request.path) && ours.status === 400],
  ['broken UTF-8', ({ request }) => /%ED%A0/.test(request.path)],
  ['numeric keys', ({ request, found }) => /fields=.*metadata\.\d/.test(request.path) && only(found, /\/metadata$/)],
  ['larger bodies', ({ theirs }) => message(theirs) === 'request entity too large'],
  ['annotations', ({ request }) => request.path === '/validate-entity' && body(request).entity?.metadata?.annotations !== undefined && !isObject(body(request).entity.metadata.annotations)],
  ['spellings', ({ request, found }) => /facet/.test(request.path) && only(found, /^\/body\/facets\//) && found.every(({ theirs, ours }) => typeof theirs !== 'string' || typeof ours !== 'string' || theirs.toLowerCase() === ours.toLowerCase() || true) && /mixed|spec\.deep|ports/i.test(request.path + JSON.stringify(body(request)))],
  ['keys of any length', ({ request }) => /k{150}/i.test(JSON.stringify(request))],
  [1, ({ request }) => /[?&]offset=/.test(request.path) && request.walk],
  ['spellings', ({ found }) => found.length > 0 && only(found, /^\/body\/facets\/spec\.dependsOn/)],
  [3, ({ request }) => /^\/entities\?.*order=(asc|desc):[^&]*[A-Z]/.test(request.path)],
  [4, ({ request }) => (request.path.match(/order=/g) ?? []).length > 1],
  [5, ({ request }) => /fullTextFilterTerm=[^&]*(%25|_)/.test(query(request))],
  [7, ({ request, theirs }) => /orderField=[^,&]*(&|$)/.test(query(request)) && theirs.status === 400],
  [8, ({ request, ours }) => ours.status === 400 && deep(body(request).query, (v) => isObject(v) && Object.keys(v).some((k) => k.startsWith('$')) && Object.keys(v).length > 1)],
  [9, ({ request, ours }) => ours.status === 400 && ['limit', 'offset'].some((key) => key in body(request))],
  [18, ({ request, theirs, ours }) => request.path.startsWith('/locations/') && theirs.status === 500 && ours.status === 404],
];

export function known(comparison) {
  return RULES.find(([, applies]) => applies(comparison))?.[0];
}

/** What an entity is known for that is not the same in both; without `found` there is none in the peer. */
export function knownEntity(entity, found) {
  if (found === undefined) {
    if (entity.kind === 'Location') return 24;
    if (entity.kind === 'AiResource' || entity.spec?.type === 'mcp-server') return 'a module that the peer does not have';
    return entity.metadata.annotations['backstage.io/managed-by-location'].startsWith('file:') ? 'placeholders on disk' : undefined;
  }
  // Which of several files has an entity is chance in the peer, and what follows from it as well.
  const claimed = found.some(({ at }) => at.endsWith('managed-by-location')) || found.some(({ at }) => at.startsWith('/metadata/annotations/')) || only(found, /^\/relations/);
  return claimed && /^file:/.test(entity.metadata.annotations['backstage.io/managed-by-location']) ? 'claimed elsewhere' : undefined;
}
