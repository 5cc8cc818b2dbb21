import type { APIRequestContext } from '@playwright/test';
import { expect, test, titles, total } from './support';

async function clean({ request }: { request: APIRequestContext }) {
  const { views } = (await (await request.get('/api/stagedoor/v1/views')).json()) as { views: { id: string }[] };
  for (const { id } of views) expect((await request.delete(`/api/stagedoor/v1/views/${id}`)).ok()).toBe(true);
}

test.beforeEach(({ request }) => clean({ request }));
// other tables open without one
test.afterEach(({ request }) => clean({ request }));

test('saves what is on screen under a name and an address', async ({ page, api }) => {
  const { facets } = await api.table({ blueprint: 'component', facets: ['type'] });
  const [first] = facets.type?.values ?? [];
  if (!first) throw new Error('components with a type are needed');
  await page.goto(`/catalog/component?query=type%20%3D%20${String(first.value)}&sort=-%24title&cols=%24title,lifecycle`);
  const before = await titles(page);
  expect(before.length).toBeGreaterThan(0);
  await page.getByRole('button', { name: 'Views' }).click();
  await page.getByRole('menuitem', { name: 'Save as…' }).click();
  await page.getByRole('textbox', { name: 'Name' }).fill('The first kind');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(page).toHaveURL(/\/views\/[0-9a-f]{32}$/);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('The first kind');
  expect(await titles(page)).toEqual(before);
  expect(await total(page)).toBe(first.count);
  const address = page.url();

  // another order on top of it is not the view until it is saved
  await page.getByRole('columnheader', { name: 'Title' }).getByRole('button').click();
  await expect(page).toHaveURL(/sort=/);
  await page.getByRole('columnheader', { name: 'Title' }).getByRole('button').click();
  await page.goto(address);
  expect(await titles(page)).toEqual(before);

  await page.getByRole('button', { name: 'The first kind' }).click();
  await page.getByRole('menuitem', { name: 'Rename…' }).click();
  await page.getByRole('textbox', { name: 'Name' }).fill('Renamed');
  await page.getByRole('button', { name: 'Rename', exact: true }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Renamed');
  await page.getByRole('button', { name: 'Renamed' }).click();
  await page.getByRole('menuitem', { name: 'Lock' }).click();
  await page.getByRole('button', { name: 'Renamed' }).click();
  await expect(page.getByRole('menuitem', { name: 'Delete…' })).toBeDisabled();
  await page.getByRole('menuitem', { name: 'Unlock' }).click();
  await page.getByRole('button', { name: 'Renamed' }).click();
  await page.getByRole('menuitem', { name: 'Delete…' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete', exact: true }).click();
  await expect(page).toHaveURL(/\/catalog\/component/);
  await page.goto(address);
  await expect(page.getByText('There is no such view.')).toBeVisible();
});

test('opens a table with its default view, and says what a stale one misses', async ({ page, request }) => {
  const data = { title: 'Stale', blueprint: 'component', query: 'goneField = 1 or type is not empty', columns: ['$title', 'goneColumn'], default: true };
  expect((await request.post('/api/stagedoor/v1/views', { data })).status()).toBe(200);
  await page.goto('/catalog/component');
  expect((await titles(page)).length).toBeGreaterThan(0);
  await expect(page.getByText('has no property or relation `goneField`')).toBeVisible();
  await expect(page.getByText('Nothing has “goneColumn” any more.')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Stale' })).toBeVisible();
});
