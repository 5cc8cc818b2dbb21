import AxeBuilder from '@axe-core/playwright';
import type { APIRequestContext, Page } from '@playwright/test';
import { expect, test } from './support';

// One dashboard for the file: it is made in the browser, and everything else looks at it.

async function remove(request: APIRequestContext, prefix: string) {
  const { pages } = await (await request.get('/v1/pages?compact=true')).json();
  for (const { identifier } of pages as { identifier: string }[]) {
    if (identifier.startsWith(prefix)) await request.delete(`/v1/pages/${identifier}`);
  }
}

async function dashboard(request: APIRequestContext, identifier: string) {
  await request.delete(`/v1/pages/${identifier}`);
  const dataset = { combinator: 'and', rules: [{ property: '$blueprint', operator: '=', value: 'component' }] };
  const answer = await request.post('/v1/pages', {
    data: {
      identifier,
      title: 'Specimen',
      type: 'dashboard',
      pageFilters: [{ identifier: 'production', title: 'In production', query: { combinator: 'and', rules: [{ property: 'lifecycle', operator: '=', value: 'production' }] } }],
      widgets: [
        {
          id: 'board',
          type: 'dashboard-widget',
          layout: [
            { height: 150, columns: [{ id: 'number', size: 4 }, { id: 'odd', size: 8 }] },
            { height: 300, columns: [{ id: 'pie', size: 6 }, { id: 'bars', size: 6 }] },
            { height: 300, columns: [{ id: 'lines', size: 6 }, { id: 'table', size: 6 }] },
          ],
          widgets: [
            { id: 'number', type: 'entities-number-chart', title: 'How many', unit: 'custom', unitCustom: 'parts', chartType: 'countEntities', calculationBy: 'entities', func: 'count', dataset },
            { id: 'odd', type: 'bar-chart', title: 'Broken', blueprint: 'nobody', property: 'x', dataset: [] },
            { id: 'pie', type: 'entities-pie-chart', title: 'By lifecycle', blueprint: 'component', property: 'lifecycle', dataset },
            { id: 'bars', type: 'bar-chart', title: 'By team', blueprint: 'component', property: '$team', dataset },
            { id: 'lines', type: 'line-chart', title: 'Over time', blueprint: 'component', chartType: 'countEntities', func: 'count', measureTimeBy: '$createdAt', timeInterval: 'day', timeRange: { preset: 'lastWeek' }, dataset },
            { id: 'table', type: 'table-entities-explorer', title: 'All of them', dataset },
          ],
        },
      ],
    },
  });
  expect(answer.status(), await answer.text()).toBe(201);
}

/** How many there are; there must be some. */
async function components(request: APIRequestContext): Promise<number> {
  const { count } = await (await request.get('/v1/blueprints/component/entities-count')).json();
  expect(count).toBeGreaterThan(10);
  return count;
}

const widget = (page: Page, name: string) => page.getByRole('region', { name, exact: true });

test.afterAll(async ({ playwright, baseURL }) => {
  const request = await playwright.request.newContext({ baseURL });
  await remove(request, 'e2e-');
  for (const folder of ['e2e-folder']) await request.delete(`/v1/sidebars/catalog/folders/${folder}`);
  await request.dispose();
});

test('every widget shows real data, and a broken one does not touch its neighbours', async ({ page, request }) => {
  const total = await components(request);
  await dashboard(request, 'e2e-specimen');
  await page.goto('/pages/e2e-specimen');
  await expect(widget(page, 'How many').locator('[data-chart=number]')).toContainText(`${total} parts`);
  await expect(widget(page, 'By lifecycle').locator('[data-slice]').nth(1)).toBeAttached();
  await expect(widget(page, 'By team').locator('[data-bar]').nth(1)).toBeVisible();
  await expect(widget(page, 'Over time').locator('.recharts-line-curve').first()).toBeAttached();
  const table = widget(page, 'All of them');
  const first = table.locator('tbody tr').first().getByRole('link').first();
  await expect(table.locator('tbody tr')).toHaveCount(10);
  await expect(table.getByRole('link', { name: `All ${total} entities` })).toBeVisible();
  // it turns its pages and sorts where it stands
  const before = await first.innerText();
  await table.getByRole('button', { name: 'Next page' }).click();
  await expect(first).not.toHaveText(before);
  await table.getByRole('button', { name: 'Title' }).click();
  await expect(table.getByRole('columnheader', { name: 'Title' })).toHaveAttribute('aria-sort', 'ascending');
  await expect(first).toHaveText(before);
  await expect(widget(page, 'Broken').getByRole('alert')).toContainText('there is no blueprint "nobody"');
});

