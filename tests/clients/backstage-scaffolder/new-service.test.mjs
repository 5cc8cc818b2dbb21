// From a template to the entity in the catalog: a skeleton filled in, pushed to a real git server, registered.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import test from 'node:test';
import { scratch, startPortal } from '../portal.mjs';

// As it was pasted from a blog: nothing is given to catalog:register. (spec.type is what the editor adds.)
const TEMPLATE = `apiVersion: scaffolder.backstage.io/v1beta3
kind: Template
metadata:
  name: new-service
  title: New service
spec:
  type: other
  parameters:
    - title: The service
      required: [name]
      properties:
        name: {type: string, pattern: '^[a-z-]+$'}
  steps:
    - id: fetch
      action: fetch:template
      input:
        url: ./skeleton
        values: {name: '\${{ parameters.name }}', owner: '\${{ user.ref }}'}
    - id: publish
      action: publish:git
      input:
        repoUrl: SERVER/\${{ parameters.name }}.git
    - id: register
      action: catalog:register
  output:
    links:
      - {title: Repository, url: '\${{ steps.publish.output.remoteUrl }}'}
      - {title: In the catalog, entityRef: '\${{ steps.register.output.entityRef }}'}
`;
const SKELETON = `apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: '\${{ values.name }}'}
spec: {type: service, lifecycle: experimental, owner: team-a}
`;

/** git's own server over HTTP, with one empty repository that may be pushed to. */
async function gitServer(t, name) {
  const root = scratch(t, 'git');
  const repository = path.join(root, `${name}.git`);
  execFileSync('git', ['init', '--bare', '--quiet', '--initial-branch=main', repository]);
  execFileSync('git', ['-C', repository, 'config', 'http.receivepack', 'true']);
  const server = http.createServer((request, response) => {
    const { pathname, search } = new URL(request.url, 'http://localhost');
    const env = {
      PATH: process.env.PATH,
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: '1',
      PATH_INFO: pathname,
      QUERY_STRING: search.slice(1),
      REQUEST_METHOD: request.method,
      CONTENT_TYPE: request.headers['content-type'] ?? '',
      HTTP_CONTENT_ENCODING: request.headers['content-encoding'] ?? '',
      GIT_PROTOCOL: request.headers['git-protocol'] ?? '',
      REMOTE_USER: 'test',
      REMOTE_ADDR: '127.0.0.1',
    };
    if (request.headers['content-length']) env.CONTENT_LENGTH = request.headers['content-length'];
    const git = spawn('git', ['http-backend'], { env });
    request.pipe(git.stdin);
    const parts = [];
    git.stdout.on('data', (part) => parts.push(part));
    git.on('close', () => {
      const all = Buffer.concat(parts);
      const end = all.indexOf('\r\n\r\n');
      for (const line of all.subarray(0, Math.max(end, 0)).toString().split('\r\n')) {
        const [key, value] = line.split(': ');
        if (key === 'Status') response.statusCode = Number.parseInt(value, 10);
        else if (key) response.setHeader(key, value);
      }
      response.end(all.subarray(end + 4));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return { url: `http://127.0.0.1:${server.address().port}`, repository };
}

test('a template becomes a repository and an entity', async (t) => {
  const git = await gitServer(t, 'orders');
  const dir = scratch(t, 'new-service');
  fs.mkdirSync(path.join(dir, 'skeleton'));
  fs.writeFileSync(path.join(dir, 'template.yaml'), TEMPLATE.replace('SERVER', git.url));
  fs.writeFileSync(path.join(dir, 'skeleton/catalog-info.yaml'), SKELETON);
  fs.writeFileSync(path.join(dir, 'skeleton/README.md'), '# ${{ values.name }}\n');
  const config = {
    catalog: { locations: [{ type: 'file', target: './template.yaml', rules: [{ allow: ['Template'] }] }] },
    stagedoor: { outbound: { allow: ['127.0.0.1'] } },
  };
  fs.writeFileSync(path.join(dir, 'app-config.yaml'), JSON.stringify(config));
  const portal = await startPortal(t, { configs: [path.join(dir, 'app-config.yaml')] });
  const made = await portal.ask('/api/scaffolder/v2/tasks', { json: { templateRef: 'new-service', values: { name: 'orders' } } });
  assert.equal(made.status, 201, made.text);
  const stream = await portal.fetch(`/api/scaffolder/v2/tasks/${made.body.id}/eventstream`);
  const told = await stream.text();
  assert.match(told, /Run completed with status: completed/, told);
  assert.match(told, /"entityRef":"component:default\/orders"/);
  const show = (what) => execFileSync('git', ['-C', git.repository, 'show', what], { encoding: 'utf8' });
  assert.equal(show('main:README.md'), '# orders\n');
  const entity = await portal.ask('/api/catalog/entities/by-name/component/default/orders');
  assert.equal(entity.status, 200, entity.text);
  assert.match(entity.body.metadata.annotations['backstage.io/managed-by-location'], /^url:git::http/);
  fs.writeFileSync(path.join(dir, 'skeleton/README.md'), '# another\n');
  const again = await portal.ask('/api/scaffolder/v2/tasks', { json: { templateRef: 'new-service', values: { name: 'orders' } } });
  const refused = await (await portal.fetch(`/api/scaffolder/v2/tasks/${again.body.id}/eventstream`)).text();
  assert.match(refused, /Run completed with status: failed/, 'a repository that has something in it is left alone');
  assert.match(refused, /Skipping step register because a previous step failed/);
});
