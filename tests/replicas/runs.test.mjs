// Two processes on one PostgreSQL database: one is killed, and the other brings its runs to their end. Each is watched at
// the other, too.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import test from 'node:test';
import { Portal, scratch, skip } from '../clients/portal.mjs';
import { Sink } from '../durability/sink.mjs';
import { Postgres, programs } from './postgres.mjs';

const ENDED = ['SUCCESS', 'FAILURE', 'CANCELLED', 'DECLINED'];

/** Lines and the last event of a run's stream. */
async function watched(portal, id) {
  const response = await portal.fetch(`/api/stagedoor/v1/runs/${id}/events`);
  const events = (await response.text()).split('\n\n').map((text) => ({
    event: /^event: (.*)$/m.exec(text)?.[1],
    data: /^data: (.*)$/m.exec(text)?.[1],
  }));
  const lines = events.filter(({ event }) => event === 'log').map(({ data }) => JSON.parse(data).message);
  return { lines, end: events.find(({ event }) => event === 'end') };
}

test('the runs of a replica that is killed are brought to their end by the other', { timeout: 300_000 }, async (t) => {
  if (!programs()) return skip(t, 'PostgreSQL is not installed: no initdb');
  const sink = await new Sink().start(t);
  const postgres = new Postgres(t);
  const url = postgres.database('runs');
  const key = { STAGEDOOR_SECRETS_KEY: randomBytes(32).toString('base64'), STAGEDOOR_OUTBOUND_ALLOW: '127.0.0.1' };
  const replica = (name) => new Portal({ dataDir: scratch(t, name), args: ['--database-url', url], env: key });
  const [one, two] = [replica('one'), replica('two')];
  for (const portal of [one, two]) {
    t.after(() => portal.kill());
    await portal.start();
  }
  for (const [identifier, method] of [['ping', 'POST'], ['put', 'PUT']]) {
    const made = await one.ask('/v1/actions', {
      json: {
        identifier,
        trigger: { type: 'self-service', operation: 'CREATE', userInputs: { properties: { n: { type: 'number' } } } },
        invocationMethod: { type: 'WEBHOOK', url: sink.url, method, synchronized: true, body: { n: '{{ .inputs.n }}' } },
      },
    });
    assert.ok(made.status === 200 || made.status === 201, made.text);
  }
  const begin = async (portal, action, n) => {
    const { status, body, text } = await portal.ask(`/v1/actions/${action}/runs`, { json: { properties: { n } } });
    assert.equal(status, 202, text);
    return body.run.id;
  };
  const settled = (portal, id, check) => portal.until(`the run ${id}`, async () => {
    const { body } = await portal.ask(`/api/stagedoor/v1/runs/${id}`);
    return body && check(body) ? body : undefined;
  });

  // What one accepted can be watched at the other.
  sink.holds = () => true;
  const shown = await begin(one, 'ping', 1);
  await sink.holding(1);
  const watching = watched(two, shown);
  sink.release();
  const { lines, end } = await watching;
  assert.ok(end && lines.some((line) => line.startsWith('Beginning')), JSON.stringify(lines));

  // Killed within the step: the other knows what may be repeated, and what may not.
  const posted = await begin(one, 'ping', 2);
  const put = await begin(one, 'put', 3);
  await sink.holding(2);
  await one.kill();
  sink.holds = () => false;
  sink.held = [];
  const killed = performance.now();
  const done = await settled(two, put, ({ status }) => ENDED.includes(status));
  t.diagnostic(`taken over after ${((performance.now() - killed) / 1000).toFixed(1)} s`);
  assert.equal(done.status, 'SUCCESS', JSON.stringify(done));
  const unclear = await settled(two, posted, ({ attention }) => attention);
  assert.equal(unclear.steps[0].state.state, 'unclear');
  assert.deepEqual([...sink.seen.values()].sort(), [1, 1, 2]);

  // A living replica keeps its runs.
  await one.start();
  sink.holds = () => true;
  const kept = await begin(two, 'ping', 4);
  await sink.holding(1);
  await new Promise((resolve) => setTimeout(resolve, 8_000));
  assert.equal(sink.held.length, 1, 'nobody took it over');
  sink.release();
  assert.equal((await settled(one, kept, ({ status }) => ENDED.includes(status))).status, 'SUCCESS');
});
