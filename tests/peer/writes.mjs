// Locations, step by step in both: registered, tried, changed, refreshed, deleted.
import { compareRequest } from './single.mjs';

const component = (name, more = '') => `apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: ${name}}\nspec: {type: service, lifecycle: production, owner: crew${more}}\n`;

export async function writes(both, web, files) {
  const { backstage, stagedoor } = both;
  const step = (method, asked, body, extra = {}) => compareRequest(both, { method, path: asked, ...(body !== undefined && { body }), ...extra }, 'writes');
  const learn = async () => {
    for (const system of [backstage, stagedoor]) {
      for (const { data } of (await system.ask({ path: '/locations' })).body) system.targets.set(data.id, `id of ${data.target}`);
      await system.dump();
    }
  };
  const settle = async () => {
    await backstage.settled();
    await learn();
  };
  const url = (name) => `${web.url}${name}`;
  const location = (name, more) => ({ type: 'url', target: url(name), ...more });

  files['/one.yaml'] = component('one');
  files['/two.yaml'] = `${component('two')}---\n${component('two-more')}`;
  files['/bad.yaml'] = component('a b');
  files['/not.yaml'] = 'a: [';
  files['/text.yaml'] = 'just text';
  files['/twice.yaml'] = `${component('twin')}---\n${component('Twin')}`;
  files['/empty.yaml'] = '';
  files['/leads-well.yaml'] = 'apiVersion: backstage.io/v1alpha1\nkind: Location\nmetadata: {name: leads-well}\nspec: {targets: [./two.yaml, ./twice.yaml]}\n';
  files['/leads.yaml'] = 'apiVersion: backstage.io/v1alpha1\nkind: Location\nmetadata: {name: leads}\nspec: {targets: [./two.yaml, ./nowhere.yaml]}\n';

  // Refusals and trials.
  for (const body of [{}, { type: 'url' }, { target: url('/one.yaml') }, { type: 'file', target: '/x.yaml' }, { type: 'url', target: 7 }, { ...location('/one.yaml'), other: 1 }, { ...location('/one.yaml'), presence: 'maybe' }, [], 'x', ''])
    for (const dry of ['', '?dryRun=true']) await step('POST', `/locations${dry}`, body);
  for (const headers of [{ 'content-type': 'text/plain' }, { 'content-type': null }]) await step('POST', '/locations', '{}', { headers });
  for (const query of ['?dryRun=', '?x=1', '?onConflict=maybe', '?dryRun=true&onConflict=refresh', '?dryRun=true&dryRun=true']) await step('POST', `/locations${query}`, query.startsWith('?dryRun=true&onConflict') ? location('/one.yaml') : {});
  const tried = Object.keys(files).filter((name) => /^\/(edges\/)?(apart\/)?[^/]*\.yaml$/.test(name));
  for (const name of [...tried, '/nowhere.yaml']) await step('POST', '/locations?dryRun=true', location(name), { trial: true });

  // One registered, refused a second time, found, changed, deleted.
  await step('POST', '/locations', location('/one.yaml'));
  await settle();
  await step('GET', '/entities/by-name/component/default/one');
  await step('GET', '/entities/by-name/component/default/one/ancestry');
  await step('GET', '/locations');
  await step('GET', '/locations/by-entity/component/default/one');
  await step('GET', '/locations/by-entity/Component/DEFAULT/One');
  await step('POST', '/locations', location('/one.yaml'));
  await step('POST', '/locations?onConflict=reject', location('/one.yaml'));
  await step('POST', '/locations?onConflict=refresh', location('/one.yaml'));
  await step('POST', '/locations?dryRun=true', location('/one.yaml'), { trial: true });
  await step('POST', '/locations', location('/leads.yaml'));
  await settle();
  await step('POST', '/locations', location('/leads-well.yaml'));
  await settle();
  for (const ref of ['component/default/two', 'component/default/two-more', 'location/default/leads', 'location/default/leads-well', 'component/default/twin']) await step('GET', `/entities/by-name/${ref}`);
  await step('GET', '/entities/by-name/component/default/two/ancestry');
  for (const body of [{}, { query: {} }, { query: { type: 'url' } }, { query: { type: 'URL' } }, { query: { target: url('/one.yaml') } }, { query: { target: { $hasPrefix: web.url } } }, { query: { $all: [{ type: 'url' }, { $not: { target: url('/one.yaml') } }] } },
    { query: { foo: 1 } }, { query: { type: { $in: ['url', 'x'] } } }, { query: { type: { $exists: true } } }, { query: { type: { $contains: 'url' } } }, { query: { $any: [] } }, { query: 'x' }, { limit: 0 }, { limit: 'x' }, { limit: 1.5 }, { cursor: 'bad' }, { unknown: 1 }, { query: { entityRef: { $hasPrefix: 'location:default/generated-' } } }])
    await step('POST', '/locations/by-query', body, { unordered: true });

  // A file changes, and somebody asks for it; then it turns bad, and good again.
  files['/one.yaml'] = component('one', ', system: machine');
  await step('POST', '/refresh', { entityRef: 'component:default/one' });
  await settle();
  await step('GET', '/entities/by-name/component/default/one');
  files['/one.yaml'] = component('one').replace('name: one', 'name: one, tags: [Bad]');
  await step('POST', '/refresh', { entityRef: 'component:default/one' });
  await settle();
  await step('GET', '/entities/by-name/component/default/one');
  files['/one.yaml'] = component('one');
  await step('POST', '/refresh', { entityRef: 'component:default/one' });
  await settle();

  const id = (system, target) => [...system.targets].find(([, name]) => name === `id of ${target}`)?.[0];
  const own = async (method, target, body) => {
    // The ids are each system's own.
    const ids = new Map([backstage, stagedoor].map((system) => [system, id(system, target)]));
    return compareOwn(both, method, (system) => `/locations/${ids.get(system)}`, body);
  };
  await own('GET', url('/one.yaml'));
  for (const body of [{}, { type: 'url' }, { type: 'file', target: '/x' }, location('/leads.yaml'), { ...location('/two.yaml'), other: 1 }]) await own('PUT', url('/one.yaml'), body);
  await own('DELETE', url('/leads.yaml'));
  await own('DELETE', url('/leads-well.yaml'));
  await settle();
  for (const ref of ['component/default/two', 'location/default/leads', 'location/default/leads-well']) await step('GET', `/entities/by-name/${ref}`);
  await own('DELETE', url('/one.yaml'));
  await settle();
  await step('GET', '/entities/by-name/component/default/one');
  await step('GET', '/locations');
}

async function compareOwn(both, method, route, body) {
  const wrap = (system) => Object.assign(Object.create(system), { ask: (request) => system.ask({ ...request, path: route(system) }) });
  const { backstage, stagedoor, report } = both;
  const mine = { backstage: wrap(backstage), stagedoor: wrap(stagedoor), report };
  await compareRequest(mine, { method, path: `/locations/{id}`, ...(body && { body }) }, 'writes');
}
