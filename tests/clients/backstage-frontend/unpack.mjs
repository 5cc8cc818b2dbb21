// The frontend's own packages bring a few hundred others for their pages. Of each only a client is wanted here, so that the
// packages are fetched as they are, without what they depend on, and checked against their digests.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const PACKAGES = JSON.parse(fs.readFileSync(new URL('./unpacked.json', import.meta.url), 'utf8'));
const folder = fileURLToPath(new URL('./node_modules/.unpacked/', import.meta.url));

fs.rmSync(folder, { recursive: true, force: true });
for (const [name, { version, integrity }] of Object.entries(PACKAGES)) {
  const into = path.join(folder, name);
  fs.mkdirSync(into, { recursive: true });
  const packed = execFileSync('npm', ['pack', '--silent', '--prefer-offline', `${name}@${version}`], { cwd: folder, encoding: 'utf8' });
  const file = path.join(folder, packed.trim().split('\n').pop());
  const digest = `sha512-${createHash('sha512').update(fs.readFileSync(file)).digest('base64')}`;
  if (digest !== integrity) throw new Error(`${name}@${version} is not what it was: ${digest}`);
  execFileSync('tar', ['xzf', file, '-C', into, '--strip-components=1']);
  fs.rmSync(file);
}
