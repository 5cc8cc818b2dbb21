#!/usr/bin/env node
// Runs a command beside a portal over the example organisation: `with-portal.mjs COMMAND...`.
// The command finds it at STAGEDOOR_URL. The portal has a database of its own, and both end together.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { root, scratch, Portal } from '../tests/clients/portal.mjs';

const undo = [];
const dataDir = scratch({ after: (step) => undo.unshift(step) }, 'example');
const portal = new Portal({ dataDir, configs: [path.join(root, 'examples/quickstart/app-config.yaml')], args: ['--dev'] });
undo.unshift(() => portal.kill());

let code = 1;
try {
  await portal.start();
  // The files are read beside the start; what comes last in the configuration shows that they were.
  await portal.until('the example organisation is read', async () => {
    const { status, body } = await portal.ask('/v1/blueprints/deployment/entities');
    return status === 200 && body.entities.length > 0;
  });
  const [command, ...args] = process.argv.slice(2);
  const child = spawn(command, args, { stdio: 'inherit', env: { ...process.env, STAGEDOOR_URL: portal.url } });
  const [status] = await once(child, 'exit');
  code = status ?? 1;
} catch (error) {
  console.error(error.message);
} finally {
  for (const step of undo) await step();
}
process.exit(code);