test('a chart leads to the table of what it counts', async ({ page, request }) => {
  await dashboard(request, 'e2e-specimen');
  await page.goto('/pages/e2e-specimen');
  const bars = widget(page, 'By team').locator('[data-bar]');
  await expect(bars.first()).toBeVisible();
  expect(await bars.count()).toBeGreaterThan(1);
  await expect(bars.first().getByRole('link')).toHaveAttribute('href', /\/catalog\/component\?query=/);
  await bars.first().getByRole('link').click();
  await expect(page).toHaveURL(/\/catalog\/component/);
  await page.goBack();
  const legend = widget(page, 'By lifecycle').locator('[data-legend]');
  await expect(legend.first()).toBeVisible();
  expect(await legend.count()).toBeGreaterThan(1);
  await expect(legend.first().getByRole('link')).toHaveAttribute('href', /\/catalog\/component\?query=lifecycle/);
});

test('a filter of the page holds for all its widgets and is in the address', async ({ page, request }) => {
  const total = await components(request);
  await dashboard(request, 'e2e-specimen');
  await page.goto('/pages/e2e-specimen');
  const number = widget(page, 'How many').locator('[data-chart=number]');
  await expect(number).toContainText(`${total} `);
  await page.getByText('In production', { exact: true }).click();
  await expect(page).toHaveURL(/filter=production/);
  await expect(number).not.toContainText(`${total} parts`);
  await page.reload();
  await expect(number).toContainText('parts');
  await expect(number).not.toContainText(`${total} parts`);
});

test('a dashboard is made from a template, edited by keyboard and mouse, and saved', async ({ page, request }) => {
  await remove(request, 'e2e-made');
  await page.goto('/pages');
  await page.getByRole('button', { name: 'New dashboard…' }).click();
  await page.getByLabel('Title').fill('e2e made');
  await page.getByRole('button', { name: 'Create', exact: true }).click();
  await expect(page).toHaveURL(/\/pages\/e2e-made/);
  await expect(page.locator('[data-bar]').first()).toBeVisible();
  expect(await page.locator('[data-widget]').count()).toBeGreaterThan(4);
  await expect(page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'e2e made' })).toBeVisible();

  await page.getByRole('button', { name: 'Edit' }).click();
  await expect(page.getByRole('button', { name: 'Add a widget' })).toBeVisible();
  const before = await page.locator('[data-widget]').count();
  await page.getByRole('button', { name: 'Add a widget' }).click();
  const gallery = page.getByRole('dialog');
  await expect(gallery.locator('[data-bar]').first()).toBeVisible();
  await gallery.getByRole('button', { name: 'Choose Bars' }).click();
  await gallery.getByLabel('Title').fill('Languages');
  await gallery.getByRole('combobox', { name: 'By' }).click();
  await page.getByRole('option', { name: 'Lifecycle' }).click();
  await gallery.getByLabel('Only those for which').fill('lifecycle = production');
  await gallery.getByLabel('Only those for which').press('Enter');
  await expect(gallery.locator('[data-bar]')).toHaveCount(1);
  await gallery.getByRole('button', { name: 'Add', exact: true }).click();
  await expect(page.locator('[data-widget]')).toHaveCount(before + 1);

  // by keyboard: lift, move, drop
  const titles = page.locator('[data-widget] h2');
  const [first, second] = [await titles.nth(0).textContent(), await titles.nth(1).textContent()];
  await expect(gallery).toBeHidden();
  await page.getByRole('button', { name: `Move ${first}`, exact: true }).press('Space');
  await expect(page.getByText(`Picked up ${first}.`)).toBeAttached();
  await page.keyboard.press('ArrowRight');
  await expect(page.getByText(`${first} is at the place of ${second}.`)).toBeAttached();
  await page.keyboard.press('Space');
  await expect(titles.nth(0)).toHaveText(second ?? '');
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(titles.nth(0)).toHaveText(first ?? '');

  await page.getByRole('button', { name: 'Change Languages' }).click();
  await page.getByRole('menuitem', { name: 'Whole row' }).click();
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('button', { name: 'Edit' })).toBeVisible();
  const { page: stored } = await (await request.get('/v1/pages/e2e-made')).json();
  const board = stored.widgets[0];
  expect(board.widgets.at(-1).title).toBe('Languages');
  expect(board.layout.at(-1).columns).toEqual([{ id: board.widgets.at(-1).id, size: 12 }]);
});

