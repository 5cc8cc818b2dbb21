// Writers that remember what the portal acknowledged, and the comparison with what is there after a restart.
import assert from 'node:assert/strict';

const ENTITIES = '/v1/blueprints/ledger/entities';
const BLUEPRINT = {
  identifier: 'ledger',
  title: 'Ledger',
  schema: { properties: { value: { type: 'string' }, count: { type: 'number' } }, required: [] },
  relations: {},
};

export class Ledger {
  /** What was acknowledged: identifier -> properties. */
  known = new Map();
  /** Sent and not answered: identifier -> what it may have become; null stands for removed or never made. */
  open = new Map();
  acknowledged = 0;
  #next = 0;

  async prepare(portal) {
    const answer = await portal.ask('/v1/blueprints', { json: BLUEPRINT });
    assert.ok(answer.status === 200 || answer.status === 201, `POST /v1/blueprints: ${answer.status} ${answer.text}`);
  }

  /** Eight writers at once, until the portal is killed. */
  async write(portal) {
    const creators = Array.from({ length: 6 }, () => this.#forever(portal, () => this.#create(portal)));
    const updater = this.#forever(portal, () => this.#update(portal));
    const remover = this.#forever(portal, () => this.#remove(portal));
    await Promise.all([...creators, updater, remover]);
  }

  async #forever(portal, step) {
    while (portal.alive) {
      try {
        await step();
      } catch (error) {
        if (error instanceof assert.AssertionError) throw error;
        return; // The connection broke: it was killed.
      }
    }
  }

  async #create(portal) {
    const identifier = `entry-${(this.#next += 1)}`;
    const properties = { value: `${identifier} ${'x'.repeat(this.#next % 700)}`, count: this.#next };
    await this.#send(identifier, properties, 201, portal, ENTITIES, { json: { identifier, properties } });
  }

  async #update(portal) {
    const identifier = this.#pick(3);
    if (!identifier) return new Promise((resolve) => setTimeout(resolve, 5));
    const properties = { ...this.known.get(identifier), count: (this.#next += 1) };
    const change = { method: 'PATCH', json: { properties: { count: properties.count } } };
    await this.#send(identifier, properties, 200, portal, `${ENTITIES}/${identifier}`, change);
  }

  async #remove(portal) {
    const identifier = this.#pick(7);
    if (!identifier) return new Promise((resolve) => setTimeout(resolve, 5));
    await this.#send(identifier, null, 200, portal, `${ENTITIES}/${identifier}`, { method: 'DELETE' });
  }

  /** Some entity that nobody else is changing. */
  #pick(stride) {
    let seen = 0;
    for (const identifier of this.known.keys()) {
      if (this.open.has(identifier)) continue;
      seen += 1;
      if (seen === stride) return identifier;
    }
    return undefined;
  }

  async #send(identifier, becomes, expected, portal, route, options) {
    this.open.set(identifier, becomes);
    const { status, text } = await portal.ask(route, options);
    assert.equal(status, expected, `${options.method ?? 'POST'} ${route}: ${status} ${text}`);
    this.open.delete(identifier);
    this.acknowledged += 1;
    if (becomes) this.known.set(identifier, becomes);
    else this.known.delete(identifier);
  }

  /** Everything acknowledged is there, and nothing that was never sent. */
  async check(portal) {
    const { status, text, body } = await portal.ask(ENTITIES);
    assert.equal(status, 200, text.slice(0, 500));
    const found = new Map(body.entities.map(({ identifier, properties }) => [identifier, properties]));
    const wrong = [];
    for (const [identifier, properties] of this.known) {
      const sees = found.get(identifier) ?? null;
      const may = this.open.has(identifier) ? [properties, this.open.get(identifier)] : [properties];
      if (!may.some((one) => same(one, sees))) wrong.push(`${identifier}: ${show(sees)}, acknowledged ${show(properties)}`);
    }
    for (const [identifier, properties] of found) {
      if (this.known.has(identifier)) continue;
      if (!same(this.open.get(identifier) ?? null, properties)) wrong.push(`${identifier}: ${show(properties)}, but none was acknowledged`);
    }
    assert.deepEqual(wrong, [], `${wrong.length} of ${this.known.size} entities are wrong`);
    this.known = found;
    this.open.clear();
  }
}

function same(a, b) {
  if (a === null || b === null) return a === b;
  return a.value === b.value && a.count === b.count;
}

const show = (properties) => (properties ? `count ${properties.count}` : 'absent');
