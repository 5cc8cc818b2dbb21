// Asks a real Backstage and Stagedoor the same and prints every difference: `make compare-backstage`.
//   --corpus FOLDER  more files to read (those of a folder, each by itself)   --seed N   --requests N   --verbose
//   --folder FOLDER  where the peer is installed (default: target/compare)
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { chance } from '../clients/chance.mjs';
import { root } from '../clients/portal.mjs';
import { documents } from './documents.mjs';
import { fixed } from './fixed.mjs';
import { Generated } from './generated.mjs';
import { Report } from './report.mjs';
import { serveFiles, startBackstage, startStagedoor, writeConfig } from './systems.mjs';
import { compareEntities, compareRequest } from './single.mjs';
import { search } from './search.mjs';
import { writes } from './writes.mjs';

const { values: options } = parseArgs({
  options: {
    corpus: { type: 'string', multiple: true, default: [] },
    seed: { type: 'string', default: '20260101' },
    requests: { type: 'string', default: '600' },
    folder: { type: 'string', default: path.join(root, 'target/compare') },
    only: { type: 'string' },
    verbose: { type: 'boolean', default: false },
  },
});

const EDGES = path.join(root, 'tests/peer/edges');
const QUICKSTART = path.join(root, 'examples/quickstart');

/** What both read from the disk. */
function targets() {
  const corpus = options.corpus.flatMap((folder) => fs.readdirSync(folder).map((name) => path.join(folder, name)));
  return corpus.filter((file) => fs.statSync(file).isFile());
}

/** Files by the path that they are served under: from the disk a Backstage reads no placeholders. */
function served(folder, under) {
  const names = fs.readdirSync(folder, { recursive: true }).filter((name) => path.extname(name));
  return Object.fromEntries(names.map((name) => [`${under}/${name}`, fs.readFileSync(path.join(folder, name), 'utf8')]));
}

/** Of these, what is read from the beginning. What makes a Backstage lose whole files is `apart`. */
const isRead = (name) => /^\/edges\/[^/]*\.yaml$/.test(name) || /^\/quickstart\/.+\/(catalog-info|template)\.yaml$/.test(name) || /^\/quickstart\/(org|domains|systems|resources)\.yaml$/.test(name);

async function freePort() {
  const server = net.createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const wanted = (part) => !options.only || options.only.split(',').includes(part);
const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'stagedoor-compare-'));
const running = [];
const report = new Report(options.verbose);
try {
  const files = { ...served(EDGES, '/edges'), ...served(QUICKSTART, '/quickstart') };
  const web = await serveFiles(files);
  running.push(web);
  const addresses = Object.keys(files).filter(isRead).map((name) => web.url + name);
  const config = writeConfig(dir, targets(), addresses, web.url);
  const backstage = await startBackstage(options.folder, config, [await freePort(), await freePort()]);
  running.push(backstage);
  const stagedoor = await startStagedoor(path.join(dir, 'data'), config);
  running.push(stagedoor);
  await backstage.settled();
  const both = { backstage, stagedoor, report };

  const dice = chance(Number(options.seed));
  const shared = await compareEntities(both);
  const bare = shared.filter((entity) => entity.metadata.namespace === 'edges' || dice.maybe(300 / shared.length));
  if (wanted('fixed')) for (const request of fixed) await compareRequest(both, request, 'fixed');
  const generated = new Generated(dice, bare);
  if (wanted('generated')) for (let left = Number(options.requests); left > 0; left -= 1) await compareRequest(both, generated.request(), 'generated');
  if (wanted('documents')) await documents(both, dice, bare);
  if (wanted('search')) await search(both);
  if (wanted('writes')) await writes(both, web, files);
} finally {
  for (const one of running.reverse()) await one.stop();
  fs.rmSync(dir, { recursive: true, force: true });
}
process.exitCode = report.print() === 0 ? 0 : 1;
