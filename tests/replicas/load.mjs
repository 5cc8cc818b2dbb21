// Writers that go from replica to replica and remember what was acknowledged.
import assert from 'node:assert/strict';

export const ITEMS = '/v1/blueprints/item/entities';
export const BLUEPRINT = {
  identifier: 'item',
  title: 'Item',
  schema: { properties: { n: { type: 'number' } }, required: [] },
  relations: {},
};

export async function prepare(portal) {
  const { status, text } = await portal.ask('/v1/blueprints', { json: BLUEPRINT });
  assert.ok(status < 300, text);
}

/** Writes one item; what is not a success is an error with its status. */
export async function write(portal, identifier, n) {
  const { status, text } = await portal.ask(`${ITEMS}?upsert=true&merge=true`, { json: { identifier, properties: { n } } });
  if (status >= 300) throw Object.assign(new Error(`${status} ${text}`), { status, text });
}

/** The number of an item, or undefined where there is none. */
export async function read(portal, identifier) {
  const { status, text, body } = await portal.ask(`${ITEMS}/${identifier}`);
  if (status === 404) return undefined;
  assert.equal(status, 200, text);
  return body.entity.properties.n;
}

export class Load {
  /** identifier -> the numbers that it may have: one when acknowledged, more when an answer never came. */
  known = new Map();
  acknowledged = 0;
  refused = 0;
  broken = 0;
  #running = true;

  /** Every worker owns some items and counts each of them up, on any replica that is alive. */
  constructor(prefix, portals, workers = 6) {
    this.portals = portals;
    this.done = Promise.all(Array.from({ length: workers }, (_, worker) => this.#work(`${prefix}-${worker}`)));
  }

  async #work(prefix) {
    for (let n = 1; this.#running; n += 1) {
      const identifier = `${prefix}-${n % 7}`;
      const alive = this.portals.filter((portal) => portal.alive);
      const portal = alive[n % alive.length];
      const may = this.known.get(identifier) ?? [undefined];
      this.known.set(identifier, [...may, n]);
      try {
        await write(portal, identifier, n);
        this.known.set(identifier, [n]);
        this.acknowledged += 1;
      } catch (error) {
        if (error.status && error.status !== 503) throw error;
        if (error.status) this.refused += 1;
        else this.broken += 1;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  }

  async stop() {
    this.#running = false;
    await this.done;
  }

  /** Waits for more acknowledged writes. */
  async more(count, within = 30_000) {
    const goal = this.acknowledged + count;
    const deadline = Date.now() + within;
    while (this.acknowledged < goal) {
      assert.ok(Date.now() < deadline, `only ${this.acknowledged} of ${goal} writes within ${within} ms`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  /** Everything acknowledged is there, on this replica, and nothing that was never sent. */
  async check(portal) {
    const { status, text, body } = await portal.ask(ITEMS);
    assert.equal(status, 200, text);
    const found = new Map(body.entities.map(({ identifier, properties }) => [identifier, properties.n]));
    const wrong = [];
    for (const [identifier, may] of this.known) {
      if (!may.includes(found.get(identifier))) wrong.push(`${identifier}: ${found.get(identifier)}, may be ${may}`);
    }
    assert.deepEqual(wrong, []);
  }
}
