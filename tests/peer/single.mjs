// One request to both, or a walk of pages, and what is the same about the answers.
import { known, knownEntity } from './known.mjs';
import { byRef, differences, normal, parts } from './normal.mjs';
import { valuesAt } from './generated.mjs';

const refOf = ({ kind, metadata }) => `${kind}:${metadata.namespace}/${metadata.name}`.toLowerCase();
const MOST_PAGES = 200;

/** Compares all entities one by one; gives those that are the same in both. */
export async function compareEntities({ backstage, stagedoor, report }) {
  const [theirs, ours] = [await backstage.dump(), await stagedoor.dump()];
  const mine = new Map(ours.map((entity) => [refOf(entity), entity]));
  const shared = [];
  for (const entity of theirs) {
    const ref = refOf(entity);
    const found = differences(normal(entity, backstage), normal(mine.get(ref), stagedoor));
    mine.delete(ref);
    if (found.length === 0) {
      report.alike('entities');
      shared.push(entity);
    } else {
      report.differs('entities', ref, knownEntity(entity, found), found);
    }
  }
  for (const [ref, entity] of mine) report.differs('entities', ref, knownEntity(entity), [{ at: '', theirs: 'absent', ours: 'there' }]);
  return shared;
}

export async function compareRequest(both, request, group) {
  const { backstage, stagedoor, report } = both;
  if (request.walk) return compareWalk(both, request, group);
  const asked = (system) => ({ ...request, path: request.path.replace(/\{uid:([^}]*)\}/, (_, ref) => system.uids.get(ref)) });
  const [theirs, ours] = await Promise.all([backstage.ask(asked(backstage)), stagedoor.ask(asked(stagedoor))]);
  const unordered = request.unordered || /^\/entities\?(?!.*(limit|offset|after|order)=)/.test(request.path) || (/^\/entities\/by-query/.test(request.path) && !/orderField/.test(request.path));
  const shape = { unordered, trial: request.trial };
  const [a, b] = [parts(theirs, backstage, shape), parts(ours, stagedoor, shape)];
  if (request.order) for (const one of [a, b]) sortTies(one, request.order);
  conclude({ request, theirs: a, ours: b, group, report });
}

function conclude({ request, theirs, ours, group, report }) {
  const found = differences(theirs, ours);
  const title = `${request.method ?? 'GET'} ${request.path}${request.body === undefined ? '' : ` ${typeof request.body === 'string' ? request.body : JSON.stringify(request.body)}`}${request.headers ? ` ${JSON.stringify(request.headers)}` : ''}`;
  if (found.length === 0) report.alike(group);
  else report.differs(group, title, known({ request, theirs, ours, found }), found);
}

/** Entities with the same value come in any order, so which of them end a page is not said. */
function sortTies(answer, order) {
  if (!Array.isArray(answer.body)) return;
  const values = answer.body.map((entity) => (entity.metadata && entity.kind ? valuesAt(entity, order) : ['', '']));
  const single = values.every((list) => list.length < 2);
  answer.body = { count: values.length, order: single && values.map((list) => list[0]), entities: answer.headers.link ? undefined : byRef(answer.body) };
}

/** Follows the cursors to the end and back. */
async function walk(system, request) {
  const first = await system.ask(request);
  const pages = [first];
  const follow = async (key) => {
    for (let page = pages.at(-1); page.body?.pageInfo?.[key] && pages.length < MOST_PAGES; pages.push(page)) {
      page = await next(system, request, page.body.pageInfo[key]);
    }
  };
  await follow('nextCursor');
  const forward = pages.length;
  await follow('prevCursor');
  return { first: parts({ ...first, body: undefined, text: '' }, system), forward, pages: pages.map((page) => normal(page.body, system)) };
}

function next(system, request, cursor) {
  const kept = { limit: request.body?.limit, ...(request.body?.fields && { fields: request.body.fields }) };
  if (request.method === 'POST') return system.ask({ ...request, body: { ...kept, cursor } });
  const params = (request.path.split('?')[1] ?? '').split('&').filter((part) => /^(limit|fields)=/.test(part));
  return system.ask({ ...request, path: `/entities/by-query?${[...params, `cursor=${encodeURIComponent(cursor)}`].join('&')}` });
}

async function compareWalk({ backstage, stagedoor, report }, request, group) {
  const [theirs, ours] = await Promise.all([walk(backstage, request), walk(stagedoor, request)]);
  const [a, b] = [theirs, ours].map(({ first, forward, pages }) => {
    if (pages.some((page) => !Array.isArray(page?.items))) return { ...first, pages };
    const items = pages.slice(0, forward).flatMap((page) => page.items);
    const whole = items.every((item) => item.metadata && item.kind);
    return {
      ...first,
      forward,
      pages: pages.map(({ items: all, ...rest }) => ({ count: all.length, ...rest })),
      items: byRef(items),
      // A field with several values repeats entities, and which value stands for one cannot be told.
      order: request.order && (request.method !== 'POST' || request.body.orderBy) && whole && items.every((item) => valuesAt(item, request.order).length === 1) ? items.map((item) => valuesAt(item, request.order)[0]) : undefined,
    };
  });
  conclude({ request, theirs: a, ours: b, group, report });
}
