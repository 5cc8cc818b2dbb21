// Runs survive kill -9: at the boundaries of a step, within it, at any moment; none is lost and none is done twice.
// RUNS sets the length of the soak (10000), RUNS_RATE the runs per second that it must reach (0: any).
import assert from 'node:assert/strict';
import test from 'node:test';
import { chance as seeded, seed } from '../clients/chance.mjs';
import { Portal, scratch } from '../clients/portal.mjs';
import { Sink } from './sink.mjs';

const RUNS = Number(process.env.RUNS ?? 10_000);
const RATE = Number(process.env.RUNS_RATE ?? 0);
const ENDED = ['SUCCESS', 'FAILURE', 'CANCELLED', 'DECLINED'];

async function stage(t, name) {
  const sink = await new Sink().start(t);
  const portal = new Portal({ dataDir: scratch(t, name), env: { STAGEDOOR_OUTBOUND_ALLOW: '127.0.0.1' } });
  t.after(() => portal.kill());
  await portal.start();
  for (const [identifier, method] of [['ping', 'POST'], ['put', 'PUT']]) {
    const json = {
      identifier,
      trigger: { type: 'self-service', operation: 'CREATE', userInputs: { properties: { n: { type: 'number' } } } },
      invocationMethod: { type: 'WEBHOOK', url: sink.url, method, synchronized: true, body: { n: '{{ .inputs.n }}' } },
    };
    const made = await portal.ask('/v1/actions', { json });
    assert.ok(made.status === 200 || made.status === 201, made.text);
  }
  return { sink, portal };
}

/** Sets a run going; its id, or nothing where the portal died before it answered. */
async function begin(portal, action, n) {
  try {
    const { status, body, text } = await portal.ask(`/v1/actions/${action}/runs`, { json: { properties: { n } } });
    assert.equal(status, 202, text);
    return body.run.id;
  } catch (error) {
    if (error instanceof assert.AssertionError) throw error;
    return undefined;
  }
}

const run = async (portal, id) => (await portal.ask(`/api/stagedoor/v1/runs/${id}`)).body;
const settled = (portal, id, check) => portal.until(`the run ${id}`, async () => {
  const now = await run(portal, id);
  return now && check(now) ? now : undefined;
});

/** Ids of all runs, with their states. */
async function all(portal) {
  const runs = new Map();
  for (let offset = 0; ; offset += 1000) {
    const { body } = await portal.ask(`/api/stagedoor/v1/runs?limit=1000&offset=${offset}`);
    for (const one of body.runs) runs.set(one.id, one);
    if (body.runs.length < 1000) return runs;
  }
}

test('a run that was killed within its step waits for a person, or is asked again where that does no harm', { timeout: 300_000 }, async (t) => {
  const { sink, portal } = await stage(t, 'within');
  sink.holds = () => true;
  const posted = await begin(portal, 'ping', 1);
  const put = await begin(portal, 'put', 2);
  await sink.holding(2);
  await portal.kill();
  sink.holds = () => false;
  sink.held = [];
  await portal.start();
  // A PUT has the same effect once and twice: it is sent again with the same key.
  const done = await settled(portal, put, ({ status }) => ENDED.includes(status));
  assert.equal(done.status, 'SUCCESS', JSON.stringify(done));
  // A POST does not: nobody knows, so a person decides.
  const unclear = await settled(portal, posted, ({ attention }) => attention);
  assert.deepEqual([unclear.status, unclear.steps[0].state.state], ['IN_PROGRESS', 'unclear'], JSON.stringify(unclear));
  assert.equal(unclear.may.settle, true);
  assert.deepEqual([...sink.seen.values()].sort(), [1, 2]);
  // That survives another kill, too.
  await portal.kill();
  await portal.start();
  assert.ok((await run(portal, posted)).attention);
  const settle = await portal.ask(`/api/stagedoor/v1/runs/${posted}/steps/${unclear.steps[0].id}/settle`, {
    json: { as: 'done', why: 'it was in the log of the other side' },
  });
  assert.equal(settle.status, 200, settle.text);
  assert.equal((await settled(portal, posted, ({ status }) => ENDED.includes(status))).status, 'SUCCESS');
  assert.deepEqual([...sink.seen.values()].sort(), [1, 2]);
});

