// Runs the integration of this folder with Ocean as it comes from the registry.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { credentials, scratch } from '../portal.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const python = path.join(here, '.venv/bin/python');

/** Why Ocean cannot run here, if it cannot. */
export function missing() {
  return fs.existsSync(python) ? undefined : `${path.relative(process.cwd(), python)} is missing: run make test-clients`;
}

/** An integration whose third party is a file: `set(items)` writes it. */
export class Integration {
  constructor(t, portal, identifier = 'my-files', env = {}) {
    this.env = env;
    this.t = t;
    this.portal = portal;
    this.identifier = identifier;
    this.file = path.join(scratch(t, 'ocean'), 'items.json');
  }

  set(items) {
    fs.writeFileSync(this.file, JSON.stringify(items));
  }

  async #spawn(args, listener) {
    const env = {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      NO_PROXY: '127.0.0.1',
      // Its own state belongs with the items, not with the sources.
      TMPDIR: path.dirname(this.file),
      PYTHONDONTWRITEBYTECODE: '1',
      APPLICATION__PORT: String(await freePort()),
      OCEAN__PORT__CLIENT_ID: credentials.clientId,
      OCEAN__PORT__CLIENT_SECRET: credentials.clientSecret,
      OCEAN__PORT__BASE_URL: this.portal.url,
      OCEAN__INTEGRATION__IDENTIFIER: this.identifier,
      OCEAN__INTEGRATION__CONFIG__FILE: this.file,
      ...this.env,
    };
    // Where the portal reaches it.
    const host = listener.type === 'WEBHOOK' ? { app_host: `http://127.0.0.1:${env.APPLICATION__PORT}` } : {};
    env.OCEAN__EVENT_LISTENER = JSON.stringify({ ...listener, ...host });
    const child = spawn(python, args, { cwd: path.join(here, 'integration'), env, stdio: ['ignore', 'pipe', 'pipe'] });
    const run = { child, log: '', exit: once(child, 'exit') };
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes) => (run.log += bytes));
    this.t.after(() => child.kill('SIGKILL'));
    return run;
  }

  /** Starts it and leaves it running. */
  start(listener) {
    return this.#spawn(['run.py'], listener);
  }

  /** Runs it to its end, which must be a good one; gives what it logged. */
  async once(args = ['run.py']) {
    const run = await this.#spawn(args, { type: 'ONCE' });
    const slow = setTimeout(() => run.child.kill('SIGKILL'), 90_000);
    const [code] = await run.exit;
    clearTimeout(slow);
    if (code !== 0) throw new Error(`Ocean ended with ${code}:\n${run.log.slice(-6000)}`);
    return run.log;
  }

  /** `ocean defaults clean --force --wait --destroy` */
  clean() {
    const start = 'from port_ocean.cli.cli import cli_start; cli_start()';
    return this.once(['-c', start, 'defaults', 'clean', '--force', '--wait', '--destroy']);
  }
}

async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  return port;
}
