// Backstage's own client of its scaffolder, unmodified: forms, tasks and their events by both ways, dry runs, lists.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import test from 'node:test';
import { scratch, startPortal } from '../portal.mjs';

const require = createRequire(import.meta.url);
const { ScaffolderClient, isTemplateEntityV1beta3 } = require('@backstage/plugin-scaffolder-common');
const { ScmIntegrations } = require('@backstage/integration');
const { ConfigReader } = require('@backstage/config');

// What the event source library wants of a browser.
globalThis.window ??= globalThis;
globalThis.document ??= { addEventListener() {}, removeEventListener() {} };

const TEMPLATE = {
  apiVersion: 'scaffolder.backstage.io/v1beta3',
  kind: 'Template',
  metadata: { name: 'note', title: 'A note', tags: ['recommended'] },
  spec: {
    type: 'other',
    parameters: [{ title: 'The note', required: ['name'], properties: { name: { type: 'string', maxLength: 20, 'ui:autofocus': true } } }],
    steps: [
      { id: 'fill', name: 'Fill in', action: 'fetch:template', input: { url: './skeleton', values: { name: '${{ parameters.name }}' } } },
      { id: 'say', name: 'Say so', action: 'debug:log', input: { message: 'made ${{ parameters.name }} by ${{ user.ref }}', listWorkspace: true } },
      { id: 'never', name: 'Never', if: '${{ parameters.never }}', action: 'debug:log', input: { message: 'no' } },
    ],
    output: { text: [{ title: 'Done', content: 'made ${{ parameters.name }}' }] },
  },
};

async function start(t) {
  const dir = scratch(t, 'scaffolder');
  fs.mkdirSync(path.join(dir, 'skeleton'));
  fs.writeFileSync(path.join(dir, 'skeleton', '${{ values.name }}.md'), '# ${{ values.name }}\n');
  fs.writeFileSync(path.join(dir, 'template.yaml'), JSON.stringify(TEMPLATE));
  const config = { catalog: { locations: [{ type: 'file', target: './template.yaml', rules: [{ allow: ['Template'] }] }] } };
  fs.writeFileSync(path.join(dir, 'app-config.yaml'), JSON.stringify(config));
  const portal = await startPortal(t, { configs: [path.join(dir, 'app-config.yaml')] });
  const client = (useLongPollingLogs) =>
    new ScaffolderClient({
      discoveryApi: { getBaseUrl: async (plugin) => `${portal.url}/api/${plugin}` },
      fetchApi: {
        fetch: async (url, options = {}) => {
          const headers = new Headers(options.headers);
          headers.set('Authorization', `Bearer ${portal.token}`);
          return fetch(url, { ...options, headers });
        },
      },
      identityApi: { getBackstageIdentity: async () => ({ type: 'user', userEntityRef: 'user:default/elsa', ownershipEntityRefs: [] }) },
      scmIntegrationsApi: ScmIntegrations.fromConfig(new ConfigReader({})),
      useLongPollingLogs,
    });
  return { portal, client };
}

const all = (observable) =>
  new Promise((resolve, reject) => {
    const events = [];
    observable.subscribe({ next: (event) => events.push(event), error: reject, complete: () => resolve(events) });
  });

