#!/usr/bin/env node
// Takes pictures of the running product: `scripts/with-portal.mjs scripts/screenshots.mjs`.
//
// Those of the documentation go to docs/images. With `--all FOLDER` every main page is taken, in both themes and at both
// widths, to be looked at.
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { root } from '../tests/clients/portal.mjs';

const { chromium } = createRequire(path.join(root, 'ui/package.json'))('@playwright/test');
const entity = '/entity/component?id=component:default/orders-service';

/** Address, and whether it stands in the documentation. */
const pages = {
  home: ['/', true],
  catalog: ['/catalog/component', true],
  // The first tab names the folder that the files were read from.
  entity: [`${entity}&tab=related`, true],
  model: ['/model', true],
  scorecard: ['/scorecards/component/production_readiness', true],
  'self-service': ['/self-service', true],
  scorecards: ['/scorecards'],
  'what-to-fix-next': ['/scorecards/next'],
  exemptions: ['/scorecards/exemptions'],
  campaigns: ['/scorecards/campaigns'],
  'entity-scorecards': [`${entity}&tab=scorecards`],
  'entity-runs': [`${entity}&tab=runs`],
  runs: ['/runs'],
  approvals: ['/approvals'],
  actions: ['/actions'],
  'template-editor': ['/templates'],
  pages: ['/pages'],
  'entity-overview': [entity],
  'entity-graph': [`${entity}&tab=graph`],
  'entity-changes': [`${entity}&tab=changes`],
  api: ['/entity/api?id=api:default/orders-api'],
  graph: ['/graph'],
  blueprint: ['/model/component'],
  sources: ['/sources'],
  documents: ['/documents'],
  people: ['/people'],
  teams: ['/teams'],
  'service-accounts': ['/service-accounts'],
  secrets: ['/secrets'],
  audit: ['/audit'],
  account: ['/account'],
  'not-found': ['/catlog/componet'],
};

const at = process.argv.indexOf('--all');
const all = at > 0 ? process.argv[at + 1] : undefined;
const folder = all ? path.resolve(all) : path.join(root, 'docs/images');
fs.mkdirSync(folder, { recursive: true });

// The example organisation has no scorecards of its own.
const api = async (method, where) => (await fetch(`${process.env.STAGEDOOR_URL}/api/stagedoor/v1${where}`, { method })).json();
const { starters } = await api('GET', '/scorecards/starters');
for (const { identifier } of starters) await api('POST', `/scorecards/starters/${identifier}`);

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM_PATH, args: ['--no-sandbox', '--disable-gpu'] });
for (const width of all ? [1440, 390] : [1440]) {
  for (const colorScheme of ['light', 'dark']) {
    const page = await browser.newPage({ viewport: { width, height: width === 390 ? 844 : 900 }, colorScheme, reducedMotion: 'reduce' });
    for (const [name, [address, documented]] of Object.entries(pages)) {
      if (!all && !documented) continue;
      await take(page, address, path.join(folder, `${name}${width === 390 ? '-narrow' : ''}${colorScheme === 'dark' ? '-dark' : ''}.png`));
    }
    await page.close();
  }
}
await browser.close();

async function take(page, address, file) {
  // Not until the network is idle: a page listens for changes as long as it is open.
  await page.goto(process.env.STAGEDOOR_URL + address);
  await page.getByRole('heading', { level: 1 }).first().waitFor();
  await page.waitForFunction(() => !document.querySelector('[aria-busy=true]') && document.fonts.status === 'loaded');
  await page.waitForTimeout(500);
  await page.screenshot({ path: file });
  console.log(path.relative(root, file));
}
