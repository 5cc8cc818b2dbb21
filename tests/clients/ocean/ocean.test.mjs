// Ocean, unmodified: a first run, one that finds nothing new, deletions, bad items, resyncs on request, and the end.
import assert from 'node:assert/strict';
import test from 'node:test';
import { skip, startPortal } from '../portal.mjs';
import { Integration, missing } from './ocean.mjs';

const teams = ['rockets', 'bots', 'ghosts'].map((id) => ({ id, name: `The ${id}`, channel: `https://chat.example.com/${id}` }));
const services = Array.from({ length: 25 }, (_, n) => ({
  id: `svc-${n}`,
  name: `Service ${n}`,
  language: n % 2 ? 'Go' : 'Rust',
  replicas: n + 0.5,
  labels: { tier: `t${n % 3}`, 'app.example.com/name': null, nested: { a: [1, { b: 'ü/"' }] } },
  tags: n ? [`t${n}`, 'all'] : [],
  nickname: n % 4 ? `nick ${n}` : null,
  team: teams[n % 3].id,
  needs: n && n < 20 ? [`svc-${n - 1}`] : [],
}));
const deployments = Array.from({ length: 12 }, (_, n) => ({ id: `dep/${n}:a+b@x=ü`, version: n === 11 ? 'skip' : `1.${n}`, service: `Service ${n}` }));
const all = { team: teams, service: services, deployment: deployments };

async function entities(portal, blueprint) {
  const { status, body, text } = await portal.ask(`/v1/blueprints/${blueprint}/entities`);
  assert.equal(status, 200, text);
  return Object.fromEntries(body.entities.map((entity) => [entity.identifier, entity]));
}

const count = async (portal, blueprint) => Object.keys(await entities(portal, blueprint)).length;

const integration = async (portal, id = 'my-files') => (await portal.ask(`/v1/integration/${id}`)).body.integration;

/** The log of changes from a revision on. */
async function changes(portal, since) {
  const { status, body, text } = await portal.ask(`/api/stagedoor/v1/changes?since=${since}&limit=1000&values=false`);
  assert.equal(status, 200, text);
  return body;
}

const revision = async (portal) => (await portal.ask('/api/stagedoor/v1/changes?limit=1&values=false')).body.revision;

