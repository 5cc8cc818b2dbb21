// A real PostgreSQL server for a test: in a temporary folder, on a socket in it, as a user without rights.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** The folder of PostgreSQL's programs, the newest where there are several. */
export function programs() {
  const packaged = '/usr/lib/postgresql';
  const versions = fs.existsSync(packaged) ? fs.readdirSync(packaged).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = [
    ...versions.map((version) => path.join(packaged, version, 'bin')),
    ...(process.env.PATH ?? '').split(path.delimiter),
  ];
  const found = folders.map((folder) => path.join(folder, 'initdb')).find((program) => fs.existsSync(program));
  return found && path.dirname(fs.realpathSync(found));
}

const nobody = fs
  .readFileSync('/etc/passwd', 'utf8')
  .split('\n')
  .map((line) => line.split(':'))
  .find(([name]) => name === 'nobody');

export class Postgres {
  constructor(t) {
    this.folder = fs.mkdtempSync(path.join(os.tmpdir(), 'stagedoor-pg-'));
    this.data = path.join(this.folder, 'data');
    // PostgreSQL refuses to run as root.
    this.user = process.getuid() === 0 ? { uid: Number(nobody[2]), gid: Number(nobody[3]) } : {};
    if (this.user.uid) fs.chownSync(this.folder, this.user.uid, this.user.gid);
    this.#guard();
    t.after(() => this.#end());
    this.#run('initdb', ['-D', this.data, '-U', 'stagedoor', '-A', 'trust', '-E', 'UTF8', '--no-locale', '--no-sync']);
    this.start();
  }

  #run(program, args) {
    const options = { ...this.user, cwd: this.folder, stdio: 'ignore', timeout: 60_000 };
    execFileSync(path.join(programs(), program), args, options);
  }

  /** The server ends with this process, however this one ends: then the guard's input does too. */
  #guard() {
    const script = 'cat; "$1" -D "$2/data" -m immediate stop; rm -rf "$2"';
    const args = ['-c', script, 'sh', path.join(programs(), 'pg_ctl'), this.folder];
    const guard = spawn('sh', args, { ...this.user, cwd: '/', detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
    guard.unref();
    guard.stdin.unref();
  }

  start() {
    const options = `-k ${this.folder} -c listen_addresses=`;
    this.#run('pg_ctl', ['-D', this.data, '-l', path.join(this.folder, 'log'), '-w', '-o', options, 'start']);
  }

  stop(mode = 'fast') {
    this.#run('pg_ctl', ['-D', this.data, '-m', mode, '-w', 'stop']);
  }

  /** As if the machine had crashed; it recovers from its log. */
  restart(mode = 'immediate') {
    this.#run('pg_ctl', ['-D', this.data, '-m', mode, '-w', 'restart']);
  }

  /** The URL of a new, empty database. */
  database(name) {
    this.query('postgres', `CREATE DATABASE ${name}`);
    return `postgres://stagedoor@/${name}?host=${this.folder}`;
  }

  query(database, sql) {
    const args = ['-h', this.folder, '-U', 'stagedoor', '-d', database, '-AtX', '-c', sql];
    const options = { ...this.user, cwd: this.folder, encoding: 'utf8', timeout: 60_000 };
    return execFileSync(path.join(programs(), 'psql'), args, options).trim();
  }

  #end() {
    const stop = ['-D', this.data, '-m', 'immediate', 'stop'];
    spawnSync(path.join(programs(), 'pg_ctl'), stop, { ...this.user, cwd: '/', stdio: 'ignore', timeout: 20_000 });
    fs.rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
