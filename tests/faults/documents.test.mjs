// Files on disk and behind addresses whose text is the trouble: bombs, cycles, one name twice, bad documents.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { scratch } from '../clients/portal.mjs';
import { Catalog, onLoopback } from './catalog.mjs';
import { answers, component, components, location, site } from './sites.mjs';

/** Aliases of aliases: a billion of texts from ten lines. */
const BOMB = `apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: bomb
  annotations:
    a: &a lol
${[...'bcdefghij'].map((name, i) => {
  const before = '*' + 'abcdefghij'[i];
  return `    ${name}: &${name} [${Array(9).fill(before).join(', ')}]\n`;
}).join('')}spec: { type: service, lifecycle: production, owner: team-a }
`;
/** Another number by hand: FAULTS_CHILDREN=100000. */
const CHILDREN = Number(process.env.FAULTS_CHILDREN ?? 2000);
/** Nested deeper than any document is. */
const DEEP = `kind: Component\nspec: ${'['.repeat(100_000)}${']'.repeat(100_000)}\n`;

test('documents that are trouble', async (t) => {
  const dir = scratch(t, 'documents');
  const file = (name) => path.join(dir, name);
  const write = (name, text) => {
    fs.mkdirSync(path.dirname(file(name)), { recursive: true });
    // As editors do: nobody sees half of it.
    fs.writeFileSync(file('.new'), text);
    fs.renameSync(file('.new'), file(name));
  };
  const targets = ['bombs/*.yaml', 'cycle/a.yaml', 'claims/*.yaml', 'rivals/first.yaml', 'rivals/second.yaml', 'bad/*.yaml'];
  const locations = targets.map((target) => `    - { type: file, target: ./${target} }\n`);
  write('app-config.yaml', `catalog:\n  rules:\n    - allow: [Component, Location]\n  locations:\n${locations.join('')}`);
  write('bombs/healthy.yaml', component('beside-bombs'));
  write('cycle/a.yaml', `${location('cycle-a', ['./b.yaml'], 'file')}---\n${component('in-a')}`);
  write('cycle/b.yaml', `${location('cycle-b', ['./a.yaml', './b.yaml'], 'file')}---\n${component('in-b')}`);
  write('claims/a.yaml', component('claimed', { owner: 'team-a' }));
  write('rivals/first.yaml', component('disputed', { owner: 'first' }));
  write('rivals/second.yaml', components('second-only'));
  write('bad/file.yaml', components('good-1', 'turns-bad', 'good-2'));
  const portal = await onLoopback(t, { configs: [file('app-config.yaml')] });
  const catalog = new Catalog(portal);
  const id = (target) => `file:./${target}`;
  const eventually = (what, check) => portal.until(what, check, 10_000);
  const owner = async (name) => (await catalog.entities()).get(name)?.spec.owner;
  const uid = async (name) => (await catalog.entities()).get(name)?.metadata.uid;

  await t.test('bombs of YAML', async () => {
    const started = performance.now();
    write('bombs/bomb.yaml', `${component('before-bomb')}---\n${BOMB}---\n${component('behind-bomb')}`);
    write('bombs/deep.yaml', DEEP);
    const shown = await eventually('both are told of', async () => {
      const source = await catalog.source(id('bombs/*.yaml'));
      return source.problems.length >= 2 && source;
    });
    assert.ok(performance.now() - started < 5000, 'in no time');
    const told = shown.problems.map((problem) => problem.message).join('\n');
    assert.match(told, /alias/i);
    assert.match(told, /Nested more than/);
    assert.ok(shown.problems.every((problem) => problem.line > 0), 'with their lines');
    const names = await catalog.names();
    for (const name of ['beside-bombs', 'before-bomb', 'behind-bomb']) assert.ok(names.includes(name), name);
    assert.ok(!names.includes('bomb'));
    fs.rmSync(file('bombs/bomb.yaml'));
    await eventually('what went with the file is gone', async () => !(await catalog.names()).includes('before-bomb'));
    assert.ok((await catalog.names()).includes('beside-bombs'));
  });

  await t.test('the same from an address', async (t) => {
    const host = await site(t);
    host.put('/bomb.yaml', component('bomb'));
    const source = await catalog.register(`${host.url}/bomb.yaml`);
    const before = await catalog.of(source);
    host.put('/bomb.yaml', BOMB);
    assert.equal((await catalog.read(source)).problems.length, 1);
    assert.deepEqual(await catalog.of(source), before, 'the last good one stays');
    host.put('/bomb.yaml', component('defused'));
    await catalog.read(source);
    assert.deepEqual(Object.keys(await catalog.of(source)), ['defused']);
  });

  await t.test('Locations that lead to each other', async () => {
    const source = await catalog.source(id('cycle/a.yaml'));
    assert.deepEqual([source.state, source.problems, source.entities], ['fresh', [], 5]);
    fs.rmSync(file('cycle/b.yaml'));
    await eventually('a missing target is shown', async () => (await catalog.source(source.id)).problems.length === 1);
    assert.ok((await catalog.names()).includes('in-b'), 'and what it said stays for its grace');
    write('cycle/a.yaml', component('in-a'));
    await eventually('nothing leads there any more', async () => !(await catalog.names()).includes('in-b'));
    assert.equal((await catalog.source(source.id)).state, 'fresh');
  });

  await t.test('the same from addresses', async (t) => {
    const host = await site(t);
    host.put('/a.yaml', `${location('url-a', [`${host.url}/b.yaml`])}---\n${component('url-in-a')}`);
    host.put('/b.yaml', `${location('url-b', ['./a.yaml', './b.yaml'])}---\n${component('url-in-b')}`);
    const source = await catalog.register(`${host.url}/a.yaml`);
    assert.deepEqual(Object.keys(await catalog.of(source)), ['url-a', 'url-b', 'url-in-a', 'url-in-b']);
    await catalog.read(source);
    assert.deepEqual([...host.asked.values()], [2, 2], 'each is asked for once in a reading');
  });

  await t.test('two files of one location that claim one name', async () => {
    const before = await uid('claimed');
    write('claims/b.yaml', component('claimed', { owner: 'team-b' }));
    const source = await eventually('the conflict is shown', async () => {
      const source = await catalog.source(id('claims/*.yaml'));
      return source.conflicts.length === 1 && source;
    });
    const [conflict] = source.conflicts;
    assert.equal(conflict.ref, 'component:default/claimed');
    assert.deepEqual([conflict.holder, conflict.claimer], ['a', 'b'].map((n) => `file:${file(`claims/${n}.yaml`)}#0`));
    assert.equal(await owner('claimed'), 'team-a', 'the first keeps it');
    fs.rmSync(file('claims/a.yaml'));
    await eventually('the second takes over', async () => (await owner('claimed')) === 'team-b');
    assert.equal(await uid('claimed'), before, 'it is still the same');
    assert.deepEqual((await catalog.source(source.id)).conflicts, []);
  });

  await t.test('two locations that claim one name', async () => {
    const before = await uid('disputed');
    const second = id('rivals/second.yaml');
    write('rivals/second.yaml', `${component('second-only')}---\n${component('disputed', { owner: 'second' })}`);
    await eventually('the conflict is shown', async () => (await catalog.source(second)).conflicts.length === 1);
    assert.equal(await owner('disputed'), 'first');
    // A source that is merely away does not lose its name.
    fs.rmSync(file('rivals/first.yaml'));
    const first = id('rivals/first.yaml');
    await eventually('the first is gone', async () => (await catalog.source(first)).state === 'gone');
    assert.equal(await owner('disputed'), 'first', 'for its grace');
    write('rivals/first.yaml', component('first-only'));
    await eventually('the second takes over', async () => (await owner('disputed')) === 'second');
    assert.equal(await uid('disputed'), before);
    assert.equal((await catalog.source(first)).state, 'fresh');
    assert.deepEqual((await catalog.source(second)).conflicts, []);
  });

  await t.test('a document that turns bad', async () => {
    const before = await uid('turns-bad');
    const bad = component('turns-bad', { owner: 'nobody' }).replace('lifecycle: production, ', '');
    write('bad/file.yaml', `${component('good-1')}---\n${bad}---\n${component('good-3')}`);
    const source = await eventually('it is shown', async () => {
      const source = await catalog.source(id('bad/*.yaml'));
      return source.problems.length === 1 && source;
    });
    assert.equal(source.problems[0].ref, 'component:default/turns-bad');
    assert.match(source.problems[0].message, /lifecycle/);
    assert.equal(await owner('turns-bad'), 'team-a', 'its last good form stays');
    const names = (await catalog.names()).filter((name) => name.startsWith('good-'));
    assert.deepEqual(names, ['good-1', 'good-3'], 'its neighbours come and go');
    write('bad/file.yaml', components('good-1', 'turns-bad'));
    await eventually('it is well again', async () => (await catalog.source(source.id)).problems.length === 0);
    assert.equal(await uid('turns-bad'), before);
    write('bad/file.yaml', component('good-1'));
    await eventually('a removed document disappears', async () => !(await catalog.names()).includes('turns-bad'));
  });
});

