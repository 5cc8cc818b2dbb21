import { gzipSync } from 'node:zlib';
import { allPages, expect, open, test } from './support';

/** What every page asks for, and what follows changes or reports without anybody waiting for it. */
const uncounted = /\/(changes|viewed)(\?|$)/;

/**
 * Session, model and one more. Opened by its address, what lies behind the first tab needs the thing and the tab's own data; sources are
 * read together with what was removed.
 */
function most(path: string): number {
  if (path.startsWith('/model/') && path.includes('tab=')) return 5;
  return path.includes('tab=') || path === '/sources' ? 4 : 3;
}

test('a page makes at most three requests for its first view', async ({ page, api }) => {
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
  expect(counts.filter(([path, asked]) => asked.length > most(path))).toEqual([]);
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
