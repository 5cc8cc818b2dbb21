import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

/** Where `npm run dev` finds the API: `make run`, or another running server. */
const server = process.env.STAGEDOOR_URL ?? 'http://127.0.0.1:7007';

export default defineConfig({
  base: '/',
  plugins: [react()],
  resolve: { alias: { '~': fileURLToPath(new URL('./src', import.meta.url)) } },
  // the name in the address bar goes on to the API, which refuses writes from another origin
  server: { host: '127.0.0.1', proxy: Object.fromEntries(['/api', '/v1'].map((path) => [path, { target: server, changeOrigin: false }])) },
  build: {
    target: 'es2022',
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1200,
    modulePreload: { polyfill: false },
    // what the first screen needs comes in one file: left alone it is fifty, and each is a request that the first paint waits for
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: 'first', tags: ['$initial'] }] } } },
  },
  test: { include: ['src/**/*.test.ts'] },
});
