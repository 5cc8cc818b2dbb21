import { gzipSync } from 'node:zlib';
import { allPages, expect, open, test } from './support';

/** What every page asks for, and what follows changes or reports without anybody waiting for it. */
const uncounted = /\/(changes|viewed)(\?|$)/;

test('no page makes more than three requests for its first view', async ({ page, api }) => {
  test.setTimeout(90_000);
  const pages = await allPages(api);
  expect(pages.length).toBeGreaterThan(15);
  const counts: [string, string[]][] = [];
  for (const path of pages) {
    const asked: string[] = [];
    const note = (request: { url: () => string; method: () => string }) => {
      const { pathname } = new URL(request.url());
      if (/^\/(api|v1)\//.test(pathname) && !uncounted.test(pathname)) asked.push(`${request.method()} ${pathname}`);
    };
    page.on('request', note);
    await open(page, path);
    page.off('request', note);
    counts.push([path, asked]);
    await page.goto('about:blank');
  }
  for (const [, asked] of counts) expect(asked.length).toBeGreaterThan(0);
  expect(counts.filter(([, asked]) => asked.length > 3)).toEqual([]);
});

test('the first screen needs less than 400 KB of packed script', async ({ page }) => {
  const sizes: number[] = [];
  page.on('response', async (response) => {
    if (response.url().endsWith('.js')) sizes.push(gzipSync(await response.body()).length);
  });
  await open(page, '/');
  expect(sizes.length).toBeGreaterThan(0);
  expect(sizes.reduce((sum, size) => sum + size, 0) / 1024).toBeLessThan(400);
});
