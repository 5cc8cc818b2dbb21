// @backstage/catalog-client, unmodified: locations, refreshing, validating, analyzing and ancestors, over a web server of
// files on this machine.
import assert from 'node:assert/strict';
import http from 'node:http';
import test from 'node:test';
import { CatalogClient } from '@backstage/catalog-client';
import { stringifyEntityRef } from '@backstage/catalog-model';
import { scratch, startPortal } from '../portal.mjs';
import { writeConfig } from './catalog.mjs';

const component = (name, owner = 'team-a') =>
  `apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: ${name}, tags: [fetched]}\nspec: {type: service, lifecycle: production, owner: ${owner}}\n`;

/** A server whose files can be changed: `files['/a.yaml'] = text`. */
async function serve(t) {
  const files = {};
  const server = http.createServer((request, response) => {
    const text = files[request.url];
    response.writeHead(text === undefined ? 404 : 200, { 'Content-Type': 'text/yaml' });
    response.end(text);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  return { files, url: `http://127.0.0.1:${server.address().port}` };
}

test('locations', async (t) => {
  const { files, url } = await serve(t);
  files['/catalog-info.yaml'] =
    'apiVersion: backstage.io/v1alpha1\nkind: Location\nmetadata: {name: all}\nspec: {targets: [./parts/one.yaml]}\n---\n' + component('root');
  files['/parts/one.yaml'] =
    component('one') +
    '---\napiVersion: backstage.io/v1alpha1\nkind: API\nmetadata: {name: one}\nspec: {type: openapi, lifecycle: production, owner: team-a, definition: {$text: ./one.txt}}\n';
  files['/parts/one.txt'] = 'openapi: 3.1.0\n';
  files['/other.yaml'] = component('other');
  const extra = { stagedoor: { outbound: { allow: ['127.0.0.1'] } } };
  const portal = await startPortal(t, { configs: [writeConfig(scratch(t, 'config'), [], extra)] });
  const client = new CatalogClient({ discoveryApi: { getBaseUrl: async (plugin) => `${portal.url}/api/${plugin}` }, fetchApi: { fetch } });
  const options = { token: portal.token };
  const target = `${url}/catalog-info.yaml`;
  const byRef = (reference) => client.getEntityByRef(reference, options);
  let location;

  await t.test('a trial tells what there is', async () => {
    const trial = await client.addLocation({ type: 'url', target, dryRun: true }, options);
    assert.equal(trial.exists, false);
    assert.deepEqual(trial.location.target, target);
    const refs = trial.entities.map((entity) => stringifyEntityRef(entity)).sort();
    assert.deepEqual(refs, ['api:default/one', 'component:default/one', 'component:default/root', 'location:default/all', trial.location.entityRef].sort());
    assert.ok(trial.entities.every((entity) => entity.metadata.uid === undefined && entity.relations === undefined));
    assert.deepEqual((await client.getLocations(undefined, options)).items, []);
  });

  await t.test('what a location says is there on return', async () => {
    const added = await client.addLocation({ type: 'url', target }, options);
    assert.deepEqual([added.location.type, added.location.target, added.entities], ['url', target, []]);
    location = added.location;
    assert.equal((await byRef('component:default/one')).spec.owner, 'team-a');
    assert.equal((await byRef('api:default/one')).spec.definition, 'openapi: 3.1.0\n');
    const facets = await client.getEntityFacets({ facets: ['kind'], filter: { 'metadata.tags': 'fetched' } }, options);
    assert.deepEqual(facets.facets.kind, [{ value: 'Component', count: 2 }]);
  });

  await t.test('it is found in every way', async () => {
    assert.deepEqual((await client.getLocations(undefined, options)).items, [location]);
    assert.deepEqual(await client.getLocationById(location.id, options), location);
    assert.deepEqual(await client.getLocationByRef(`url:${target}`, options), location);
    assert.deepEqual(await client.getLocationByEntity('component:default/one', options), location);
    const page = await client.queryLocations({ query: { target: { $hasPrefix: url } }, limit: 5 }, options);
    assert.deepEqual([page.items, page.totalItems], [[location], 1]);
    const streamed = [];
    for await (const batch of client.streamLocations({}, options)) streamed.push(...batch);
    assert.deepEqual(streamed, [location]);
    assert.equal(await client.getLocationById('00000000-0000-4000-8000-000000000000', options), undefined);
    assert.equal(await client.getLocationByEntity('component:default/nothing', options), undefined);
  });

  await t.test('ancestors lead to it', async () => {
    const ancestry = await client.getEntityAncestors({ entityRef: 'component:default/one' }, options);
    assert.equal(ancestry.rootEntityRef, 'component:default/one');
    assert.deepEqual(
      ancestry.items.map((item) => [stringifyEntityRef(item.entity), item.parentEntityRefs]),
      [
        ['component:default/one', ['location:default/all']],
        ['location:default/all', [location.entityRef]],
        [location.entityRef, []],
      ],
    );
  });

  await t.test('a refresh takes what has changed', async () => {
    const before = await byRef('component:default/one');
    files['/parts/one.yaml'] = component('one', 'team-b');
    await client.refreshEntity('component:default/one', options);
    const after = await byRef('component:default/one');
    assert.deepEqual([after.spec.owner, after.metadata.uid], ['team-b', before.metadata.uid]);
    assert.equal(await byRef('api:default/one'), undefined);
  });

  await t.test('a second registration is a conflict', async () => {
    await assert.rejects(client.addLocation({ type: 'url', target }, options), (error) => {
      assert.deepEqual([error.statusCode, error.cause.name], [409, 'ConflictError']);
      return true;
    });
  });

  await t.test('entities are validated', async () => {
    const entity = await byRef('component:default/one');
    const { relations, status, ...rest } = entity;
    const { uid, etag, ...metadata } = rest.metadata;
    assert.deepEqual(await client.validateEntity({ ...rest, metadata }, `url:${target}`, options), { valid: true });
    const wrong = await client.validateEntity({ ...rest, metadata, spec: { type: 'service' } }, `url:${target}`, options);
    assert.equal(wrong.valid, false);
    assert.match(wrong.errors[0].message, /must have required property/);
  });

  await t.test('a repository without files gets a suggestion', async () => {
    const analysis = await client.analyzeLocation({ location: { type: 'url', target: `${url}/teams/shop` } }, options);
    assert.deepEqual(analysis.existingEntityFiles, []);
    assert.equal(analysis.generateEntities[0].entity.metadata.name, 'shop');
  });

  await t.test('a location may point elsewhere', async () => {
    const moved = await client.updateLocation(location.id, { type: 'url', target: `${url}/other.yaml` }, options);
    assert.deepEqual([moved.id, moved.target], [location.id, `${url}/other.yaml`]);
    assert.ok(await byRef('component:default/other'));
    assert.equal(await byRef('component:default/one'), undefined);
  });

  await t.test('what it said goes with it', async () => {
    await client.removeLocationById(location.id, options);
    assert.deepEqual((await client.getLocations(undefined, options)).items, []);
    assert.equal(await byRef('component:default/other'), undefined);
    assert.equal(await byRef('component:default/root'), undefined);
  });
});
