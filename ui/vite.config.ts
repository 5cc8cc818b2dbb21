import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

/** Where `npm run dev` finds the API: `make run`, or another running server. */
const server = process.env.STAGEDOOR_URL ?? 'http://127.0.0.1:7007';

export default defineConfig({
  base: '/',
  plugins: [react()],
  resolve: { alias: { '~': fileURLToPath(new URL('./src', import.meta.url)) } },
  server: { host: '127.0.0.1', proxy: { '/api': server, '/v1': server } },
  build: { target: 'es2022', assetsInlineLimit: 0, chunkSizeWarningLimit: 1200, modulePreload: { polyfill: false } },
  test: { include: ['src/**/*.test.ts'] },
});
