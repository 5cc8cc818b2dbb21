// Three processes on one PostgreSQL database: they serve the same answers, whatever happens to one of them or to the
// database.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { Portal, scratch, skip } from '../clients/portal.mjs';
import { Load, prepare, read, write } from './load.mjs';
import { Postgres, programs } from './postgres.mjs';

const LEADS = 'this replica reads the sources';

/** Replicas on a database of their own. */
async function replicas(t, postgres, name, count = 3, options = {}) {
  const url = postgres.database(name);
  const portals = [];
  for (let n = 0; n < count; n += 1) {
    const portal = new Portal({ dataDir: scratch(t, 'unused'), args: ['--database-url', url], ...options });
    t.after(() => portal.kill());
    await portal.start();
    portals.push(portal);
  }
  return portals;
}

const ready = (portal) => fetch(`${portal.url}/.backstage/health/v1/readiness`).then((r) => r.status === 200, () => false);
const allReady = (portals) => Promise.all(portals.map((p) => p.until('it is ready', () => ready(p))));

/** Every replica gives the same answers in both dialects. */
async function same(portals) {
  for (const route of ['/v1/blueprints', '/v1/blueprints/item/entities', '/api/catalog/entities']) {
    const answers = await Promise.all(portals.map((portal) => portal.ask(route)));
    for (const answer of answers) {
      assert.equal(answer.status, 200, answer.text.slice(0, 300));
      assert.equal(answer.text, answers[0].text, `${route} differs`);
    }
  }
}

function spread(times) {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (part) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))];
  return { p50: at(0.5), p90: at(0.9), p99: at(0.99), max: sorted.at(-1) };
}
const shown = (times) => Object.entries(spread(times)).map(([k, v]) => `${k} ${v.toFixed(1)} ms`).join(', ');