test('Ocean', { timeout: 240_000 }, async (t) => {
  const why = missing();
  if (why) return skip(t, why);
  const portal = await startPortal(t);
  const ocean = new Integration(t, portal);

  await t.test('a first run brings its blueprints, its mapping and everything', async () => {
    ocean.set(all);
    await ocean.once();
    const squads = await entities(portal, 'squad');
    assert.deepEqual(Object.keys(squads).sort(), ['bots', 'ghosts', 'rockets']);
    assert.equal(squads.bots.title, 'The bots');
    assert.equal(squads.bots.properties.channel, 'https://chat.example.com/bots');

    const found = await entities(portal, 'microservice');
    assert.equal(Object.keys(found).length, 25);
    for (const item of services) {
      const { title, properties, relations } = found[item.id];
      assert.equal(title, item.name);
      for (const key of ['language', 'replicas', 'labels', 'tags']) assert.deepEqual(properties[key], item[key], `${item.id}: ${key}`);
      assert.deepEqual(relations, { squad: item.team, needs: item.needs }, item.id);
      assert.equal(properties.squad_channel, `https://chat.example.com/${item.team}`, 'a mirror property');
      assert.equal(properties.shout, item.name.toUpperCase(), 'a calculation');
    }

    const releases = await entities(portal, 'release');
    assert.equal(Object.keys(releases).length, 11, 'the selector leaves one out');
    for (const item of deployments.slice(0, 11)) {
      assert.equal(releases[item.id].relations.service, item.service.replace('Service ', 'svc-'), 'found by title');
      assert.equal(releases[item.id].properties.version, item.version);
    }

    // Everything is marked as its own; deletions go by that.
    const own = { datasource_prefix: 'port-ocean/file-integration/', datasource_suffix: '/my-files/exporter', limit: 5000 };
    const { body } = await portal.ask('/v1/blueprints/entities/datasource-entities', { json: own });
    assert.equal(body.entities.length, 3 + 25 + 11);

    const one = await integration(portal);
    assert.equal(one.installationAppType, 'file-integration');
    assert.equal(one.resyncState.status, 'completed');
    assert.equal(one.arePortResourcesInitialized, true);
    assert.deepEqual(one.config.resources.map((r) => r.kind), ['team', 'service', 'deployment']);
  });

  await t.test('what it reported can be read', async () => {
    const logs = (await portal.ask('/v1/integration/my-files/logs?limit=1000')).body.data;
    assert.ok(logs.length > 20 && logs.every((line) => line.message && line.level && line.timestamp), JSON.stringify(logs.slice(0, 3)));
    const kinds = (await portal.ask('/v1/integration/my-files/kinds')).body.data;
    assert.deepEqual(Object.keys(kinds).sort(), ['deployment', 'service', 'team']);
    const syncs = (await portal.ask('/v1/integration/my-files/syncsMetadata')).body.data;
    assert.equal(syncs.length, 1);
    assert.ok(syncs[0].kinds.includes('service-1'), JSON.stringify(syncs));
  });

  await t.test('a run that finds nothing new changes nothing', async () => {
    const before = await revision(portal);
    // Ocean compares what it has with what a search answers, and sends only what differs.
    assert.match(await ocean.once(), /didn't change since last sync, skipping/);
    const { events } = await changes(portal, before);
    assert.deepEqual(events.map((e) => `${e.action} ${e.blueprint} ${e.identifier}`), []);
    assert.equal(await revision(portal), before);
  });

  await t.test('what has changed and what is gone', async () => {
    const before = await revision(portal);
    const changed = services.slice(0, 20).map((s) => (s.id === 'svc-3' ? { ...s, replicas: 99 } : s));
    ocean.set({ ...all, service: changed, deployment: deployments.slice(0, 10) });
    await ocean.once();
    const { events } = await changes(portal, before);
    const said = events.map((e) => `${e.action} ${e.blueprint} ${e.identifier}`).sort();
    const gone = [20, 21, 22, 23, 24].map((n) => `deleted microservice svc-${n}`);
    assert.deepEqual(said, [...gone, 'deleted release dep/10:a+b@x=ü', 'updated microservice svc-3']);
    assert.equal((await entities(portal, 'microservice'))['svc-3'].properties.replicas, 99);
  });

  await t.test('a third party that suddenly has nothing empties nothing', async () => {
    ocean.set({ team: [], service: [], deployment: [] });
    await ocean.once();
    assert.deepEqual(await Promise.all(['squad', 'microservice', 'release'].map((b) => count(portal, b))), [3, 20, 10]);
  });

  await t.test('a bad item does not hurt the others', async () => {
    const bad = [
      { ...services[0], id: 'bad-1', language: 'Cobol' },
      { ...services[0], id: null },
      { ...services[0], id: 'bad-2', replicas: 'many' },
      { ...services[0], id: 'good' },
    ];
    ocean.set({ ...all, service: [...bad, ...services.slice(0, 20)], deployment: [...deployments.slice(0, 10), { id: 'lost', version: '9', service: 'Nobody' }] });
    await ocean.once();
    const found = await entities(portal, 'microservice');
    assert.deepEqual(Object.keys(found).filter((id) => !id.startsWith('svc-')), ['good']);
    assert.equal(Object.keys(found).length, 21);
  });

  await t.test('running, it resyncs when it is asked to', async () => {
    const run = await ocean.start({ type: 'POLLING', interval: 1 });
    // There is a request from the creation, so it goes through everything when it starts.
    const done = (after) => async () => {
      const { status, updatedAt } = (await integration(portal)).resyncState;
      return status === 'completed' && updatedAt > after && updatedAt;
    };
    const start = (await integration(portal)).resyncState.updatedAt;
    const first = await portal.until(`a resync at start\n${run.log.slice(-3000)}`, done(start), 60_000);

    ocean.set({ ...all, service: [...services.slice(0, 20), { ...services[0], id: 'late' }], deployment: deployments.slice(0, 10) });
    const { status } = await portal.ask('/v1/integration/my-files', { method: 'PATCH', json: {} });
    assert.equal(status, 200);
    const second = await portal.until('a resync on request', done(first), 60_000);
    assert.ok((await entities(portal, 'microservice')).late);

    // Another mapping asks by itself.
    const { config } = await integration(portal);
    config.resources[0].port.entity.mappings.title = '.name + "!"';
    await portal.ask('/v1/integration/my-files/config', { method: 'PATCH', json: { config } });
    await portal.until('a resync after another mapping', done(second), 60_000);
    assert.equal((await entities(portal, 'squad')).bots.title, 'The bots!');
    run.child.kill('SIGTERM');
    await run.exit;
  });

  await t.test('it cleans up after itself', async () => {
    await ocean.clean();
    for (const blueprint of ['squad', 'microservice', 'release']) {
      assert.equal((await portal.ask(`/v1/blueprints/${blueprint}`)).status, 404, blueprint);
    }
    assert.equal((await portal.ask('/v1/integration/my-files')).status, 404);
  });
});

test('Ocean, called when a resync is asked for', { timeout: 120_000 }, async (t) => {
  const why = missing();
  if (why) return skip(t, why);
  const portal = await startPortal(t, { env: { STAGEDOOR_OUTBOUND_ALLOW: '127.0.0.1' } });
  const ocean = new Integration(t, portal, 'my-hook');
  ocean.set({ team: teams });
  // Nobody but the portal makes it begin: it has just registered.
  const run = await ocean.start({ type: 'WEBHOOK' });
  const state = async () => (await integration(portal, 'my-hook'))?.resyncState?.status === 'completed';
  await portal.until(`a resync\n${run.log.slice(-3000)}`, state, 90_000);
  assert.equal(await count(portal, 'squad'), 3);
});
