// Backups of a running portal by the command line, restored into the other kind of database.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { Portal, binary, scratch, skip } from '../clients/portal.mjs';
import { Load, prepare, read, write } from './load.mjs';
import { Postgres, programs } from './postgres.mjs';

function stagedoor(...args) {
  const { status, stdout, stderr } = spawnSync(binary(), args, { encoding: 'utf8', timeout: 120_000 });
  return { status, stdout, stderr };
}

test('a portal moves from SQLite to PostgreSQL and back, while it runs', { timeout: 300_000 }, async (t) => {
  if (!programs()) return skip(t, 'PostgreSQL is not installed: no initdb');
  const postgres = new Postgres(t);
  const folder = scratch(t, 'backup');
  const dataDir = path.join(folder, 'data');
  const portal = new Portal({ dataDir });
  t.after(() => portal.kill());
  await portal.start();
  await prepare(portal);
  await write(portal, 'before', 1);
  const load = new Load('load', [portal]);
  await load.more(50);
  const file = path.join(folder, 'portal.db');
  const made = stagedoor('backup', file, '--data-dir', dataDir);
  assert.equal(made.status, 0, made.stderr);
  assert.match(made.stdout, /portal\.db holds \d+ entities at revision \d+/);
  assert.equal(fs.statSync(file).mode & 0o777, 0o600);
  await load.more(50);
  await load.stop();
  const again = stagedoor('backup', file, '--data-dir', dataDir);
  assert.deepEqual([again.status, again.stderr.includes('exists already')], [1, true], again.stderr);
  const inUse = stagedoor('restore', file, '--data-dir', dataDir, '--replace');
  assert.equal(inUse.status, 1);
  assert.match(inUse.stderr, /in use by another running Stagedoor/);

  const url = postgres.database('moved');
  const check = () => stagedoor('migrate', '--check', '--database-url', url);
  assert.deepEqual([check().status, check().stdout.includes('0001_catalog')], [1, true], check().stderr);
  const moved = stagedoor('restore', file, '--database-url', url);
  assert.equal(moved.status, 0, moved.stderr);
  assert.equal(check().status, 0, check().stdout);
  const refused = stagedoor('restore', file, '--database-url', url);
  assert.equal(refused.status, 1);
  assert.match(refused.stderr, /holds a catalog already/);

  const keyless = new Portal({ dataDir, args: ['--database-url', url] });
  t.after(() => keyless.kill());
  await assert.rejects(keyless.start(), /written with the key for secrets [0-9a-f]{16}, and this start has none/);
  // The key for secrets is apart from the database, and moves by hand.
  const key = { STAGEDOOR_SECRETS_KEY_FILE: path.join(dataDir, 'secrets.key') };
  const replica = new Portal({ dataDir, args: ['--database-url', url], env: key });
  t.after(() => replica.kill());
  await replica.start();
  assert.equal(await read(replica, 'before'), 1);
  // The signing key has moved too: who was signed in still is.
  const { token } = portal;
  replica.token = token;
  assert.equal(await read(replica, 'before'), 1);
  await write(replica, 'after', 2);
  const { text } = await replica.ask('/v1/blueprints/item/entities');
  const running = stagedoor('restore', file, '--database-url', url, '--replace');
  assert.deepEqual([running.status, running.stderr.includes('stop every replica')], [1, true], running.stderr);
  const back = path.join(folder, 'back.db');
  const taken = stagedoor('backup', back, '--database-url', url);
  assert.equal(taken.status, 0, taken.stderr);
  assert.equal(await portal.stop(), 0);
  const returned = stagedoor('restore', back, '--data-dir', dataDir, '--replace');
  assert.equal(returned.status, 0, returned.stderr);
  await portal.start();
  assert.equal((await portal.ask('/v1/blueprints/item/entities')).text, text);
});

test('no message shows the password of the database', () => {
  for (const url of ['postgres://u:hush@127.0.0.1:1/x', 'mysql://u:hush@h/x', 'postgres://u:hush@h:x/y', 'hush@nowhere']) {
    for (const command of [['migrate', '--check'], ['backup', '/nowhere/file'], ['serve', '--listen', '127.0.0.1:0']]) {
      const { status, stdout, stderr } = stagedoor(...command, '--database-url', url);
      assert.equal(status, 1, `${command} ${url}`);
      assert.ok(!`${stdout}${stderr}`.includes('hush'), stderr);
    }
  }
});
