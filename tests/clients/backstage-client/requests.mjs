// Random requests that both clients must answer alike, and what of an answer is compared.
//
// The in-memory client is the oracle over the very entities that the portal gave. Where it is known to differ from a
// Backstage backend the requests keep away from the difference, or the comparison allows for it. Each place says so:
//
//   [array]   an array in a filter ends the in-memory evaluation of its set: at most one, and last
//   [case]    in memory a filter key is lower-cased but the entity's keys are not: filters use lower-case keys only
//   [long]    a backend stores strings over 200 characters as "exists": no equality, order, facet or full text on them
//   [missing] a backend's by-query drops entities without the sort field, from the total too; in memory they come last
//   [ties]    in memory ties are ordered by ref; a backend may order them otherwise
//   [query]   in memory a predicate sees JSON values: an array needs $contains, an object exists; a backend sees its
//             index. Predicates here ask for scalars by equality and for arrays by $contains
//   [facet]   in memory facet values come as first seen, and metadata.name lower-cased; a backend sorts them and keeps
//             the case
//   [comma]   a value with a comma or outer blanks cannot be written in `filter`
//   [astral]  the client encodes characters beyond the BMP as broken UTF-8 in query strings: never found
import { CATALOG_FILTER_EXISTS } from '@backstage/catalog-client';
import { stringifyEntityRef } from '@backstage/catalog-model';

const LONGEST = 200;
/** Fields with at most one value per entity, none of them long: a field with more repeats entities when sorted by. */
export const SORTABLE = [
  'kind', 'metadata.name', 'metadata.namespace', 'metadata.title', 'metadata.uid', 'metadata.priority', 'spec.type', 'spec.lifecycle',
  'spec.owner', 'spec.cost', 'spec.public', 'spec.retired', 'spec.profile.displayName', 'spec.deep.level', 'spec.nowhere',
  'metadata.annotations.github.com/project-slug', 'metadata.annotations.example.org/Mixed-Case', 'metadata.labels.tier',
];
const FACETS = [
  ...SORTABLE.filter((field) => field !== 'metadata.uid'), 'metadata.tags', 'metadata.tags.java', 'metadata.labels.example.org/zone',
  'relations.ownedBy', 'relations.partOf', 'relations.dependsOn', 'spec.ports', 'spec.deep.list.id', 'metadata.description',
  'metadata.annotations.backstage.io/techdocs-ref', 'metadata.annotations.example.org/long', 'apiVersion', 'spec',
];
const FIELDS = [
  'apiVersion', 'spec', 'relations', 'metadata', 'metadata.annotations', 'metadata.annotations.backstage.io/techdocs-ref', 'metadata.tags',
  'metadata.annotations.example.org/Mixed-Case', 'metadata.labels.example.org/zone', 'metadata.uid', 'metadata.nowhere', 'spec.owner',
  'spec.retired', 'spec.deep.level', 'spec.deep.empty', 'spec.ports', 'spec.Owner', 'metadata.links',
];
const FULL_TEXT = ['metadata.name', 'metadata.title', 'metadata.tags', 'spec.type', 'spec.owner', 'relations.ownedBy', 'spec.cost'];
/** Fields whose value is a string or a number in every entity that has them. */
const SCALARS = ['kind', 'metadata.name', 'metadata.namespace', 'metadata.title', 'spec.type', 'spec.lifecycle', 'spec.owner', 'spec.cost', 'metadata.priority', 'spec.deep.level'];
const LISTS = ['metadata.tags', 'spec.memberOf', 'spec.providesApis', 'spec.dependsOn'];

const plainText = (value) => !/[,\u{10000}-\u{10ffff}]/u.test(value) && value.trim() === value && value.length <= LONGEST; // [comma] [astral] [long]

export class Requests {
  #rows;

  constructor(dice, entities) {
    this.dice = dice;
    this.entities = entities;
    this.refs = entities.map((entity) => stringifyEntityRef(entity));
    this.#rows = entities.flatMap((entity) => rowsOf(entity));
  }

  /** Up to three sets of up to three conditions, or none. */
  filter() {
    if (this.dice.maybe(0.15)) return undefined;
    const sets = Array.from({ length: 1 + this.dice.below(3) }, () => this.#set());
    return sets.length === 1 && this.dice.maybe(0.5) ? sets[0] : sets;
  }

  #set() {
    const set = {};
    // Conditions of one entity hit together more often than conditions picked apart.
    const rows = this.dice.maybe(0.6) ? rowsOf(this.dice.pick(this.entities)) : this.#rows;
    for (let left = 1 + this.dice.below(3); left > 0; left -= 1) {
      const [key, value] = this.dice.pick(rows);
      set[key] = this.dice.maybe(0.2) ? CATALOG_FILTER_EXISTS : this.#casing(value);
    }
    if (this.dice.maybe(0.1)) set['spec.nowhere'] = this.dice.pick([CATALOG_FILTER_EXISTS, 'nothing']);
    if (this.dice.maybe(0.3)) {
      const key = this.dice.pick(['kind', 'spec.type', 'metadata.namespace', 'spec.lifecycle']);
      delete set[key];
      const values = this.#rows.filter(([other]) => other === key).map(([, value]) => value);
      set[key] = [this.#casing(this.dice.pick(values)), this.dice.pick(values), 'nothing']; // [array]
    }
    return set;
  }

  #casing(value) {
    const upper = value.toUpperCase();
    return this.dice.maybe(0.3) && upper.toLowerCase() === value.toLowerCase() ? upper : value;
  }

  fields() {
    if (this.dice.maybe(0.6)) return undefined;
    return ['kind', 'metadata.namespace', 'metadata.name', ...this.dice.some(FIELDS, 4)];
  }

