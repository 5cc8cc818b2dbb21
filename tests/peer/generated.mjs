// Requests made by chance from the entities that both have: filters, orders, fields, predicates, facets, walks of pages,
// and documents to be judged.

const SORTABLE = ['kind', 'metadata.name', 'metadata.namespace', 'metadata.title', 'spec.type', 'spec.lifecycle', 'spec.owner', 'spec.system', 'metadata.priority', 'spec.profile.displayName', 'metadata.annotations.github.com/project-slug'];
const LISTS = ['metadata.tags', 'spec.providesApis', 'spec.dependsOn', 'spec.memberOf', 'spec.ports', 'relations.dependsOn', 'relations.hasPart'];
const FIELDS = ['kind', 'apiVersion', 'metadata', 'metadata.name', 'metadata.namespace', 'metadata.tags', 'metadata.annotations', 'metadata.annotations.backstage.io/techdocs-ref', 'metadata.labels', 'spec', 'spec.type', 'spec.owner', 'spec.profile', 'relations', 'spec.nowhere', 'status'];
const encode = encodeURIComponent;

/** Key and value of everything that can be asked about an entity. */
export function rowsOf(entity) {
  const rows = [];
  const visit = (path, value) => {
    if (Array.isArray(value)) {
      for (const item of value) {
        visit(path, item);
        if (typeof item === 'string') rows.push([`${path}.${item}`, 'true']);
      }
    } else if (value !== null && typeof value === 'object') {
      for (const [key, inner] of Object.entries(value)) visit(path ? `${path}.${key}` : key, inner);
    } else {
      rows.push([path, String(value)]);
    }
  };
  const { relations, status, ...rest } = entity;
  const { uid, etag, ...metadata } = rest.metadata;
  visit('', { ...rest, metadata });
  for (const { type, targetRef } of relations ?? []) rows.push([`relations.${type}`, targetRef]);
  return rows;
}

/** The values that an entity is sorted by. */
export const valuesAt = (entity, field) => rowsOf(entity).filter(([key]) => key.toLowerCase() === field.toLowerCase()).map(([, value]) => value.toLowerCase());

export class Generated {
  constructor(dice, entities) {
    Object.assign(this, { dice, entities, rows: entities.flatMap(rowsOf) });
  }