test('a template is shown, executed and followed', async (t) => {
  const { portal, client } = await start(t);
  const scaffolder = client(false);
  const catalogued = await portal.ask('/api/catalog/entities/by-name/template/default/note');
  assert.ok(isTemplateEntityV1beta3(catalogued.body));
  const form = await scaffolder.getTemplateParameterSchema('template:default/note');
  assert.equal(form.title, 'A note');
  assert.deepEqual(form.steps.map((step) => step.title), ['The note']);
  assert.equal(form.steps[0].schema.properties.name['ui:autofocus'], true);
  await assert.rejects(scaffolder.getTemplateParameterSchema('template:default/none'), { name: 'ResponseError' });

  await assert.rejects(scaffolder.scaffold({ templateRef: 'template:default/note', values: {} }), /requires property \\"name\\"/);
  for (const polling of [false, true]) {
    const { taskId } = await client(polling).scaffold({ templateRef: 'template:default/note', values: { name: 'first' } });
    const events = await all(client(polling).streamLogs({ taskId, isTaskRecoverable: false }));
    const messages = events.map((event) => event.body.message);
    assert.equal(messages[0], 'Starting up task with 3 steps');
    assert.ok(messages.some((message) => message.includes('made first by')), messages.join('\n'));
    assert.ok(messages.includes('Skipping step never because its if condition was false'));
    const of = (status) => events.filter((event) => event.body.status === status).map((event) => event.body.stepId);
    assert.deepEqual([of('processing'), of('completed'), of('skipped')], [['fill', 'say'], ['fill', 'say'], ['never']]);
    const end = events.at(-1);
    assert.deepEqual([end.type, end.body.message], ['completion', 'Run completed with status: completed']);
    assert.deepEqual(end.body.output.text, [{ title: 'Done', content: 'made first' }]);
    assert.ok(events.every((event, i) => i === 0 || event.id > events[i - 1].id), 'ids ascend');
    const rest = await all(client(polling).streamLogs({ taskId, isTaskRecoverable: false, after: events.at(-2).id }));
    assert.deepEqual(rest.map((event) => event.type), ['completion']);
    const task = await scaffolder.getTask(taskId);
    assert.deepEqual([task.status, task.spec.parameters, task.spec.templateInfo.entityRef], ['completed', { name: 'first' }, 'template:default/note']);
  }
  const tasks = await scaffolder.listTasks({ filterByOwnership: 'all', limit: 1 });
  assert.deepEqual([tasks.tasks.length, tasks.totalTasks], [1, 2]);
  assert.equal((await scaffolder.listTasks({ filterByOwnership: 'owned' })).totalTasks, 0);
});

test('a dry run gives files and keeps nothing', async (t) => {
  const { portal, client } = await start(t);
  const scaffolder = client(true);
  const base64Content = Buffer.from('# ${{ values.name }}\n').toString('base64');
  const template = structuredClone(TEMPLATE);
  template.spec.steps[0].input.values.key = '${{ secrets.key }}';
  const result = await scaffolder.dryRun({
    template,
    values: { name: 'tried' },
    secrets: { key: 'violet-lamp-9' },
    directoryContents: [
      { path: 'skeleton/${{ values.name }}.md', base64Content },
      { path: 'skeleton/key.txt', base64Content: Buffer.from('${{ values.key }} ${{ values.key | upper }}').toString('base64') },
    ],
  });
  const files = Object.fromEntries(result.directoryContents.map((file) => [file.path, Buffer.from(file.base64Content, 'base64').toString()]));
  assert.equal(files['tried.md'], '# tried\n');
  assert.ok(!/violet-lamp-9|VIOLET-LAMP-9/.test(JSON.stringify(result) + JSON.stringify(files)), JSON.stringify(files));
  assert.equal(result.steps.length, 3);
  assert.deepEqual(result.output.text, [{ title: 'Done', content: 'made tried' }]);
  assert.equal((await scaffolder.listTasks({ filterByOwnership: 'all' })).totalTasks, 0);
  assert.equal((await portal.ask('/api/scaffolder/v2/tasks/none')).status, 404);
});

test('actions and filters are listed, a task is cancelled and begun again', async (t) => {
  const { client } = await start(t);
  const scaffolder = client(true);
  const actions = await scaffolder.listActions();
  const ids = actions.map((action) => action.id);
  assert.deepEqual(ids, [...ids].sort());
  for (const id of ['fetch:template', 'fetch:plain', 'debug:log', 'catalog:register']) assert.ok(ids.includes(id), id);
  const extensions = await scaffolder.listTemplatingExtensions();
  assert.deepEqual(Object.keys(extensions.filters).sort(), ['parseEntityRef', 'parseRepoUrl', 'pick', 'projectSlug']);
  await assert.rejects(scaffolder.autocomplete({ token: 't', provider: 'github', resource: 'x', context: {} }), { name: 'ResponseError' });
  const { taskId } = await scaffolder.scaffold({ templateRef: 'note', values: { name: 'x' } });
  await all(scaffolder.streamLogs({ taskId, isTaskRecoverable: false }));
  assert.deepEqual(await scaffolder.cancelTask(taskId), { status: 'cancelled' });
});
