import { defineConfig } from '@playwright/test';

/** Runs against the server at STAGEDOOR_URL, which must serve the example organisation: `scripts/with-portal.mjs npm run e2e`. */
const server = process.env.STAGEDOOR_URL;
if (!server) throw new Error('STAGEDOOR_URL names no server: run ../scripts/with-portal.mjs npm run e2e');

export default defineConfig({
  testDir: './e2e',
  timeout: 20_000,
  workers: 1,
  reporter: 'list',
  use: {
    baseURL: server,
    viewport: { width: 1440, height: 900 },
    launchOptions: {
      executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
      args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
    },
  },
});