test('a deleted page comes back', async ({ page, request }) => {
  await dashboard(request, 'e2e-specimen');
  await page.goto('/pages/e2e-specimen');
  await page.getByRole('button', { name: 'Delete…' }).click();
  await page.getByRole('button', { name: 'Delete the page' }).click();
  await expect(page.getByText('This page was deleted.')).toBeVisible();
  expect((await request.get('/v1/pages/e2e-specimen')).status()).toBe(404);
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(widget(page, 'By team').locator('[data-bar]').first()).toBeVisible();
});

test('folders and pages are arranged', async ({ page, request }) => {
  await request.delete('/v1/sidebars/catalog/folders/e2e-folder');
  await dashboard(request, 'e2e-specimen');
  await page.goto('/pages');
  await page.getByRole('button', { name: 'New folder…' }).click();
  await page.getByLabel('Title').fill('e2e folder');
  await page.getByRole('button', { name: 'Save' }).click();
  const lines = page.getByRole('main').getByRole('listitem');
  await expect(lines.filter({ hasText: 'e2e folder' })).toBeVisible();
  await page.getByRole('button', { name: 'Change Specimen' }).click();
  await page.getByRole('menuitem', { name: 'Move into “e2e folder”' }).click();
  const nav = page.getByRole('navigation', { name: 'Main' });
  await expect(nav.getByRole('listitem').filter({ hasText: 'e2e folder' }).getByRole('link', { name: 'Specimen' })).toBeVisible();
  await nav.getByRole('button', { name: 'e2e folder' }).click();
  await expect(nav.getByRole('link', { name: 'Specimen' })).toBeHidden();
});

for (const scheme of ['light', 'dark'] as const) {
  for (const path of ['/pages/e2e-specimen', '/pages/e2e-specimen?edit=true', '/pages']) {
    test(`nothing keeps anybody from using ${path}, ${scheme}`, async ({ page, request }) => {
      await dashboard(request, 'e2e-specimen');
      await page.addInitScript((value) => localStorage.setItem('stagedoor-color-scheme', value), scheme);
      await page.goto(path);
      await expect(path === '/pages' ? page.getByRole('main').getByRole('listitem').first() : page.locator('[data-bar]').first()).toBeVisible();
      const { violations } = await new AxeBuilder({ page }).include('#main').analyze();
      const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
      expect(serious.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)).toEqual([]);
    });
  }
}

test('a page asks for its data once', async ({ page, request }) => {
  await dashboard(request, 'e2e-specimen');
  const asked: string[] = [];
  page.on('request', (one) => {
    const { pathname } = new URL(one.url());
    if (pathname.startsWith('/api/') || pathname.startsWith('/v1/')) asked.push(pathname);
  });
  await page.goto('/pages/e2e-specimen');
  await expect(widget(page, 'By team').locator('[data-bar]').first()).toBeVisible();
  const views = asked.filter((path) => !path.endsWith('/changes'));
  expect(views.sort()).toEqual(['/api/stagedoor/v1/session', '/api/stagedoor/v1/widgets/data']);
});