test('replicas on PostgreSQL', { timeout: 600_000 }, async (t) => {
  if (!programs()) return skip(t, 'PostgreSQL is not installed: no initdb');
  const postgres = new Postgres(t);

  await t.test('a write is visible everywhere, in order, when it is answered', async (t) => {
    const portals = await replicas(t, postgres, 'visible');
    await prepare(portals[0]);
    const answered = [];
    for (let n = 1; n <= 200; n += 1) {
      const [writer, reader, other] = [0, 1, 2].map((k) => portals[(n + k) % 3]);
      const started = performance.now();
      await write(writer, 'own', n);
      answered.push(performance.now() - started);
      assert.equal(await read(n % 2 ? reader : other, 'own'), n, 'a client reads what it wrote on another replica');
    }
    t.diagnostic(`a write, answered when all three show it: ${shown(answered)}`);

    // Times are told and not judged, for the machine may be busy with something else.
    const visible = [];
    for (let n = 1; n <= 150; n += 1) {
      const started = performance.now();
      const writing = write(portals[n % 3], 'seen', n);
      const watching = [1, 2].map(async (k) => {
        while ((await read(portals[(n + k) % 3], 'seen')) !== n) {
          assert.ok(performance.now() - started < 10_000);
          // Readers that never rest would only measure how busy they keep the machine.
          await new Promise((resolve) => setTimeout(resolve, 2));
        }
        visible.push(performance.now() - started);
      });
      await Promise.all([writing, ...watching]);
    }
    t.diagnostic(`from sending a write until another replica shows it: ${shown(visible)}`);

    // y is written after x, so whoever sees a y must see its x.
    let going = true;
    await write(portals[0], 'x', 0);
    await write(portals[0], 'y', 0);
    const watchers = portals.map(async (portal) => {
      let [last, seen] = [0, 0];
      while (going) {
        const y = await read(portal, 'y');
        const x = await read(portal, 'x');
        assert.ok(y >= last, `y went back from ${last} to ${y}`);
        assert.ok(x >= y, `x is ${x} where y is ${y} already`);
        if (y > last) seen += 1;
        last = y;
      }
      return seen;
    });
    for (let n = 1; n <= 100; n += 1) {
      await write(portals[n % 3], 'x', n);
      await write(portals[(n + 1) % 3], 'y', n);
    }
    going = false;
    const seen = await Promise.all(watchers);
    assert.ok(seen.every((count) => count > 10), `${seen} changes were watched`);
    await same(portals);
  });

  await t.test('an idle replica asks at most five statements a second', async (t) => {
    const seconds = 5;
    postgres.query('postgres', "ALTER ROLE stagedoor SET log_statement = 'all'");
    t.after(() => postgres.query('postgres', "ALTER ROLE stagedoor RESET log_statement"));
    await replicas(t, postgres, 'idle', 2);
    const log = path.join(postgres.folder, 'log');
    // What belongs to the start (migrations, the first look around) may reach into a window: one of four has to be quiet.
    let rate = Infinity;
    for (let window = 0; window < 4 && rate > 5; window += 1) {
      const from = fs.statSync(log).size;
      await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
      const lines = fs.readFileSync(log).subarray(from).toString().split('\n');
      rate = lines.filter((line) => / LOG: {2}(execute|statement)/.test(line)).length / seconds / 2;
    }
    t.diagnostic(`${rate.toFixed(1)} statements a second and replica`);
    assert.ok(rate > 1 && rate <= 5, `${rate}`);
  });

  await t.test('kill -9 of a replica under load loses nothing acknowledged', async (t) => {
    const portals = await replicas(t, postgres, 'killed');
    await prepare(portals[0]);
    const load = new Load('load', portals);
    for (const victim of [portals[2], portals[0]]) {
      await load.more(200);
      await victim.kill();
      await load.more(50);
      await victim.start();
      await load.check(victim).catch((error) => t.diagnostic(`under load: ${error.message}`));
    }
    await load.more(100);
    await load.stop();
    t.diagnostic(`${load.acknowledged} acknowledged, ${load.broken} without an answer, ${load.refused} refused`);
    for (const portal of portals) await load.check(portal);
    await same(portals);
  });

  await t.test('a crash of the database under load loses nothing acknowledged, and reads go on', async (t) => {
    const portals = await replicas(t, postgres, 'crashed');
    await prepare(portals[0]);
    const load = new Load('load', portals);
    await load.more(100);
    let reading = true;
    let reads = 0;
    const readers = portals.map(async (portal) => {
      while (reading) {
        assert.notEqual(await read(portal, 'load-0-1'), undefined);
        reads += 1;
      }
    });
    for (let round = 0; round < 3; round += 1) {
      await load.more(100);
      postgres.restart('immediate');
      await load.more(100);
    }
    reading = false;
    await Promise.all(readers);
    await load.stop();
    t.diagnostic(`${load.acknowledged} acknowledged, ${load.refused} refused, ${load.broken} broken, ${reads} reads`);
    assert.equal(load.broken, 0);
    await allReady(portals);
    for (const portal of portals) await load.check(portal);
    await same(portals);
  });

  await t.test('without the database reads are answered, writes refused, and readiness says so', async (t) => {
    const [portal] = await replicas(t, postgres, 'away', 1);
    await prepare(portal);
    await write(portal, 'kept', 1);
    postgres.stop();
    try {
      const refusal = await write(portal, 'kept', 2).catch((error) => error);
      assert.equal(refusal.status, 503, refusal.message);
      const { ok, error, message } = JSON.parse(refusal.text);
      assert.deepEqual({ ok, error }, { ok: false, error: 'unavailable' });
      assert.match(message, /database cannot be reached/);
      await portal.until('it is not ready', async () => !(await ready(portal)), 10_000);
      assert.equal(await read(portal, 'kept'), 1);
    } finally {
      postgres.start();
    }
    await allReady([portal]);
    await write(portal, 'kept', 3);
    assert.equal(await read(portal, 'kept'), 3);
  });

  await t.test('a replica that was stopped catches up', async (t) => {
    const portals = await replicas(t, postgres, 'stopped');
    await prepare(portals[0]);
    const [writer, frozen, restarted] = portals;
    frozen.child.kill('SIGSTOP');
    const times = [];
    for (let n = 1; n <= 20; n += 1) {
      const started = performance.now();
      await write(writer, `late-${n}`, n);
      times.push(performance.now() - started);
    }
    t.diagnostic(`writes while one replica is frozen: ${shown(times)}`);
    assert.ok(spread(times).p50 < 1_500, 'nobody waits for it longer than a quarter of a second');
    frozen.child.kill('SIGCONT');
    await frozen.until('it has caught up', async () => (await read(frozen, 'late-20')) === 20, 5_000);
    await allReady([frozen]);
    assert.equal(await restarted.stop(), 0);
    const alone = performance.now();
    await write(writer, 'after', 1);
    t.diagnostic(`a write after one has left: ${(performance.now() - alone).toFixed(1)} ms`);
    await restarted.start();
    assert.equal(await read(restarted, 'after'), 1);
    await same(portals);
  });

  await t.test('one replica reads the sources; when it dies another one does', async (t) => {
    const folder = scratch(t, 'sources');
    const file = path.join(folder, 'catalog-info.yaml');
    const document = (title, more = '') =>
      fs.writeFileSync(
        file,
        `apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: orders\n  title: ${title}\n` +
          `spec:\n  type: service\n  lifecycle: production\n  owner: team\n${more}`,
      );
    document('First');
    const config = path.join(folder, 'app-config.yaml');
    fs.writeFileSync(config, `catalog:\n  locations:\n    - type: file\n      target: ${file}\n`);
    const portals = await replicas(t, postgres, 'sources', 3, { configs: [config] });
    const title = async (portal) =>
      (await portal.ask('/api/catalog/entities/by-name/component/default/orders')).body?.metadata?.title;
    const shows = (portal, text) => portal.until(`it shows ${text}`, async () => (await title(portal)) === text);
    for (const portal of portals) await shows(portal, 'First');
    const leaders = portals.filter((portal) => portal.log.includes(LEADS));
    assert.equal(leaders.length, 1, 'one replica reads');
    // What is wrong with a source is the same everywhere.
    document('Second', '---\nkind: Nothing\n');
    for (const portal of portals) await shows(portal, 'Second');
    const problems = async (portal) => {
      const { status, text, body } = await portal.ask('/api/stagedoor/v1/sources');
      assert.equal(status, 200, text);
      return (body.sources ?? body).flatMap((source) => source.problems);
    };
    for (const portal of portals) {
      await portal.until('it tells of the problem', async () => (await problems(portal)).length > 0);
    }
    const told = await Promise.all(portals.map(problems));
    for (const list of told) assert.deepEqual(list, told[0]);
    // Nobody reads twice what has not changed.
    const rows = () => postgres.query('sources', 'SELECT revision FROM head');
    const before = rows();
    await leaders[0].kill();
    const rest = portals.filter((portal) => portal !== leaders[0]);
    await rest[0].until('another one has taken over', () => rest.some((portal) => portal.log.includes(LEADS)), 20_000);
    document('Third', '---\nkind: Nothing\n');
    for (const portal of rest) await shows(portal, 'Third');
    assert.equal(Number(rows()), Number(before) + 1, 'the change and nothing else was written');
  });
});
