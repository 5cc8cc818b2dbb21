import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** STAGEDOOR_BIN, as `make test-browser` sets it, else a build that is there; null: these specs cannot run. */
export function binary(): string | null {
  const named = process.env.STAGEDOOR_BIN;
  const candidates = named ? [path.resolve(root, named)] : ['release', 'debug'].map((profile) => path.join(root, 'target', profile, 'stagedoor'));
  return candidates.find(existsSync) ?? null;
}

/** A portal of its own over the example organisation, or over nothing. People have to sign in, unless it is in --dev mode. */
export class Portal {
  constructor(private readonly options: { dev?: boolean; empty?: boolean; env?: Record<string, string> } = {}) {}

  url = '';
  private log = '';
  private child: ChildProcess | undefined;
  private readonly dataDir = mkdtempSync(path.join(os.tmpdir(), 'stagedoor-people-'));

  async start(): Promise<void> {
    const program = binary();
    if (program === null) throw new Error('there is no binary: run make build');
    const port = await freePort();
    this.url = `http://127.0.0.1:${port}`;
    const args = ['serve', '--listen', `127.0.0.1:${port}`, '--data-dir', this.dataDir];
    if (!this.options.empty) args.push('--config', path.join(root, 'examples/quickstart/app-config.yaml'));
    if (this.options.dev) args.push('--dev');
    const env = { ...process.env, STAGEDOOR_CLIENT_ID: undefined, STAGEDOOR_CLIENT_SECRET: undefined, ...this.options.env };
    this.child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.child.stdout, this.child.stderr]) stream?.on('data', (bytes: Buffer) => (this.log += bytes.toString()));
    await this.until('the server is ready', () => fetch(`${this.url}/.backstage/health/v1/readiness`).then(({ status }) => status === 200, () => false));
  }

  /** What the server printed for the first administrator. */
  async setupLink(): Promise<string> {
    await this.until('a link is printed', () => Promise.resolve(/\/welcome#\S+/.test(this.log)));
    return /http\S+\/welcome#\S+/.exec(this.log)?.[0] ?? '';
  }

  async stop(): Promise<void> {
    if (this.child && this.child.exitCode === null) {
      this.child.kill('SIGKILL');
      await once(this.child, 'exit');
    }
    rmSync(this.dataDir, { recursive: true, force: true, maxRetries: 5 });
  }

  private async until(what: string, test: () => Promise<boolean>): Promise<void> {
    const deadline = Date.now() + 30_000;
    while (!(await test())) {
      if (Date.now() > deadline || this.child?.exitCode) throw new Error(`${what}: no\n${this.log}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
