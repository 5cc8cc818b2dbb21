// Reads over the mock's entities: links, tables, facets, one entity. A naive stand-in, nothing more.
import { stringify } from 'yaml';
import { blueprints, entities } from './fixtures.mjs';

const key = (blueprint, identifier) => `${blueprint} ${identifier}`;
const index = new Map(entities.map((e) => [key(e.blueprint, e.identifier), e]));
const byBlueprint = new Map(blueprints.map((b) => [b.identifier, b]));

export const find = (blueprint, identifier) => index.get(key(blueprint, identifier));
export function put(entity) {
  const old = find(entity.blueprint, entity.identifier);
  if (old) Object.assign(old, entity);
  else {
    entities.push(entity);
    index.set(key(entity.blueprint, entity.identifier), entity);
  }
}

export function link(blueprint, identifier) {
  const found = find(blueprint, identifier);
  return {
    blueprint, identifier, title: found?.title ?? identifier, ref: found?.ref ?? identifier,
    kind: byBlueprint.get(blueprint)?.kind ?? null, icon: null, exists: Boolean(found),
  };
}

const linksOf = (entity) =>
  Object.fromEntries(
    Object.entries(byBlueprint.get(entity.blueprint).relations).map(([name, relation]) => [
      name, (entity.relations[name] ?? []).map((id) => link(relation.target, id)),
    ]),
  );
const row = (entity) => ({ ...entity, relations: linksOf(entity) });

function values(entity, field) {
  const [head, ...rest] = field.split('.');
  const name = rest.join('.');
  const value = head === 'properties' ? entity.properties[name] : head === 'relations' ? entity.relations[name] : entity[head];
  return (Array.isArray(value) ? value : [value]).filter((v) => v !== undefined && v !== null);
}

const matches = (entity, { field, values: wanted }) => {
  const have = values(entity, field);
  return wanted.some((w) => (w === null ? have.length === 0 : have.some((v) => String(v) === String(w))));
};

function facet(rows, field, blueprint) {
  const counts = new Map();
  let missing = 0;
  for (const entity of rows) {
    const have = values(entity, field);
    if (have.length === 0) missing += 1;
    for (const v of have) counts.set(v, (counts.get(v) ?? 0) + 1);
  }
  const target = field.startsWith('relations.') ? blueprint.relations[field.slice(10)]?.target : undefined;
  const list = [...counts].map(([value, count]) => ({ value, count, title: target ? link(target, value).title : String(value) }));
  list.sort((a, b) => b.count - a.count || a.title.localeCompare(b.title));
  return { values: list.slice(0, 100), missing, more: Math.max(0, list.length - 100) };
}

export function table(request) {
  const blueprint = byBlueprint.get(request.blueprint);
  if (!blueprint) return null;
  const needle = (request.search ?? '').toLowerCase();
  const text = (e) => [e.title, e.identifier, e.properties.description, ...(e.properties.tags ?? [])].join('\n').toLowerCase();
  const searched = entities.filter((e) => e.blueprint === request.blueprint && (!needle || text(e).includes(needle)));
  const filters = request.filters ?? [];
  const found = searched.filter((e) => filters.every((f) => matches(e, f)));
  if (request.sort) {
    const sign = request.sort.order === 'desc' ? -1 : 1;
    const sortKey = (e) => values(e, request.sort.field)[0];
    found.sort((a, b) => {
      const [x, y] = [sortKey(a), sortKey(b)];
      if (x === undefined || y === undefined) return (x === undefined) - (y === undefined);
      return sign * (typeof x === 'number' ? x - y : String(x).localeCompare(String(y)));
    });
  }
  const offset = request.offset ?? 0;
  const facets = Object.fromEntries((request.facets ?? []).map((field) => {
    const others = filters.filter((f) => f.field !== field);
    return [field, facet(searched.filter((e) => others.every((f) => matches(e, f))), field, blueprint)];
  }));
  return { total: found.length, revision: 5, rows: found.slice(offset, offset + (request.limit ?? 50)).map(row), facets };
}

