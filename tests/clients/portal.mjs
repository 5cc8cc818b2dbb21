// Starts the real binary for a test that is a client of it: `const portal = await startPortal(t)`.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../', import.meta.url));
export const credentials = { clientId: 'test-client', clientSecret: 'test-secret-of-sufficient-length' };

/** STAGEDOOR_BIN, else the release build, else the debug build. */
export function binary() {
  const named = process.env.STAGEDOOR_BIN;
  const candidates = named
    ? [path.resolve(root, named)]
    : ['release', 'debug'].map((profile) => path.join(root, 'target', profile, 'stagedoor'));
  const found = candidates.find((candidate) => fs.existsSync(candidate));
  if (!found) throw new Error(`no binary at ${candidates.join(' or ')}: run make build`);
  return found;
}

/** A directory that goes at the end of the process: hooks run in the order of their making, a portal's after this one's. */
export function scratch(_t, name) {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), `stagedoor-${name}-`));
  process.on('exit', () => fs.rmSync(dir, { recursive: true, force: true, maxRetries: 5 }));
  return dir;
}

/** Why a test did not run. Nothing may be skipped unnoticed in CI. */
export function skip(t, reason) {
  if (process.env.CI) throw new Error(`skipped: ${reason}`);
  t.skip(reason);
}

/**
 * A portal on a free port with an administrator's API credential, ready to answer. Not in --dev mode: whoever wants
 * data needs `portal.token`. Stopped when the test has ended.
 */
export async function startPortal(t, { dataDir, ...options } = {}) {
  const portal = new Portal({ dataDir: dataDir ?? scratch(t, 'data'), ...options });
  t.after(() => portal.kill());
  await portal.start();
  return portal;
}

export class Portal {
  constructor(options) {
    this.options = options;
  }

  async start() {
    const { dataDir, configs = [], env = {}, args = [] } = this.options;
    const port = await freePort();
    this.url = `http://127.0.0.1:${port}`;
    this.log = '';
    this.ending = false;
    const flags = ['serve', ...configs.flatMap((file) => ['--config', file])];
    flags.push('--listen', `127.0.0.1:${port}`, '--data-dir', dataDir, ...args);
    this.child = spawn(binary(), flags, {
      env: {
        ...process.env,
        STAGEDOOR_CLIENT_ID: credentials.clientId,
        STAGEDOOR_CLIENT_SECRET: credentials.clientSecret,
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream.on('data', (bytes) => (this.log = (this.log + bytes).slice(-20_000)));
    }
    this.ended = once(this.child, 'exit');
    const started = performance.now();
    await this.#ready(60_000);
    this.startMillis = performance.now() - started;
    this.token = await this.signIn();
  }

  async #ready(within) {
    const deadline = Date.now() + within;
    for (;;) {
      if (this.child.exitCode !== null || this.child.signalCode) throw new Error(`it did not start:\n${this.log}`);
      const status = await this.#reach('/.backstage/health/v1/readiness').then((r) => r.status, () => 0);
      if (status === 200) return;
      if (Date.now() > deadline) throw new Error(`not ready after ${within} ms (${status}):\n${this.log}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  /** A request that ends when the process does: one that was under way then may never be answered. */
  #reach(route, options) {
    const ended = this.ended.then(() => {
      throw new Error('it has ended');
    });
    return Promise.race([fetch(this.url + route, options), ended]);
  }

  /** A token from the Port dialect, good for every route. */
  async signIn() {
    const response = await this.#reach('/v1/auth/access_token', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(credentials),
    });
    if (!response.ok) throw new Error(`no token: ${response.status} ${await response.text()}`);
    return (await response.json()).accessToken;
  }

  /** One request with the token; a `json` option is sent as the body. */
  fetch(route, { json, ...options } = {}) {
    const headers = { Authorization: `Bearer ${this.token}`, ...options.headers };
    if (json === undefined) return fetch(this.url + route, { ...options, headers });
    headers['Content-Type'] ??= 'application/json';
    return fetch(this.url + route, { method: 'POST', ...options, headers, body: JSON.stringify(json) });
  }

  /** The same, read to its end: { status, headers, text, body }. */
  async ask(route, options) {
    const response = await this.fetch(route, options);
    const text = await response.text();
    let body;
    try {
      body = JSON.parse(text);
    } catch {
      // Not every answer is JSON.
    }
    return { status: response.status, headers: response.headers, text, body };
  }

  /** Waits until `check` gives something true. */
  async until(what, check, within = 30_000) {
    const deadline = Date.now() + within;
    for (;;) {
      const value = await check();
      if (value) return value;
      if (Date.now() > deadline) throw new Error(`${what}: not after ${within} ms\n${this.log}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async #end(signal) {
    if (!this.child || this.child.exitCode !== null || this.child.signalCode) return;
    this.ending = true;
    this.child.kill(signal);
    await this.ended;
  }

  /** Whether the process is there; false as soon as it is to be killed. */
  get alive() {
    return !this.ending && this.child?.exitCode === null && this.child.signalCode === null;
  }

  /** kill -9. */
  kill() {
    return this.#end('SIGKILL');
  }

  /** SIGTERM; gives the exit code. */
  async stop() {
    await this.#end('SIGTERM');
    return this.child.exitCode;
  }
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