  #casing(text) {
    return this.dice.maybe(0.2) ? text.toUpperCase() : text;
  }

  #condition() {
    const [key, value] = this.dice.pick(this.rows);
    if (this.dice.maybe(0.2)) return this.#casing(key);
    return `${this.#casing(key)}=${this.dice.maybe(0.05) ? '' : this.#casing(value)}`;
  }

  filters() {
    const own = () => {
      const rows = rowsOf(this.dice.pick(this.entities));
      return Array.from({ length: 1 + this.dice.below(3) }, () => this.dice.pick(rows).join('='));
    };
    const set = () => (this.dice.maybe(0.6) ? own() : Array.from({ length: 1 + this.dice.below(2) }, () => this.#condition())).join(',');
    return Array.from({ length: this.dice.below(4) }, set).filter((text) => text.length < 3000);
  }

  #query(parts) {
    const sets = this.filters().map((set) => `filter=${encode(set)}`);
    const fields = this.dice.maybe(0.3) ? [`fields=${encode(this.dice.some(FIELDS, 4).join(',') || 'kind')}`] : [];
    return [...sets, ...fields, ...parts].join('&');
  }

  #predicate(depth = 2) {
    const { dice } = this;
    const kind = depth === 0 ? 0 : dice.below(6);
    if (kind === 4) return { [dice.pick(['$all', '$any'])]: Array.from({ length: dice.below(4) }, () => this.#predicate(depth - 1)) };
    if (kind === 5) return { $not: this.#predicate(depth - 1) };
    const one = () => {
      const [key, value] = dice.pick(this.rows);
      const [, other] = dice.pick(this.rows.filter(([k]) => k === key));
      const test = dice.pick([value, { $in: [value, other, 'nothing'] }, { $exists: dice.maybe(0.5) }, { $hasPrefix: [...value].slice(0, 3).join('') }, { $contains: value }, value.toUpperCase()]);
      return [this.#casing(key), test];
    };
    return Object.fromEntries(Array.from({ length: 1 + dice.below(2) }, one));
  }

  #term(fields) {
    const values = this.rows.filter(([key, value]) => fields.some((f) => f.toLowerCase() === key.toLowerCase()) && value.length > 0).map(([, value]) => value);
    if (values.length === 0) return 'a';
    const letters = [...this.dice.pick(values)];
    return letters.slice(this.dice.below(letters.length)).slice(0, 1 + this.dice.below(5)).join('');
  }

  /** One request. A `walk` is followed to its end and back. */
  request() {
    const { dice } = this;
    const order = dice.pick([...SORTABLE, ...SORTABLE, ...LISTS]);
    const direction = dice.pick(['asc', 'desc']);
    switch (dice.below(10)) {
      case 0:
        return { path: `/entities?${this.#query([])}`, unordered: true };
      case 1:
        return { path: `/entities?${this.#query([`limit=${1 + dice.below(20)}`, ...(dice.maybe(0.3) ? [`offset=${dice.below(30)}`] : [])])}`, links: true };
      case 2:
        return { path: `/entities?${this.#query([`order=${direction}:${order}`, `limit=${2 + dice.below(30)}`])}`, links: true, order };
      case 3:
        return { path: `/entity-facets?${this.#query([]).replace(/&?fields=[^&]*/, '')}&${[dice.pick(this.rows)[0], dice.pick(SORTABLE), dice.pick(LISTS)].map((f) => `facet=${encode(f)}`).join('&')}`.replace('?&', '?') };
      case 4:
        return { method: 'POST', path: '/entity-facets', body: { facets: [dice.pick(this.rows)[0], dice.pick(SORTABLE)], query: this.#predicate() } };
      case 5:
        return { method: 'POST', path: '/entities/by-query', body: { query: this.#predicate(), limit: dice.pick([0, 5, 17, 1000]), ...(dice.maybe(0.5) && { orderBy: [{ field: order, order: direction }] }) }, walk: true, order };
      case 6: {
        const fields = [dice.pick(SORTABLE), dice.pick(LISTS)].slice(dice.below(2));
        const text = [`fullTextFilterTerm=${encode(this.#casing(this.#term(fields)))}`, ...(dice.maybe(0.8) ? [`fullTextFilterFields=${encode(fields.join(','))}`] : [])];
        return { path: `/entities/by-query?${this.#query([...text, `orderField=${order},${direction}`, 'limit=20'])}`, walk: true, order };
      }
      case 7:
        return { method: 'POST', path: '/entities/by-refs', body: { entityRefs: dice.some(this.refs, 40), ...(dice.maybe(0.3) && { query: this.#predicate(1) }), ...(dice.maybe(0.3) && { fields: ['kind', dice.pick(FIELDS)] }) } };
      case 8:
        return { path: `/entities/by-query?${this.#query([`limit=${3 + dice.below(40)}`])}`, walk: true };
      default:
        return { path: `/entities/by-query?${this.#query([`orderField=${order},${direction}`, `limit=${3 + dice.below(40)}`, ...(dice.maybe(0.2) ? ['totalItems=exclude'] : []), ...(dice.maybe(0.2) ? [`offset=${dice.below(9)}`] : [])])}`, walk: true, order };
    }
  }

  get refs() {
    return this.entities.map((e) => `${e.kind}:${e.metadata.namespace}/${e.metadata.name}`.toLowerCase());
  }
}

const ODD = [null, 1, true, '', [], {}, ['a'], ['a', 1], [''], 'x y', 'a:b:c', '/a', 'group:', 'user:default/bob', 'A'.repeat(64), 'a--b', { a: 1 }, [{ url: 'x' }], [{ url: 'https://x.y', title: ' ' }], 'ünï', 'component:a', 'a/b/c', [['a']], 1.5, 'c++', ['b', 'a', 'c'], 'Default'];
const EXTRA = ['spec', 'dependsOn', 'dependencyOf', 'system', 'tags', 'labels', 'annotations', 'links', 'title', 'description', 'namespace', 'uid', 'etag', 'relations', 'status', 'foo', 'owner', 'parent', 'members', 'children', 'memberOf', 'profile', 'targets', 'target', 'presence', 'type', 'domain', 'subdomainOf', 'providesApis'];

/** A document with one or two things about it changed, to be judged. */
export function damaged(dice, entity) {
  const { relations, status, ...rest } = structuredClone(entity);
  const document = rest;
  for (const key of ['uid', 'etag']) delete document.metadata[key];
  // These are the server's, and each has its own way with what a caller hands over.
  for (const key of Object.keys(document.metadata.annotations)) if (key.startsWith('backstage.io/managed-by-')) delete document.metadata.annotations[key];
  for (let left = 1 + dice.below(2); left > 0; left -= 1) {
    const paths = [];
    const visit = (value, path) => {
      if (path.length > 0) paths.push(path);
      if (path.length < 4 && value !== null && typeof value === 'object') for (const key of Object.keys(value)) visit(value[key], [...path, key]);
    };
    visit(document, []);
    const path = dice.pick(paths);
    const parent = path.slice(0, -1).reduce((at, key) => at[key], document);
    const way = dice.next();
    if (way < 0.25 && !Array.isArray(parent)) delete parent[path.at(-1)];
    else if (way < 0.7) parent[path.at(-1)] = structuredClone(dice.pick(ODD));
    else {
      const into = dice.pick([document, document.metadata, document.spec]);
      if (into !== null && typeof into === 'object' && !Array.isArray(into)) into[dice.pick(EXTRA)] = structuredClone(dice.pick(ODD));
    }
  }
  return document;
}