export function model() {
  const counts = new Map();
  for (const entity of entities) {
    for (const [relation, { target }] of Object.entries(byBlueprint.get(entity.blueprint).relations)) {
      const n = entity.relations[relation]?.length ?? 0;
      if (n === 0) continue;
      const id = [entity.blueprint, relation, target].join(' ');
      counts.set(id, (counts.get(id) ?? 0) + n);
    }
  }
  return {
    blueprints: blueprints.map((b) => ({ ...b, count: entities.filter((e) => e.blueprint === b.identifier).length })),
    edges: [...counts].map(([id, count]) => {
      const [from, relation, to] = id.split(' ');
      return { from, relation, to, count };
    }),
  };
}

const types = {
  owningGroup: ['ownedBy', 'ownerOf'], owningUser: ['ownedBy', 'ownerOf'], owner: ['ownedBy', 'ownerOf'],
  system: ['partOf', 'hasPart'], domain: ['partOf', 'hasPart'], providesApis: ['providesApi', 'apiProvidedBy'],
  consumesApis: ['consumesApi', 'apiConsumedBy'], dependsOnComponent: ['dependsOn', 'dependencyOf'],
  dependsOnResource: ['dependsOn', 'dependencyOf'], database: ['dependsOn', 'dependencyOf'],
  parent: ['childOf', 'parentOf'], members: ['hasMember', 'memberOf'], memberOf: ['memberOf', 'hasMember'],
};

export function detail(blueprint, identifier) {
  const entity = find(blueprint, identifier);
  if (!entity) return null;
  const incoming = new Map();
  const edges = [];
  for (const [name, links] of Object.entries(linksOf(entity))) {
    for (const l of links) edges.push({ type: types[name]?.[0] ?? name, link: l });
  }
  for (const other of entities) {
    const relations = byBlueprint.get(other.blueprint).relations;
    for (const [name, ids] of Object.entries(other.relations)) {
      if (relations[name]?.target !== blueprint || !ids.includes(identifier)) continue;
      const id = key(other.blueprint, name);
      const group = incoming.get(id) ?? { blueprint: other.blueprint, relation: name, title: byBlueprint.get(other.blueprint).title, links: [], total: 0 };
      group.total += 1;
      if (group.links.length < 10) group.links.push(link(other.blueprint, other.identifier));
      incoming.set(id, group);
      edges.push({ type: types[name]?.[1] ?? `${name}Of`, link: link(other.blueprint, other.identifier) });
    }
  }
  const { kind } = byBlueprint.get(blueprint);
  const { description, tags, annotations, links, ...spec } = entity.properties;
  const name = entity.ref.split('/')[1];
  const backstage = {
    apiVersion: 'backstage.io/v1alpha1', kind,
    metadata: { name, namespace: 'default', title: entity.title, description, annotations, tags, links }, spec,
  };
  return {
    entity: { ...row(entity), createdBy: 'file', updatedBy: 'file', uid: '7f3c1c52-8c53-4f0e-9d7f-3a52b4f0a1d2' },
    incoming: [...incoming.values()], edges: edges.sort((a, b) => a.type.localeCompare(b.type)),
    source: { kind: 'location', target: 'file:/etc/stagedoor/catalog/*.yaml', file: '/etc/stagedoor/catalog/payments.yaml', line: 74, state: 'fresh', lastSeen: '2026-03-02T08:00:00Z' },
    problems: entity.problems ? [{ level: 'error', message: 'spec.lifecycle is missing; a Component needs it', file: '/etc/stagedoor/catalog/payments.yaml', line: 88 }] : [],
    port: { identifier, blueprint, title: entity.title, team: entity.team, properties: entity.properties, relations: entity.relations },
    backstage, yaml: stringify(backstage),
  };
}

export function suggest(q, limit) {
  const needle = q.toLowerCase();
  const found = entities.filter((e) => `${e.title} ${e.identifier}`.toLowerCase().includes(needle));
  found.sort((a, b) => a.title.toLowerCase().indexOf(needle) - b.title.toLowerCase().indexOf(needle));
  const links = found.slice(0, limit).map((e) => ({ ...link(e.blueprint, e.identifier), description: e.properties.description ?? null }));
  return { links, total: found.length };
}