  order() {
    if (this.dice.maybe(0.3)) return undefined;
    return { field: this.dice.pick(SORTABLE), order: this.dice.pick(['asc', 'desc']) };
  }

  facets() {
    return [...new Set([this.dice.pick(FACETS), ...this.dice.some(FACETS, 4)])];
  }

  fullText() {
    if (this.dice.maybe(0.7)) return undefined;
    const values = this.#rows.filter(([key]) => FULL_TEXT.includes(key)).map(([, value]) => [...value]);
    const whole = this.dice.pick(values);
    const start = this.dice.below(Math.max(1, whole.length - 2));
    const term = whole.slice(start, start + 1 + this.dice.below(4)).join('');
    // % and _ are wildcards to a backend, an accident that nobody should have to copy.
    if (/[%_]/.test(term) || !term.trim()) return { term: 'a', fields: ['metadata.name'] };
    return { term: this.#casing(term), ...(this.dice.maybe(0.7) && { fields: [this.dice.pick(FULL_TEXT), ...this.dice.some(FULL_TEXT, 2)] }) };
  }

  /** A predicate in which index and JSON values agree: see [query] and [long]. */
  query(depth = 2) {
    const { dice } = this;
    const kind = depth === 0 ? 0 : dice.below(6);
    if (kind === 4) return { [dice.pick(['$all', '$any'])]: Array.from({ length: 1 + dice.below(3) }, () => this.query(depth - 1)) };
    if (kind === 5) return { $not: this.query(depth - 1) };
    const conditions = {};
    for (let left = 1 + dice.below(2); left > 0; left -= 1) Object.assign(conditions, this.#condition());
    return conditions;
  }

  #condition() {
    const { dice } = this;
    const value = (field) => {
      const found = valueAt(dice.pick(this.entities), field) ?? valueAt(this.entities[0], field) ?? 'nothing';
      return typeof found === 'string' && found.length > LONGEST ? 'nothing' : found;
    };
    const field = dice.pick(SCALARS);
    switch (dice.below(6)) {
      case 0:
        return { [field]: value(field) };
      case 1:
        return { [field]: { $in: [value(field), value(field), 'nothing'] } };
      case 2:
        return { [dice.pick([...SCALARS, 'spec.nowhere', 'spec.retired'])]: { $exists: dice.maybe(0.5) } };
      case 3: {
        const text = ['kind', 'metadata.name', 'spec.type', 'spec.owner'];
        const prefixed = dice.pick(text);
        return { [prefixed]: { $hasPrefix: String(value(prefixed)).slice(0, 1 + dice.below(5)) } };
      }
      case 4: {
        const list = dice.pick(LISTS);
        const members = this.entities.flatMap((entity) => valueAt(entity, list) ?? []);
        return { [list]: { $contains: dice.pick(members) ?? 'nothing' } };
      }
      default: {
        const relations = this.entities.flatMap((entity) => entity.relations ?? []);
        const { type, targetRef } = dice.pick(relations);
        const target = dice.maybe(0.3) ? undefined : dice.maybe(0.5) ? targetRef : { $in: [targetRef, dice.pick(relations).targetRef] };
        return { relations: { $contains: { type, ...(target && { targetRef: target }) } } };
      }
    }
  }

  /** Refs that are there, twice, not there, in another case, or no full refs. */
  someRefs() {
    const odd = ['component:default/never-was', 'component:default/', 'nonsense', '', this.dice.pick(this.refs).toUpperCase()];
    const refs = [...this.dice.some(this.refs, 30), ...this.dice.some(odd, 3)];
    return refs.length > 0 ? [...refs, this.dice.pick(refs)] : refs;
  }
}

/** The value at a dotted path whose keys may hold dots themselves. */
export function valueAt(value, path) {
  if (path === '') return value;
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return undefined;
  for (const [key, inner] of Object.entries(value)) {
    if (key === path) return inner;
    if (path.startsWith(`${key}.`)) {
      const found = valueAt(inner, path.slice(key.length + 1));
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

/** The conditions that can be written about an entity: [key, value] with a lower-case key [case]. */
function rowsOf(entity) {
  const rows = [];
  const visit = (path, value) => {
    if (value === null || value === undefined) return;
    if (Array.isArray(value)) {
      for (const item of value) {
        visit(path, item);
        if (typeof item === 'string') rows.push([`${path}.${item}`, 'true']);
      }
    } else if (typeof value === 'object') {
      for (const [key, inner] of Object.entries(value)) visit(path ? `${path}.${key}` : key, inner);
    } else {
      rows.push([path, String(value)]);
    }
  };
  const { relations, status, ...rest } = entity;
  const { etag, ...metadata } = rest.metadata;
  visit('', { ...rest, metadata });
  for (const { type, targetRef } of relations ?? []) rows.push([`relations.${type.toLowerCase()}`, targetRef]);
  return rows.filter(([key, value]) => key === key.toLowerCase() && !/[=]/.test(key) && plainText(key) && plainText(value));
}

/** What an entity is sorted by, as a backend sees it. */
export function sortValue(entity, field) {
  const lower = field.toLowerCase();
  let found;
  const visit = (path, value) => {
    if (found !== undefined) return;
    if (value !== null && typeof value === 'object' && !Array.isArray(value)) {
      for (const [key, inner] of Object.entries(value)) visit(path ? `${path}.${key}` : key, inner);
    } else if (path.toLowerCase() === lower && value !== null && value !== undefined) {
      found = String(value).toLowerCase();
    }
  };
  visit('', entity);
  return found;
}