test('a Location with very many children', async (t) => {
  const host = await site(t);
  const names = Array.from({ length: CHILDREN }, (_, i) => `child-${i}`);
  host.put('/all.yaml', location('all', names.map((name) => `./${name}.yaml`)));
  for (const name of names) host.put(`/${name}.yaml`, component(name));
  const portal = await onLoopback(t);
  const catalog = new Catalog(portal);
  const id = await catalog.register(`${host.url}/all.yaml`);
  await portal.until('all are there', async () => (await catalog.count()) === CHILDREN, 60_000);
  const rest = async () => !(await catalog.source(id)).running;
  const again = async () => {
    await catalog.read(id);
    await portal.until('it has been read', rest, 60_000);
    return catalog.source(id);
  };
  await portal.until('it has been read', rest);
  const before = await catalog.of(id);
  const revision = await catalog.revision();
  assert.equal((await again()).state, 'fresh');
  assert.equal(await catalog.revision(), revision, 'nothing changed, so nothing was written');

  // Three fail, one says nothing more, and one is no longer a child.
  host.routes['/child-7.yaml'] = answers.status(500);
  host.routes['/child-8.yaml'] = answers.status(404);
  host.routes['/child-9.yaml'] = answers.cut(component('child-9'));
  host.put('/child-10.yaml', '# nothing\n');
  const rarer = names.filter((name) => name !== 'child-11');
  host.put('/all.yaml', location('all', rarer.map((name) => `./${name}.yaml`)));
  const broken = await again();
  assert.deepEqual([broken.state, broken.problems.length], ['stale', 3]);
  const { 'child-10': emptied, 'child-11': dropped, ...others } = before;
  assert.ok(emptied && dropped);
  assert.deepEqual(await catalog.of(id), others);

  // Far fewer at once: held until somebody confirms.
  for (const name of names.slice(7, 10)) host.put(`/${name}.yaml`, component(name));
  host.put('/all.yaml', location('all', names.slice(0, 5).map((name) => `./${name}.yaml`)));
  assert.equal((await again()).state, 'held');
  assert.deepEqual(await catalog.of(id), others);
  assert.equal((await catalog.confirm(id)).state, 'fresh');
  assert.equal(await catalog.count(), 5);
});
