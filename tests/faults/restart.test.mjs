// kill -9 in the middle of a full sync: after the restart all is there, nothing twice, nothing lost.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { Portal, scratch } from '../clients/portal.mjs';
import { Catalog } from './catalog.mjs';
import { component } from './sites.mjs';

/** Another number by hand: FAULTS_ENTITIES=50000. */
const ENTITIES = Number(process.env.FAULTS_ENTITIES ?? 5000);
/** Of these every tenth goes in the second sync. */
const goes = (i) => i % 10 === 9;
const name = (i) => `c-${String(i).padStart(6, '0')}`;

/** A folder of catalog files with ten documents each, written beside its place and moved there at once. */
function deploy(dir, version, keep) {
  const next = path.join(dir, `.${version}`);
  for (let from = 0; from < ENTITIES; from += 10) {
    const folder = path.join(next, `part-${Math.floor(from / 1000)}`);
    if (from % 1000 === 0) fs.mkdirSync(folder, { recursive: true });
    const kept = Array.from({ length: 10 }, (_, i) => from + i).filter(keep);
    const documents = kept.map((i) => component(name(i), { title: version }));
    fs.writeFileSync(path.join(folder, `${name(from)}.yaml`), documents.join('---\n'));
  }
  const services = path.join(dir, 'services');
  if (fs.existsSync(services)) fs.renameSync(services, path.join(dir, `.before-${version}`));
  fs.renameSync(next, services);
}

test('kill -9 in the middle of a full sync', async (t) => {
  const dir = scratch(t, 'sync');
  const config = path.join(dir, 'app-config.yaml');
  const target = './services/**/*.yaml';
  fs.writeFileSync(config, `catalog:\n  locations:\n    - { type: file, target: '${target}' }\n`);
  deploy(dir, 'none', (i) => i === 0);
  const portal = new Portal({ dataDir: path.join(dir, 'data'), configs: [config], env: { STAGEDOOR_OUTBOUND_ALLOW: '' } });
  t.after(() => portal.kill());
  const catalog = new Catalog(portal);
  const titled = (version) => catalog.count(`kind=component,metadata.title=${version}`);

  /** Waits for the sync to be in the middle, and pulls the plug there. */
  const killAmid = async (version) => {
    await portal.until('the sync has begun', async () => (await titled(version)) > 0, 120_000);
    const uids = new Map([...(await catalog.entities())].map(([key, entity]) => [key, entity.metadata.uid]));
    await portal.kill();
    return uids;
  };
  const complete = async (version, expected) => {
    const begun = performance.now();
    await portal.start();
    await portal.until(`all of ${version}`, async () => (await titled(version)) === expected, 120_000);
    const source = await portal.until('it rests', async () => {
      const source = await catalog.source(`file:${target}`);
      return source.state === 'fresh' && source.entities === expected + 1 && source;
    });
    assert.deepEqual([source.problems, source.conflicts], [[], []]);
    return Math.round(performance.now() - begun);
  };

  await portal.start();
  deploy(dir, 'first', () => true);
  const seen = await killAmid('first');
  let took = await complete('first', ENTITIES);
  const first = await catalog.entities();
  assert.equal(first.size, ENTITIES);
  for (const [key, uid] of seen) assert.equal(first.get(key).metadata.uid, uid, 'who was there is still the same');
  t.diagnostic(`first sync: killed with ${seen.size} of ${ENTITIES} there, complete ${took} ms after the restart`);

  const left = ENTITIES - Math.floor(ENTITIES / 10);
  deploy(dir, 'second', (i) => !goes(i));
  const amid = await killAmid('second');
  assert.equal(amid.size, ENTITIES, 'nothing goes before all has come');
  took = await complete('second', left);
  const second = await catalog.entities();
  assert.equal(second.size, left);
  for (const [key, entity] of second) assert.equal(entity.metadata.uid, first.get(key).metadata.uid);
  t.diagnostic(`second sync: complete ${took} ms after the restart, ${ENTITIES - left} removed`);

  const before = await catalog.revision();
  assert.equal(await portal.stop(), 0);
  const again = performance.now();
  await portal.start();
  await portal.until('it was read', async () => (await catalog.source(`file:${target}`)).lastRun);
  took = Math.round(performance.now() - again);
  // The link for the first administrator is made anew, when everything else is done.
  await portal.until('the link', () => portal.log.includes('/welcome#'));
  assert.deepEqual(await catalog.changesSince(before), [], 'a restart without changes changes nothing');
  const revision = await catalog.revision();
  const reading = performance.now();
  await catalog.read(`file:${target}`);
  t.diagnostic(`without changes: restart ${took} ms, sync ${Math.round(performance.now() - reading)} ms`);
  assert.equal(await catalog.revision(), revision, 'a sync without changes writes nothing');
});