test('a run that waits for its approval waits after a kill, and is cancelled after one', { timeout: 300_000 }, async (t) => {
  const { sink, portal } = await stage(t, 'waiting');
  const { body } = await portal.ask('/v1/actions/ping');
  const asking = { ...body.action, requiredApproval: true };
  for (const key of ['id', 'createdAt', 'createdBy', 'updatedAt', 'updatedBy']) delete asking[key];
  const changed = await portal.ask('/v1/actions/ping', { method: 'PUT', json: asking });
  assert.equal(changed.status, 200, changed.text);
  const id = await begin(portal, 'ping', 1);
  assert.equal((await run(portal, id)).status, 'WAITING_FOR_APPROVAL');
  await portal.kill();
  await portal.start();
  assert.equal((await run(portal, id)).status, 'WAITING_FOR_APPROVAL');
  assert.equal((await portal.ask(`/api/stagedoor/v1/runs/${id}/cancel`, { method: 'POST' })).status, 200);
  await portal.kill();
  await portal.start();
  assert.deepEqual([(await run(portal, id)).status, sink.requests], ['CANCELLED', 0]);
});

test('kill -9 at any moment of a stream of runs', { timeout: 600_000 }, async (t) => {
  const { sink, portal } = await stage(t, 'stream');
  const chance = seeded(seed()).next;
  const accepted = new Set();
  let number = 0;
  for (let round = 1; round <= 8; round += 1) {
    const writing = Array.from({ length: 8 }, async () => {
      while (portal.alive) {
        const id = await begin(portal, number % 2 ? 'ping' : 'put', (number += 1));
        if (!id) return;
        accepted.add(id);
      }
    });
    await new Promise((resolve) => setTimeout(resolve, 50 + chance() * 600));
    await portal.until('an accepted run', () => accepted.size > round);
    await portal.kill();
    await Promise.all(writing);
    await portal.start();
  }
  const still = await portal.until('all runs at their end', async () => {
    const runs = await all(portal);
    const open = [...runs.values()].filter(({ status, attention }) => !ENDED.includes(status) && !attention);
    return open.length === 0 && runs;
  }, 120_000);
  for (const id of accepted) assert.ok(still.has(id), `${id} was accepted and is lost`);
  const unclear = [...still.values()].filter(({ attention }) => attention);
  for (const one of still.values()) {
    assert.ok(one.attention || one.status === 'SUCCESS', JSON.stringify(one));
  }
  // Only what may be repeated was, and with the same key: no key belongs to two runs, so each run has one.
  const twice = [...sink.seen.values()].filter((count) => count > 1).length;
  t.diagnostic(`${still.size} runs, ${accepted.size} acknowledged, ${unclear.length} wait for a person, ${twice} asked again`);
  assert.ok(sink.seen.size <= still.size, `${sink.seen.size} keys of ${still.size} runs`);
  const posts = [...still.values()].filter(({ of }) => of.identifier === 'ping');
  assert.ok(posts.length > 0);
});

test(`a soak of ${RUNS} runs: none lost, none doubled`, { timeout: 900_000 }, async (t) => {
  const { sink, portal } = await stage(t, 'soak');
  let number = 0;
  const begun = performance.now();
  const writers = Array.from({ length: 64 }, async () => {
    const ids = [];
    while (number < RUNS) ids.push(await begin(portal, 'ping', (number += 1)));
    return ids;
  });
  const ids = (await Promise.all(writers)).flat();
  const accepted = performance.now() - begun;
  await portal.until('all runs at their end', async () => {
    const { body } = await portal.ask('/api/stagedoor/v1/runs?active=true&limit=1');
    return body.total === 0;
  }, 300_000);
  const took = (performance.now() - begun) / 1000;
  const runs = await all(portal);
  assert.equal(new Set(ids).size, RUNS);
  for (const id of ids) assert.equal(runs.get(id)?.status, 'SUCCESS', id);
  assert.equal(sink.seen.size, RUNS, 'a key for each run');
  assert.equal(sink.requests, RUNS, 'one request for each run');
  const rate = RUNS / took;
  t.diagnostic(`${RUNS} runs in ${took.toFixed(1)} s: ${rate.toFixed(0)} runs/s (accepted in ${(accepted / 1000).toFixed(1)} s)`);
  const listed = performance.now();
  await portal.ask('/api/stagedoor/v1/runs?q=nothing&limit=50');
  t.diagnostic(`a filter over ${RUNS} runs: ${(performance.now() - listed).toFixed(1)} ms`);
  assert.ok(rate >= RATE, `${rate} runs/s`);
});
