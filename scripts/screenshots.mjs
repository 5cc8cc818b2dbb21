#!/usr/bin/env node
// Takes the pictures in the documentation from the running product: `scripts/with-portal.mjs scripts/screenshots.mjs`.
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { root } from '../tests/clients/portal.mjs';

const { chromium } = createRequire(path.join(root, 'ui/package.json'))('@playwright/test');
const pages = {
  home: '/',
  catalog: '/catalog/component',
  // The first tab names the folder that the files were read from.
  entity: '/entity/component?id=component:default/orders-service&tab=relations',
  model: '/model',
};
const folder = path.join(root, 'docs/images');
fs.mkdirSync(folder, { recursive: true });

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM_PATH, args: ['--no-sandbox', '--disable-gpu'] });
for (const colorScheme of ['light', 'dark']) {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 }, colorScheme, reducedMotion: 'reduce' });
  for (const [name, address] of Object.entries(pages)) {
    // Not until the network is idle: a page listens for changes as long as it is open.
    await page.goto(process.env.STAGEDOOR_URL + address);
    await page.getByRole('heading', { level: 1 }).first().waitFor();
    await page.waitForFunction(() => !document.querySelector('[aria-busy=true]') && document.fonts.status === 'loaded');
    await page.waitForTimeout(500);
    const file = colorScheme === 'light' ? `${name}.png` : `${name}-${colorScheme}.png`;
    await page.screenshot({ path: path.join(folder, file) });
    console.log(`docs/images/${file}`);
  }
}
await browser.close();
