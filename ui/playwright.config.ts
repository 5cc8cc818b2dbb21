import { defineConfig } from '@playwright/test';

/**
 * Runs against the server at STAGEDOOR_URL, which must serve the example organisation. Without it,
 * the mock server is started; it serves `dist`, so build first.
 */
const server = process.env.STAGEDOOR_URL;
const mock = 'http://127.0.0.1:7018';

export default defineConfig({
  testDir: './e2e',
  timeout: 20_000,
  workers: 1,
  reporter: 'list',
  use: {
    baseURL: server ?? mock,
    viewport: { width: 1440, height: 900 },
    launchOptions: {
      executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
      args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
    },
  },
  webServer: server ? undefined : { command: 'node mock/server.mjs', url: mock, env: { PORT: '7018' }, reuseExistingServer: false },
});
