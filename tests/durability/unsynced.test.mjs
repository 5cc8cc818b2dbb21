// The layer itself: it loses what was not synced, and keeps what was.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test, { after, before } from 'node:test';
import { scratch } from '../clients/portal.mjs';
import { compile, Disk } from './unsynced.mjs';

let built;
before(() => {
  built = fs.mkdtempSync(path.join(os.tmpdir(), 'stagedoor-unsynced-'));
  compile(built);
});
after(() => fs.rmSync(built, { recursive: true, force: true }));

/** Runs shell commands in the watched directory, then cuts the power. */
function lose(t, commands, survives) {
  const work = scratch(t, 'unsynced');
  const data = path.join(work, 'data');
  fs.mkdirSync(data);
  fs.writeFileSync(path.join(data, 'old'), 'old content');
  const disk = new Disk(path.join(built, 'unsynced.so'), data, work);
  execFileSync('/bin/sh', ['-ec', commands], { cwd: data, env: { ...process.env, ...disk.env } });
  const seen = snapshot(data);
  const counted = disk.cut(survives);
  return { seen, left: snapshot(data), counted };
}

const snapshot = (dir) =>
  Object.fromEntries(
    fs.readdirSync(dir, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => path.join(entry.parentPath ?? entry.path, entry.name))
      .map((name) => [path.relative(dir, name), fs.readFileSync(name, 'utf8')]),
  );

test('a write without a sync is lost', (t) => {
  const { seen, left, counted } = lose(t, 'echo new >fresh; echo more >>old; printf XX | dd of=old conv=notrunc 2>/dev/null');
  assert.deepEqual(seen, { fresh: 'new\n', old: 'XXd contentmore\n' });
  assert.deepEqual(left, { old: 'old content' });
  assert.equal(counted.lostWrites, 3);
});

test('a synced write stays, what follows it is lost', (t) => {
  const { left } = lose(t, 'echo kept >>old; sync old; echo lost >>old');
  assert.deepEqual(left, { old: 'old contentkept\n' });
});

test('a synced file whose directory was not synced vanishes, with its directory synced it stays', (t) => {
  assert.deepEqual(lose(t, 'echo a >a; sync a').left, { old: 'old content' });
  assert.deepEqual(lose(t, 'echo a >a; sync a; sync .').left, { old: 'old content', a: 'a\n' });
  assert.deepEqual(lose(t, 'echo a >a; sync .').left, { old: 'old content', a: '' });
});

test('an overwritten, truncated, renamed or removed file comes back', (t) => {
  for (const commands of ['echo x >old', 'truncate -s 3 old', 'truncate -s 300 old', 'mv old new', 'rm old']) {
    assert.deepEqual(lose(t, commands).left, { old: 'old content' }, commands);
  }
  assert.deepEqual(lose(t, 'echo x >new; sync new; sync .; mv new old').left, { old: 'old content', new: 'x\n' });
  assert.deepEqual(lose(t, 'mkdir d; echo x >d/x; sync d/x d').left, { old: 'old content' });
});

test('a rename that replaces a file, made safe the usual way, stays', (t) => {
  assert.deepEqual(lose(t, 'echo x >new; sync new; mv new old; sync .').left, { old: 'x\n' });
});

test('unsynced writes that happen to survive are put back', (t) => {
  assert.deepEqual(lose(t, 'echo a >a; echo b >>old', () => 1).left, { old: 'old contentb\n', a: 'a\n' });
  assert.deepEqual(lose(t, 'echo a >a; echo b >>old', () => 0).left, { old: 'old content', a: '' });
});
