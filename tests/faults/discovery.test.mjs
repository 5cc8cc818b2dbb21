// A provider that fails, says less, or is told of a push: GitHub discovery over a fake of it.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { scratch } from '../clients/portal.mjs';
import { Catalog, onLoopback } from './catalog.mjs';
import { FakeGitHub } from './github.mjs';
import { answers, component } from './sites.mjs';

const ID = 'github-provider:acme';
const REPOSITORIES = 30;
const name = (i) => `repo-${String(i).padStart(2, '0')}`;

/** What goes wrong with the list, what the state is then, and why. */
const FAULTS = {
  'the second page is refused': [(page) => page === 1 && answers.status(500), /status 500/],
  'a page is cut': [() => answers.cut(JSON.stringify({ data: { repositoryOwner: { repositories: {} } } })), /end of file|EOF/],
  'a page does not say whether it is the last': [
    () => answers.json({ data: { repositoryOwner: { repositories: { nodes: [] } } } }),
    /half a page/,
  ],
  'a page is no JSON': [() => answers.text('<html>Sign in</html>'), /no JSON/],
  'a page is empty': [() => answers.text(''), /no JSON/],
  'the token has expired': [() => answers.status(401), /401/],
  'the organization is not there': [
    () => answers.json({ data: { repositoryOwner: null }, errors: [{ type: 'NOT_FOUND', message: 'no such owner' }] }),
    /no such owner|not found/,
  ],
  'the whole list is 404': [() => answers.status(404), /404/],
};

