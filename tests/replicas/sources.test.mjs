// Three processes on one PostgreSQL database share the reading of sources that stand outside: each is read by one at a
// time, and what a killed one read is read by the others.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import http from 'node:http';
import { once } from 'node:events';
import path from 'node:path';
import test from 'node:test';
import { Portal, scratch, skip } from '../clients/portal.mjs';
import { Catalog } from '../faults/catalog.mjs';
import { component, components } from '../faults/sites.mjs';
import { Postgres, programs } from './postgres.mjs';

const SOURCES = 12;
const EACH = 40;
const name = (source, n) => `s${source}-c${n}`;
const names = (source) => Array.from({ length: EACH }, (_, n) => name(source, n));

/** A server of files that knows how many are being asked for at once, and can keep them waiting. */
async function files(t) {
  const texts = new Map();
  const [now, most, asked] = [new Map(), new Map(), new Map()];
  const waiting = [];
  const state = { texts, most, asked, waiting, hold: false };
  const server = http.createServer((request, response) => {
    const add = (map, by) => map.set(request.url, (map.get(request.url) ?? 0) + by);
    add(asked, 1);
    add(now, 1);
    most.set(request.url, Math.max(most.get(request.url) ?? 0, now.get(request.url)));
    response.on('close', () => add(now, -1));
    const answer = () => {
      const text = texts.get(request.url);
      response.writeHead(text === undefined ? 404 : 200).end(text);
    };
    if (state.hold) waiting.push(answer);
    else answer();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close(() => {}).closeAllConnections());
  state.url = `http://127.0.0.1:${server.address().port}`;
  state.release = () => {
    state.hold = false;
    waiting.splice(0).forEach((answer) => answer());
  };
  return state;
}

test('sources that stand outside are shared among replicas', { timeout: 300_000 }, async (t) => {
  if (!programs()) return skip(t, 'PostgreSQL is not installed: no initdb');
  const postgres = new Postgres(t);
  const url = postgres.database('shared');
  const site = await files(t);
  const target = (source) => `${site.url}/${source}.yaml`;
  for (let source = 0; source < SOURCES; source += 1) site.texts.set(`/${source}.yaml`, components(...names(source)));
  const config = path.join(scratch(t, 'config'), 'app-config.yaml');
  const configured = Array.from({ length: SOURCES }, (_, source) => `    - { type: url, target: '${target(source)}' }\n`);
  fs.writeFileSync(config, `catalog:\n  locations:\n${configured.join('')}`);

  const portals = [];
  for (let n = 0; n < 3; n += 1) {
    const portal = new Portal({
      dataDir: scratch(t, 'unused'),
      configs: [config],
      args: ['--database-url', url],
      env: { STAGEDOOR_OUTBOUND_ALLOW: '127.0.0.1' },
    });
    t.after(() => portal.kill());
    await portal.start();
    portals.push(portal);
  }
  const catalogs = new Map(portals.map((portal) => [portal, new Catalog(portal)]));
  /** Who reads which source, as the database says. */
  const held = () => {
    const rows = postgres.query('shared', "SELECT name, holder FROM leases WHERE name LIKE 'source %'");
    const holders = new Map();
    for (const row of rows.split('\n').filter(Boolean)) {
      const [source, holder] = row.split('|');
      if (/^0{8}-/.test(holder)) continue;
      holders.set(holder, [...(holders.get(holder) ?? []), source.slice('source '.length)]);
    }
    return holders;
  };
  const spread = () => [...held().values()].map((list) => list.length).sort((a, b) => a - b);
  const evenly = (wanted) => portals[0].until(`they read ${wanted}`, () => String(spread()) === String(wanted), 30_000);

  await evenly([4, 4, 4]);
  const all = Array.from({ length: SOURCES }, (_, source) => names(source)).flat().sort();
  const uids = async (portal) => {
    const found = await catalogs.get(portal).entities();
    return new Map([...found].map(([key, entity]) => [key, entity.metadata.uid]));
  };
  for (const portal of portals) {
    await portal.until('everything is there', async () => (await catalogs.get(portal).count()) === all.length, 30_000);
  }
  const first = await uids(portals[0]);
  assert.deepEqual([...first.keys()].sort(), all);

  await t.test('whoever is asked, the one that reads it does so, and its end is waited for', async () => {
    for (const [n, portal] of portals.entries()) {
      for (const source of [0, 1, 2, 3]) {
        const path = `/${source}.yaml`;
        site.texts.set(path, components(...names(source), `asked-${n}-${source}`));
        const asked = site.asked.get(path);
        await catalogs.get(portal).read(`url:${target(source)}`);
        const there = await catalogs.get(portal).names(`metadata.name=asked-${n}-${source}`);
        assert.deepEqual(there, [`asked-${n}-${source}`], 'the answer comes after the reading');
        assert.equal(site.asked.get(path), asked + 1, 'it is read once');
      }
    }
    assert.ok([...site.most.values()].every((most) => most === 1), `at once: ${[...site.most.values()]}`);
  });

  await t.test('a location that somebody registers is there when that is answered, on any replica', async () => {
    for (const [n, portal] of portals.entries()) {
      site.texts.set(`/new-${n}.yaml`, component(`registered-${n}`));
      await catalogs.get(portal).register(`${site.url}/new-${n}.yaml`);
      assert.deepEqual(await catalogs.get(portal).names(`metadata.name=registered-${n}`), [`registered-${n}`]);
      assert.equal(site.asked.get(`/new-${n}.yaml`), 1);
    }
    await evenly([5, 5, 5]);
  });

  await t.test('a loss that is held is confirmed anywhere', async () => {
    site.texts.set('/0.yaml', component(name(0, 0)));
    const id = `url:${target(0)}`;
    assert.equal((await catalogs.get(portals[0]).read(id)).state, 'held');
    for (const portal of portals) assert.equal((await catalogs.get(portal).source(id)).state, 'held');
    const who = portals.find((portal) => portal !== portals[0]);
    assert.equal((await catalogs.get(who).confirm(id)).state, 'fresh');
    assert.deepEqual(await catalogs.get(who).names(`metadata.name=${name(0, 0)}`), [name(0, 0)]);
    assert.deepEqual(await catalogs.get(who).names(`metadata.name=${name(0, 1)}`), []);
    site.texts.set('/0.yaml', components(...names(0)));
    await catalogs.get(who).read(id);
  });

  await t.test('what moves from a source of one replica to a source of another is still the same', async () => {
    const [mine, yours] = [...held().values()].map((list) => list.map((id) => /\/(\d+)\.yaml$/.exec(id)?.[1]).find((source) => source > 0));
    const moving = name(mine, 7);
    const uid = async (portal) => (await catalogs.get(portal).entities(`metadata.name=${moving}`)).get(moving)?.metadata.uid;
    const before = await uid(portals[0]);
    site.texts.set(`/${mine}.yaml`, components(...names(mine).filter((one) => one !== moving)));
    await catalogs.get(portals[0]).read(`url:${target(mine)}`);
    assert.equal(await uid(portals[1]), undefined);
    site.texts.set(`/${yours}.yaml`, components(...names(yours), moving));
    await catalogs.get(portals[0]).read(`url:${target(yours)}`);
    for (const portal of portals) assert.equal(await uid(portal), before);
    site.texts.set(`/${mine}.yaml`, components(...names(mine)));
    site.texts.set(`/${yours}.yaml`, components(...names(yours)));
    for (const source of [yours, mine]) await catalogs.get(portals[0]).read(`url:${target(source)}`);
    for (const portal of portals) assert.equal(await uid(portal), before);
  });

  await t.test('a replica that is killed while it reads: the others read what it did, nothing is lost or doubled', async () => {
    // Every source says something new, and nobody gets an answer: whoever reads is in the middle of it.
    for (let source = 0; source < SOURCES; source += 1) {
      site.texts.set(`/${source}.yaml`, components(...names(source), `later-${source}`));
    }
    site.hold = true;
    const reads = portals.map((portal) => portal.ask('/api/stagedoor/v1/sources').then(() => {}));
    await Promise.all(reads);
    for (let source = 0; source < SOURCES; source += 1) {
      void portals[1].ask(`/api/stagedoor/v1/sources/${encodeURIComponent(`url:${target(source)}`)}/read`, { method: 'POST' }).catch(() => {});
    }
    await portals[1].until('many are being read', () => site.waiting.length >= 8, 10_000);
    const parts = held();
    const [victim, ...rest] = portals.toReversed();
    const sum = (lists) => lists.flat().length;
    const readers = [...parts.keys()];
    const killed = performance.now();
    await victim.kill();
    site.release();
    await rest[0].until('two read all', () => {
      const now = held();
      return now.size === 2 && sum([...now.values()]) === sum([...parts.values()]) && [...now.keys()].every((who) => readers.includes(who));
    }, 20_000);
    const taken = Math.round(performance.now() - killed);
    for (const portal of rest) {
      const later = async () => (await catalogs.get(portal).names()).filter((key) => key.startsWith('later-')).length;
      await portal.until('everything new is there', async () => (await later()) === SOURCES, 30_000);
      const found = await uids(portal);
      for (const [key, uid] of first) {
        if (key.startsWith('s0-') && key !== name(0, 0)) continue;
        assert.equal(found.get(key), uid, `${key} is what it was`);
      }
    }
    t.diagnostic(`what the killed replica read is read by others ${taken} ms later, and all is there after ${Math.round(performance.now() - killed)} ms`);
    await victim.start();
    await evenly([5, 5, 5]);
  });

  await t.test('a replica that was asleep while others took over does not write what it had read before', async () => {
    const [, , sleeper] = portals;
    const others = portals.filter((portal) => portal !== sleeper);
    const versions = (version) => {
      for (let source = 0; source < SOURCES; source += 1) site.texts.set(`/${source}.yaml`, components(...names(source), `${version}-${source}`));
    };
    const have = async (version) => (await catalogs.get(others[0]).names()).filter((key) => key.startsWith(`${version}-`)).length;
    versions('old');
    site.hold = true;
    for (let source = 0; source < SOURCES; source += 1) {
      void others[0].ask(`/api/stagedoor/v1/sources/${encodeURIComponent(`url:${target(source)}`)}/read`, { method: 'POST' }).catch(() => {});
    }
    await others[0].until('many are being read', () => site.waiting.length >= 8, 10_000);
    sleeper.child.kill('SIGSTOP');
    // What it asked for is answered with the old text while it sleeps.
    site.release();
    await others[0].until('the others show the old version of theirs', async () => (await have('old')) > 0);
    versions('new');
    await evenly([7, 8]);
    for (let source = 0; source < SOURCES; source += 1) await catalogs.get(others[0]).read(`url:${target(source)}`);
    assert.equal(await have('new'), SOURCES);
    sleeper.child.kill('SIGCONT');
    await evenly([5, 5, 5]);
    await sleeper.until('it is ready', () => sleeper.ask('/.backstage/health/v1/readiness').then((r) => r.status === 200));
    assert.deepEqual([await have('new'), await have('old')], [SOURCES, 0]);
  });

  await t.test('nothing that has not changed is written when work changes hands', async () => {
    const resting = async () => {
      const head = postgres.query('shared', 'SELECT revision FROM head');
      await new Promise((resolve) => setTimeout(resolve, 300));
      return head === postgres.query('shared', 'SELECT revision FROM head') && head;
    };
    const head = await portals[0].until('it rests', resting, 20_000);
    assert.equal(await portals[2].stop(), 0);
    await evenly([7, 8]);
    await portals[2].start();
    await evenly([5, 5, 5]);
    await portals[0].until('it rests', resting, 20_000);
    // A start makes the link for the first administrator anew, and nothing else.
    assert.deepEqual(await catalogs.get(portals[0]).changesSince(head), []);
  });
});
