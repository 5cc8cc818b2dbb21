// Both systems over the same configuration: a real Backstage (bench/peer/start with ./backstage) and Stagedoor.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { Portal, root } from '../clients/portal.mjs';

const KINDS = ['Component', 'API', 'Resource', 'System', 'Domain', 'Group', 'User', 'Location', 'Template', 'AiResource'];

/** A server of files, so that both read the same addresses; `files` may be changed while it runs. */
export async function serveFiles(files) {
  const server = http.createServer((request, response) => {
    const text = files[new URL(request.url, 'http://files').pathname];
    response.statusCode = text === undefined ? 404 : 200;
    response.end(text ?? 'not here');
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${server.address().port}`, stop: () => server.close() };
}

/** The configuration of both: files, and addresses of the server of files; gives its path. */
export function writeConfig(dir, targets, addresses, files) {
  const config = {
    catalog: {
      rules: [{ allow: KINDS }],
      locations: [...targets.map((target) => ({ type: 'file', target })), ...addresses.map((target) => ({ type: 'url', target }))],
    },
    backend: { reading: { allow: [{ host: new URL(files).host }] } },
    stagedoor: { outbound: { allow: ['127.0.0.1'] } },
  };
  const file = path.join(dir, 'both.yaml');
  fs.writeFileSync(file, JSON.stringify(config));
  return file;
}

/** One of the two: answers requests, and knows the uids that it gave. */
class System {
  constructor(name, url, headers = {}) {
    Object.assign(this, { name, url, headers, refs: new Map(), uids: new Map(), targets: new Map() });
  }

  /** One request as it is; `body` may be a text or JSON. */
  ask({ method = 'GET', path: asked, body, headers = {}, plugin = 'catalog' }) {
    const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
    const type = text === undefined || 'content-type' in headers ? {} : { 'content-type': 'application/json' };
    const all = { ...this.headers, ...type, ...headers };
    if (text !== undefined) all['content-length'] = Buffer.byteLength(text);
    return new Promise((resolve, reject) => {
      const options = { method, headers: Object.fromEntries(Object.entries(all).filter(([, v]) => v !== null)) };
      const request = http.request(`${this.url}/api/${plugin}${asked}`, options, async (response) => {
        const chunks = [];
        for await (const chunk of response) chunks.push(chunk);
        const answer = { method, status: response.statusCode, headers: response.headers, text: Buffer.concat(chunks).toString() };
        try {
          answer.body = JSON.parse(answer.text);
        } catch {
          // Not every answer is JSON.
        }
        resolve(answer);
      });
      request.once('error', reject);
      request.end(text);
    });
  }

  /** All entities, and which uid belongs to which. */
  async dump() {
    const { body } = await this.ask({ path: '/entities' });
    for (const { kind, metadata } of body) {
      const ref = `${kind}:${metadata.namespace ?? 'default'}/${metadata.name}`.toLowerCase();
      this.refs.set(metadata.uid, ref);
      this.uids.set(ref, metadata.uid);
    }
    return body;
  }
}

/** Starts the peer, and waits until it has read everything. */
export async function startBackstage(folder, config, ports) {
  const start = path.join(root, 'bench/peer/start');
  const env = {
    ...process.env,
    PEER_SOURCE: path.join(root, 'tests/peer/backstage'),
    PEER_FOLDER: folder,
    PEER_CONFIG: config,
    PEER_PORT: String(ports[0]),
    PEER_CONTROL: String(ports[1]),
  };
  const child = spawn(start, { env, stdio: ['ignore', 'inherit', 'inherit'] });
  const ended = once(child, 'exit');
  const system = new System('Backstage', `http://127.0.0.1:${ports[0]}`);
  system.stop = async () => {
    child.kill('SIGTERM');
    await ended;
  };
  let quiet = 0;
  system.settled = async (within = 240_000) => {
    const deadline = Date.now() + within;
    for (quiet = 0; quiet < 2; ) {
      if (child.exitCode !== null || Date.now() > deadline) throw new Error(`Backstage did not settle: see ${folder}/backend.log`);
      await new Promise((resolve) => setTimeout(resolve, 400));
      const answer = await fetch(`http://127.0.0.1:${ports[1]}/pending`).then((r) => r.json(), () => ({ pending: 1 }));
      quiet = answer.pending === 0 && answer.visible > 0 ? quiet + 1 : 0;
    }
  };
  return system;
}

/** Starts Stagedoor over the same configuration. */
export async function startStagedoor(dataDir, config) {
  const portal = new Portal({ dataDir, configs: [config] });
  await portal.start();
  const system = new System('Stagedoor', portal.url, { authorization: `Bearer ${portal.token}` });
  system.settled = async () => {};
  system.stop = () => portal.stop();
  return system;
}