test('discovery that fails', async (t) => {
  const fake = await FakeGitHub.start(t);
  for (let i = 0; i < REPOSITORIES; i += 1) fake.repositories.set(name(i), component(name(i)));
  const config = path.join(scratch(t, 'discovery'), 'app-config.yaml');
  fs.writeFileSync(config, fake.config);
  const portal = await onLoopback(t, { configs: [config] });
  const catalog = new Catalog(portal);
  const uids = async () => {
    const found = [...(await catalog.entities())].map(([key, entity]) => [key, entity.metadata.uid]);
    return Object.fromEntries(found.sort());
  };
  await portal.until('all are there', async () => (await catalog.count()) === REPOSITORIES);
  const rest = async () => !(await catalog.source(ID)).running;
  await portal.until('it has been read', rest);
  let before = await uids();
  const shown = await catalog.source(ID);
  assert.deepEqual([shown.state, shown.problems, shown.entities], ['fresh', [], 2 * REPOSITORIES]);
  const start = await catalog.revision();
  await catalog.read(ID);
  assert.equal(await catalog.revision(), start, 'nothing changed, so nothing was written');

  for (const [fault, [answer, reason]] of Object.entries(FAULTS)) {
    await t.test(fault, async () => {
      fake.listing = (page, response, request) => {
        const instead = answer(page);
        if (instead) instead(request, response);
        return Boolean(instead);
      };
      const broken = await catalog.read(ID);
      assert.equal(broken.state, 'stale');
      assert.match(broken.reason, reason);
      assert.ok(!JSON.stringify(broken).includes(fake.token), 'without the credential');
      assert.equal(broken.entities, 2 * REPOSITORIES);
      assert.deepEqual(await uids(), before);
      fake.listing = null;
      assert.equal((await catalog.read(ID)).state, 'fresh');
      assert.deepEqual(await uids(), before);
    });
  }

  await t.test('the limit is used up', async () => {
    const reset = Math.floor(Date.now() / 1000) + 2;
    const limit = { 'x-ratelimit-limit': '5000', 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(reset) };
    fake.listing = (page, response, request) => page === 2 && (answers.status(403, limit)(request, response), true);
    fake.repositories.delete(name(29));
    const broken = await catalog.read(ID);
    assert.equal(broken.state, 'stale');
    assert.match(broken.reason, /allows no more requests/);
    assert.ok(Math.abs(Date.parse(broken.nextRun) - reset * 1000) < 1500, broken.nextRun);
    assert.deepEqual(await uids(), before);
    fake.listing = null;
    await portal.until('read by itself', async () => (await catalog.source(ID)).state === 'fresh', 6000);
    delete before[name(29)];
    assert.deepEqual(await uids(), before, 'and the one that is really gone has gone');
  });

  await t.test('some of its files fail', async () => {
    fake.files.set(name(0), answers.status(500));
    fake.files.set(name(1), answers.status(401));
    fake.files.set(name(2), answers.cut(component(name(2))));
    fake.repositories.set(name(3), null);
    fake.repositories.delete(name(4));
    const broken = await catalog.read(ID);
    assert.equal(broken.state, 'stale');
    assert.equal(broken.problems.length, 3);
    fake.files.clear();
    delete before[name(3)];
    delete before[name(4)];
    assert.deepEqual(await uids(), before, 'only the file and the repository that are really gone have gone');
    assert.equal((await catalog.read(ID)).state, 'fresh');
  });

  await t.test('some of its repositories are hidden', async () => {
    const error = { type: 'FORBIDDEN', message: 'not for this token', path: ['repositoryOwner', 'repositories', 'nodes', 0] };
    fake.listing = (page, response, request) => {
      if (page !== 0) return false;
      fake.listing = null;
      fake.page(request, response, ({ repositories }) => {
        repositories.nodes[0] = null;
        return [error];
      });
      return true;
    };
    fake.repositories.set(name(7), null);
    const broken = await catalog.read(ID);
    assert.equal(broken.state, 'stale');
    assert.match(broken.reason, /not for this token/);
    delete before[name(7)];
    assert.deepEqual(await uids(), before, 'what is hidden stays, what can be seen to be gone goes');
    assert.equal((await catalog.read(ID)).state, 'fresh');
    assert.deepEqual(await uids(), before);
  });

  await t.test('suddenly there is far less', async () => {
    const all = new Map(fake.repositories);
    for (const few of [[], [name(5), name(6)]]) {
      fake.repositories = new Map(few.map((one) => [one, all.get(one)]));
      const held = await catalog.read(ID);
      assert.equal(held.state, 'held');
      assert.match(held.reason, /confirm/);
      assert.deepEqual(await uids(), before, 'nothing was deleted');
    }
    fake.repositories = all;
    assert.equal((await catalog.read(ID)).state, 'fresh', 'it was a mistake');
    assert.deepEqual(await uids(), before);
    fake.repositories = new Map([5, 6].map((i) => [name(i), component(name(i))]));
    assert.equal((await catalog.read(ID)).state, 'held');
    assert.equal((await catalog.confirm(ID)).state, 'fresh');
    before = Object.fromEntries([5, 6].map((i) => [name(i), before[name(i)]]));
    assert.deepEqual(await uids(), before, 'it was meant, and somebody has said so');
  });

  await t.test('a push', async () => {
    const title = async (one) => (await catalog.entities()).get(one)?.metadata.title;
    fake.repositories.set(name(5), component(name(5), { title: 'forged' }));
    const forged = await fake.push(portal, name(5), { secret: 'another secret' });
    assert.equal(forged.status, 403);
    fake.repositories.set(name(5), component(name(5), { title: 'pushed' }));
    const sent = performance.now();
    assert.equal((await fake.push(portal, name(5))).status, 202);
    await portal.until('it is visible', async () => (await title(name(5))) === 'pushed', 5000);
    t.diagnostic(`a push is visible after ${Math.round(performance.now() - sent)} ms`);
    // A new repository, and one that loses its file.
    fake.repositories.set('brand-new', component('brand-new'));
    await fake.push(portal, 'brand-new', { added: ['catalog-info.yaml'], modified: [] });
    await portal.until('a new one is found', async () => (await catalog.names()).includes('brand-new'), 5000);
    fake.repositories.set('brand-new', null);
    await fake.push(portal, 'brand-new', { removed: ['catalog-info.yaml'], modified: [] });
    await portal.until('and goes', async () => !(await catalog.names()).includes('brand-new'), 5000);
    // The host fails right after it has told: what is there stays.
    fake.files.set(name(6), answers.status(500));
    await fake.push(portal, name(6));
    const told = await portal.until('it is told', async () => {
      const source = await catalog.source(ID);
      return source.state === 'stale' && source;
    }, 5000);
    assert.equal(told.problems.length, 1);
    assert.match(told.reason, /status 500/);
    const retried = Date.parse(told.nextRun) - Date.now();
    assert.ok(retried > 0 && retried <= 30_000, 'nobody has to push again');
    assert.ok((await catalog.names()).includes(name(6)));
  });
});
