// kill -9 during a stream of writes, twenty times: every acknowledged write is there after the restart.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { chance as seeded, seed } from '../clients/chance.mjs';
import { Portal, scratch } from '../clients/portal.mjs';
import { Ledger } from './ledger.mjs';
import { compile, Disk } from './unsynced.mjs';

const ROUNDS = 20;

/** Writes until killed, `rounds` times; `afterKill` may harm the disk. */
async function killing(t, portal, afterKill) {
  const chance = seeded(seed()).next;
  const ledger = new Ledger();
  await portal.start();
  await ledger.prepare(portal);
  for (let round = 1; round <= ROUNDS; round += 1) {
    const before = ledger.acknowledged;
    const writing = ledger.write(portal);
    // The moment is random; at least one write must have been acknowledged for the round to count.
    const moment = new Promise((resolve) => setTimeout(resolve, 50 + chance() * 450));
    await Promise.race([moment, writing]);
    await portal.until('an acknowledged write', () => ledger.acknowledged > before);
    await portal.kill();
    await writing;
    const lost = afterKill?.(round);
    await portal.start();
    await ledger.check(portal);
    t.diagnostic(
      `round ${round}: ${ledger.acknowledged - before} acknowledged, ${ledger.known.size} there, ` +
        `ready again in ${Math.round(portal.startMillis)} ms${lost ? `, ${JSON.stringify(lost)}` : ''}`,
    );
  }
  assert.equal(await portal.stop(), 0, 'SIGTERM ends it with 0');
}

test('kill -9 during a stream of writes', async (t) => {
  const portal = new Portal({ dataDir: scratch(t, 'kill') });
  t.after(() => portal.kill());
  await killing(t, portal);
});

test('the power cut during a stream of writes', async (t) => {
  const work = scratch(t, 'power');
  const dataDir = path.join(work, 'data');
  fs.mkdirSync(dataDir);
  const disk = new Disk(compile(work), dataDir, work);
  const portal = new Portal({ dataDir, env: disk.env });
  t.after(() => portal.kill());
  const chance = seeded(seed() + 1).next;
  let lostWrites = 0;
  await killing(t, portal, (round) => {
    // By turns: all that was not synced is gone, or a part of it, in any order, with torn sectors.
    const lost = disk.cut(round % 2 ? undefined : chance);
    assert.ok(lost.records > 0 && lost.syncs > 0, 'the layer saw writes and syncs');
    lostWrites += lost.lostWrites;
    return lost;
  });
  assert.ok(lostWrites > 0, 'there was something to lose');
});

test('the power cut during the first start', async (t) => {
  const work = scratch(t, 'first');
  const library = compile(work);
  const chance = seeded(seed() + 2).next;
  for (let round = 1; round <= 10; round += 1) {
    const dataDir = path.join(work, `data-${round}`);
    fs.mkdirSync(dataDir);
    const disk = new Disk(library, dataDir, fs.mkdtempSync(path.join(work, 'layer-')));
    const portal = new Portal({ dataDir, env: disk.env });
    t.after(() => portal.kill());
    const starting = portal.start().catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, chance() * 60));
    await portal.kill();
    await starting;
    disk.cut(round % 2 ? undefined : chance);
    await portal.start();
    await portal.kill();
  }
});
