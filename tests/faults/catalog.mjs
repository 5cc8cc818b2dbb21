// What a test asks of a portal about its sources and what is in the catalog.
import assert from 'node:assert/strict';
import { startPortal } from '../clients/portal.mjs';

/** A portal that may reach loopback. */
export const onLoopback = (t, options = {}) =>
  startPortal(t, { ...options, env: { STAGEDOOR_OUTBOUND_ALLOW: '127.0.0.1', ...options.env } });

export class Catalog {
  constructor(portal) {
    this.portal = portal;
  }

  async #ask(route, options) {
    const answer = await this.portal.ask(route, options);
    assert.ok(answer.status < 300, `${route}: ${answer.status} ${answer.text}`);
    return answer.body;
  }

  /** How a source is doing, as people are shown it. */
  async source(id) {
    const { sources } = await this.#ask('/api/stagedoor/v1/sources');
    const found = sources.filter((source) => source.id === id);
    assert.equal(found.length, 1, `${id} is listed once: ${sources.map((source) => source.id)}`);
    return found[0];
  }

  async budgets() {
    return (await this.#ask('/api/stagedoor/v1/sources')).budgets;
  }

  /** Reads a source now; answers how it is doing then. */
  async read(id) {
    await this.#ask(`/api/stagedoor/v1/sources/${encodeURIComponent(id)}/read`, { method: 'POST' });
    return this.source(id);
  }

  async confirm(id) {
    await this.#ask(`/api/stagedoor/v1/sources/confirm?id=${encodeURIComponent(id)}`, { method: 'POST' });
    return this.source(id);
  }

  /** Registers an address as a person does; answers the id of the source. */
  async register(target) {
    await this.#ask('/api/catalog/locations', { json: { type: 'url', target } });
    return `url:${target}`;
  }

  /** Entities that a filter of Backstage finds, by name. */
  async entities(filter = 'kind=component') {
    const found = await this.#ask(`/api/catalog/entities?filter=${encodeURIComponent(filter)}`);
    const byName = new Map(found.map((entity) => [entity.metadata.name, entity]));
    assert.equal(byName.size, found.length, 'nothing is there twice');
    return byName;
  }

  /** What came through a source, without the Location that stands for it: name to uid. */
  async of(id) {
    const found = await this.entities(`metadata.annotations.backstage.io/managed-by-origin-location=${id}`);
    const uids = [...found].map(([name, entity]) => [name, entity.metadata.uid]);
    return Object.fromEntries(uids.filter(([name]) => !name.startsWith('generated-')).sort());
  }

  async names(filter) {
    return [...(await this.entities(filter)).keys()].sort();
  }

  /** How many there are. */
  async count(filter = 'kind=component') {
    const query = `filter=${encodeURIComponent(filter)}&limit=0`;
    return (await this.#ask(`/api/catalog/entities/by-query?${query}`)).totalItems;
  }

  /** The number of the last change. */
  async revision() {
    return (await this.#ask('/api/stagedoor/v1/changes?limit=1')).revision;
  }
  /** The first changes of entities and blueprints after a revision. */
  async changesSince(revision) {
    return (await this.#ask(`/api/stagedoor/v1/changes?since=${revision}&values=false`)).events;
  }
}
