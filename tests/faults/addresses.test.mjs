// Addresses that fail in every way: what they said stays, the state says why, and what is really gone goes.
import assert from 'node:assert/strict';
import test from 'node:test';
import { Catalog, onLoopback } from './catalog.mjs';
import { answers, component, components, location, site } from './sites.mjs';

const FILE = '/catalog-info.yaml';

/** What an address does, and what has to be shown of it. */
const FAULTS = [
  ['404', () => answers.status(404), 'gone', /not found \(status 404\)/],
  ['410', () => answers.status(410), 'gone', /status 410/],
  ['500', () => answers.status(500), 'stale', /answered with status 500/],
  ['a redirect without an end', (url) => answers.status(302, { location: url + FILE }), 'stale', /redirect/],
  ['an expired token', () => answers.status(401), 'stale', /status 401.*credential/],
  ['an empty answer', () => answers.text(''), 'stale', /answered with nothing/],
  ['an answer of spaces', () => answers.text('  \n\n'), 'stale', /answered with nothing/],
  ['half an answer', (_, text) => answers.cut(text), 'stale', /end of file|EOF/],
  ['half of an answer in pieces', (_, text) => answers.cutPieces(text), 'stale', /end of file|EOF/],
  ['no text', () => answers.text(Buffer.from([0xff, 0xfe, 0x00])), 'stale', /not UTF-8/],
  ['more than may be', () => answers.text('#'.repeat(11 * 1024 * 1024)), 'stale', /MiB|bytes|large/],
  ['a page in HTML', () => answers.text('<html><body>Sign in: please</body></html>'), 'fresh', null],
];

/** Breaks an address, looks, mends it with one document less and one more, and looks again. */
async function breaks(catalog, [name, answer, state, reason], t) {
  const host = await site(t);
  const prefix = name.replace(/[^a-z0-9]+/g, '-');
  const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((letter) => `${prefix}-${letter}`);
  const text = components(a, b, c);
  host.put(FILE, text);
  const id = await catalog.register(host.url + FILE);
  const before = await catalog.of(id);
  assert.deepEqual(Object.keys(before), [a, b, c]);
  assert.deepEqual(shown(await catalog.source(id)), { state: 'fresh', entities: 4, problems: 0 });

  host.routes[FILE] = answer(host.url, text);
  const broken = await catalog.read(id);
  assert.equal(broken.state, state, `${broken.reason}`);
  if (reason) assert.match(broken.reason, reason);
  assert.ok(broken.problems.length > 0, 'people are shown what is wrong');
  assert.equal(broken.entities, 4);
  assert.deepEqual(await catalog.of(id), before, 'nothing was deleted or made anew');
  const revision = await catalog.revision();
  await catalog.read(id);
  assert.equal(await catalog.revision(), revision, 'the same trouble again writes nothing');

  host.put(FILE, components(a, b, d));
  const mended = await catalog.read(id);
  assert.deepEqual(shown(mended), { state: 'fresh', entities: 4, problems: 0 });
  assert.equal(mended.reason, null);
  const after = await catalog.of(id);
  assert.deepEqual(Object.keys(after), [a, b, d], 'what is really gone has gone');
  assert.deepEqual([after[a], after[b]], [before[a], before[b]], 'the others are who they were');
}

const shown = ({ state, entities, problems }) => ({ state, entities, problems: problems.length });

test('addresses that fail', async (t) => {
  const portal = await onLoopback(t);
  const catalog = new Catalog(portal);
  // They take the 15 seconds that the portal gives an answer: the others are looked at meanwhile.
  const slow = hangs(catalog, t);
  slow.catch(() => {});
  for (const fault of FAULTS) await t.test(fault[0], (t) => breaks(catalog, fault, t));
  await t.test('one target of a Location', (t) => oneOfMany(catalog, t));
  await t.test('a limit that is used up', (t) => usedUp(portal, catalog, t));
  await t.test('answers that never end', () => slow);
});

