// What of two answers has to be the same, and where they differ.

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
/** Headers that clients read. */
const HEADERS = ['content-type', 'link'];

/** A body without what each system makes up: ids become what they stand for, cursors only that they are there. */
export function normal(value, system, key = '') {
  if (Array.isArray(value)) return value.map((item) => normal(item, system));
  if (value !== null && typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, normal(inner, system, name)]));
  }
  if (typeof value !== 'string') return value;
  if (key === 'uid' || key === 'entity_id' || (key === 'value' && UUID.test(value))) return system.refs.get(value) ?? (UUID.test(value) ? 'a uid' : value);
  if (key === 'etag') return 'an etag';
  if (key === 'id') return system.targets.get(value) ?? (UUID.test(value) ? 'an id' : value);
  if (/^(next|prev)Cursor$/.test(key)) return 'a cursor';
  if (key === 'url' || key === 'message') return [...system.refs, ...system.targets].reduce((text, [id, name]) => text.replaceAll(id, name), value);
  return value;
}

const sorted = (_, value) => (value !== null && typeof value === 'object' && !Array.isArray(value) ? Object.fromEntries(Object.entries(value).sort()) : value);
const refOf = (entity) => `${entity?.kind}:${entity?.metadata?.namespace}/${entity?.metadata?.name}:${JSON.stringify(entity, sorted)}`;

/** A list of entities that no order was asked for. */
export const byRef = (list) => [...list].sort((a, b) => (refOf(a) < refOf(b) ? -1 : 1));

/** Every place where two values differ: {at, theirs, ours}. */
export function differences(theirs, ours, at = '') {
  if (Object.is(theirs, ours)) return [];
  const both = (test) => test(theirs) && test(ours);
  if (both(Array.isArray)) {
    const length = theirs.length === ours.length ? [] : [{ at: `${at}.length`, theirs: theirs.length, ours: ours.length }];
    const common = Math.min(theirs.length, ours.length);
    return [...length, ...theirs.slice(0, common).flatMap((item, i) => differences(item, ours[i], `${at}/${i}`))];
  }
  if (both((v) => v !== null && typeof v === 'object' && !Array.isArray(v))) {
    const keys = new Set([...Object.keys(theirs), ...Object.keys(ours)]);
    return [...keys].flatMap((key) => differences(theirs[key], ours[key], `${at}/${key}`));
  }
  return [{ at, theirs, ours }];
}

/** The parts of an answer that are compared. */
export function parts(answer, system, { unordered, trial } = {}) {
  let body = answer.body === undefined ? answer.text : normal(answer.body, system);
  if (unordered && Array.isArray(body)) body = byRef(body);
  if (unordered && Array.isArray(body?.items)) body = { ...body, items: byRef(body.items) };
  if (trial && body?.entities) body = { ...body, entities: byRef(body.entities) };
  const headers = Object.fromEntries(HEADERS.map((name) => [name, answer.headers[name]]));
  // A tag is of use where the same is asked again.
  if (answer.status === 200 && answer.method === 'GET') headers.etag = answer.headers.etag !== undefined;
  return { status: answer.status, headers, body };
}
