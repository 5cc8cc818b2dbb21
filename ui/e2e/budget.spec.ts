import { gzipSync } from 'node:zlib';
import type { APIRequestContext } from '@playwright/test';
import { allPages, entityPath, expect, open, test, type Api } from './support';

/** What every page asks for, and what follows changes or reports without anybody waiting for it. */
const uncounted = /\/(changes|viewed)(\?|$)/;

const most = 3;

const table = { type: 'table-entities-explorer', dataset: { combinator: 'and', rules: [{ property: '$blueprint', operator: '=', value: 'component' }] } };

/** What somebody has made: a dashboard, a saved view, a home page with a board and tables of one's own. */
async function furnish(request: APIRequestContext): Promise<{ paths: string[]; clear: () => Promise<void> }> {
  const data = { identifier: 'e2e-budget', title: 'Budget', type: 'dashboard', widgets: ['one', 'two'].map((id) => ({ ...table, id, title: id })) };
  expect((await request.post('/v1/pages', { data })).status()).toBe(201);
  expect((await request.patch('/v1/pages/$home', { data: { widgets: data.widgets } })).status()).toBe(200);
  const sections = ['component', 'api'].map((blueprint) => ({ id: `table-${blueprint}`, title: `My ${blueprint}`, blueprint }));
  expect((await request.put('/api/stagedoor/v1/home/layout', { data: { layout: { sections } } })).status()).toBe(204);
  const view = await (await request.post('/api/stagedoor/v1/views', { data: { title: 'Budget', blueprint: 'component', group: 'type' } })).json();
  return {
    paths: [`/views/${view.id}`, '/pages/e2e-budget', '/pages/e2e-budget?edit=true'],
    clear: async () => {
      await request.delete(`/api/stagedoor/v1/views/${view.id}`);
      await request.delete('/v1/pages/e2e-budget');
      await request.patch('/v1/pages/$home', { data: { widgets: [] } });
      await request.put('/api/stagedoor/v1/home/layout', { data: { layout: null } });
    },
  };
}

/** Every tab and every window that has an address. */
async function tabs(api: Api): Promise<string[]> {
  const [component] = await api.rows('component');
  const entity = entityPath('component', component?.identifier ?? '', '&tab=related');
  const editor = ['general', 'relations', 'mirrors', 'calculations', 'aggregations'].map((tab) => `/model/component?tab=${tab}`);
  const windows = ['/?arrange=true', '/scorecards?create=true', '/scorecards?starters=true', '/scorecards/campaigns?create=true', '/model?create=true', '/pages?create=true', '/sources?register=true', '/people?invite=true', '/teams?create=true', '/service-accounts?create=true', '/secrets?create=true'];
  return [entity, ...editor, ...windows, '/catalog/component?group=type', '/catlog/componet'];
}

test('a page makes at most three requests for its first view', async ({ page, api, request }) => {
  test.setTimeout(120_000);
  const { paths, clear } = await furnish(request);
  try {
    const pages = [...(await allPages(api)), ...(await tabs(api)), ...paths];
    expect(pages.length).toBeGreaterThan(40);
    const counts: [string, string[]][] = [];
    for (const path of pages) {
      const asked: string[] = [];
      const note = (asking: { url: () => string; method: () => string }) => {
        const { pathname } = new URL(asking.url());
        if (/^\/(api|v1)\//.test(pathname) && !uncounted.test(pathname)) asked.push(`${asking.method()} ${pathname}`);
      };
      page.on('request', note);
      await open(page, path);
      page.off('request', note);
      counts.push([path, asked]);
      if (path === '/') {
        await expect(page.getByRole('region', { name: 'My component' }).getByRole('row').nth(2)).toBeVisible();
        await expect(page.getByRole('region', { name: 'one' }).getByRole('row').nth(2)).toBeVisible();
      }
      await page.goto('about:blank');
    }
    for (const [path, asked] of counts) expect(asked.length, path).toBeGreaterThan(0);
    expect(counts.filter(([, asked]) => asked.length > most)).toEqual([]);
  } finally {
    await clear();
  }
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