/** A Location leads to healthy and to broken files: only the broken ones are kept as they were. */
async function oneOfMany(catalog, t) {
  const host = await site(t);
  const files = ['one', 'two', 'three', 'four'];
  host.put(FILE, location('many', files.map((name) => `./${name}.yaml`)));
  for (const name of files) host.put(`/${name}.yaml`, components(`${name}-x`, `${name}-y`));
  const id = await catalog.register(host.url + FILE);
  const before = await catalog.of(id);
  assert.equal(Object.keys(before).length, 9);
  host.routes['/one.yaml'] = answers.status(500);
  host.routes['/two.yaml'] = answers.cut(components('two-x', 'two-y'));
  host.routes['/three.yaml'] = answers.status(404);
  host.put('/four.yaml', component('four-y'));
  const broken = await catalog.read(id);
  assert.equal(broken.state, 'stale');
  assert.equal(broken.problems.length, 3);
  const { 'four-x': gone, ...rest } = before;
  assert.ok(gone);
  assert.deepEqual(await catalog.of(id), rest, 'only what a healthy file no longer says has gone');
  // The Location itself turns bad: where it led to still counts.
  host.put(FILE, 'kind: Location\nspec: [');
  assert.ok((await catalog.read(id)).problems.length > 0);
  assert.deepEqual(await catalog.of(id), rest);
  // It leads to fewer.
  host.put(FILE, location('many', ['./four.yaml']));
  assert.equal((await catalog.read(id)).state, 'fresh');
  assert.deepEqual(Object.keys(await catalog.of(id)), ['four-y', 'many']);
}

/** 429 and GitHub's 403: the host is left alone until the moment that it names, then read by itself. */
async function usedUp(portal, catalog, t) {
  const seconds = () => Math.floor(Date.now() / 1000);
  const limits = {
    429: () => answers.status(429, { 'retry-after': '2' }),
    403: () =>
      answers.status(403, {
        'x-ratelimit-limit': '60',
        'x-ratelimit-remaining': '0',
        'x-ratelimit-reset': String(seconds() + 2),
      }),
  };
  for (const [status, limit] of Object.entries(limits)) {
    const host = await site(t);
    host.put(FILE, components(`used-${status}-a`, `used-${status}-b`));
    const id = await catalog.register(host.url + FILE);
    const before = await catalog.of(id);
    host.routes[FILE] = limit();
    const broken = await catalog.read(id);
    assert.equal(broken.state, 'stale');
    assert.match(broken.reason, /allows no more requests/);
    const wait = Date.parse(broken.nextRun) - Date.now();
    assert.ok(wait > 0 && wait < 3000, `read again when the host allows it: ${broken.nextRun}`);
    assert.deepEqual(await catalog.of(id), before);
    const budget = (await catalog.budgets()).find((budget) => budget.host === host.host);
    assert.ok(budget.blockedUntil, 'the limit is shown');
    const asked = host.asked.get(FILE);
    host.put(FILE, components(`used-${status}-a`));
    assert.equal((await catalog.read(id)).state, 'stale', 'not even a person');
    assert.equal(host.asked.get(FILE), asked, 'nothing was sent');
    await portal.until('read by itself', async () => (await catalog.source(id)).state === 'fresh', 6000);
    const { [`used-${status}-b`]: gone, ...rest } = before;
    assert.ok(gone);
    assert.deepEqual(await catalog.of(id), rest);
  }
}

/** Hosts that take the question and never answer, or never come to an end. */
async function hangs(catalog, t) {
  await Promise.all(
    Object.entries({ hangs: answers.hang(), drips: answers.drip() }).map(async ([name, answer]) => {
      const host = await site(t);
      host.put(FILE, components(`${name}-a`, `${name}-b`));
      const id = await catalog.register(host.url + FILE);
      const before = await catalog.of(id);
      host.routes[FILE] = answer;
      const asked = await catalog.read(id);
      assert.deepEqual([asked.running, asked.state], [true, 'fresh'], 'a person is told after ten seconds');
      const until = async () => !(await catalog.source(id)).running;
      await catalog.portal.until(`${name}: given up`, until, 10_000);
      const broken = await catalog.source(id);
      assert.equal(broken.state, 'stale');
      assert.match(broken.reason, /no complete answer within 15000 ms/);
      assert.deepEqual(await catalog.of(id), before);
      host.put(FILE, components(`${name}-b`));
      assert.equal((await catalog.read(id)).state, 'fresh');
      assert.deepEqual(Object.keys(await catalog.of(id)), [`${name}-b`]);
    }),
  );
}
