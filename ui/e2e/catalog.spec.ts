import { readFile } from 'node:fs/promises';
import { expect, tableRows, test, titles, total } from './support';

const byTitle = (a: string, b: string) => a.localeCompare(b);

test('shows every entity of a blueprint, with its exact number', async ({ page, api }) => {
  const rows = await api.rows('component');
  await page.goto('/catalog/component');
  await expect(tableRows(page).first()).toBeVisible();
  expect((await titles(page)).length).toBe(Math.min(50, rows.length));
  expect(await total(page)).toBe(rows.length);
  await expect(page).toHaveTitle(/^Component – /);
  await expect(page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Component' })).toContainText(String(rows.length));
});

test('filters by text and keeps that in the address', async ({ page, api }) => {
  const rows = await api.rows('component');
  const name = rows[Math.floor(rows.length / 2)]?.title ?? '';
  await page.goto('/catalog/component');
  await page.getByRole('searchbox', { name: 'Filter Component' }).fill(name);
  await expect(page).toHaveURL(new RegExp(`q=${encodeURIComponent(name)}`));
  const { total: expected } = await api.table({ blueprint: 'component', search: name });
  await expect.poll(() => total(page)).toBe(expected);
  expect(await titles(page)).toContain(name);
  await page.reload();
  await expect(page.getByRole('searchbox', { name: 'Filter Component' })).toHaveValue(name);
  expect(await total(page)).toBe(expected);
});

test('says that nothing matches, and takes the filter back', async ({ page, api }) => {
  const rows = await api.rows('component');
  await page.goto('/catalog/component?q=zzzz-nothing-is-called-that');
  await expect(page.getByText('Nothing matches the filters.')).toBeVisible();
  await page.getByRole('button', { name: 'Clear the filters' }).click();
  await expect.poll(() => total(page)).toBe(rows.length);
});

test('facets have exact counts, filter, and live in the address', async ({ page, api }) => {
  const field = 'properties.type';
  const { facets, total: all } = await api.table({ blueprint: 'component', facets: [field] });
  const values = facets[field]?.values ?? [];
  expect(values.length).toBeGreaterThan(1);
  const [first] = values;
  if (!first) return;

  await page.goto('/catalog/component');
  expect(await total(page)).toBe(all);
  await page.getByRole('button', { name: 'Filter by Type' }).click();
  const options = page.getByRole('group', { name: 'Type' });
  for (const { title, count } of values) {
    await expect(options.getByRole('checkbox', { name: `${title} ${count}` })).toBeVisible();
  }
  await options.getByRole('checkbox', { name: `${first.title} ${first.count}` }).check();
  await expect.poll(() => total(page)).toBe(first.count);
  await expect(page).toHaveURL(new RegExp(`f\\.properties\\.type=${first.value}`));
  await page.keyboard.press('Escape');

  await page.reload();
  expect(await total(page)).toBe(first.count);
  const column = await columnTexts(page, 'Type');
  expect(new Set(column)).toEqual(new Set([first.title]));

  await page.getByRole('button', { name: `Remove the filter Type: ${first.title}` }).click();
  await expect.poll(() => total(page)).toBe(all);
  await page.goBack();
  await expect.poll(() => total(page)).toBe(first.count);
});

test('filters by relation, two values at once', async ({ page, api }) => {
  const field = 'relations.system';
  const { facets } = await api.table({ blueprint: 'component', facets: [field] });
  const [one, two] = facets[field]?.values ?? [];
  if (!one || !two) throw new Error('components of two systems are needed');
  await page.goto('/catalog/component');
  await page.getByRole('button', { name: 'Filter by System' }).click();
  await page.getByRole('checkbox', { name: `${one.title} ${one.count}` }).check();
  await expect.poll(() => total(page)).toBe(one.count);
  await page.getByRole('checkbox', { name: new RegExp(`^${two.title} `) }).check();
  await expect.poll(() => total(page)).toBe(one.count + two.count);
  await expect(page.getByRole('list', { name: 'Active filters' }).getByRole('listitem')).toHaveCount(3);
});

test('sorts by a header, both ways', async ({ page, api }) => {
  await api.rows('database');
  await page.goto('/catalog/database');
  const ascending = await titles(page);
  expect(ascending.length).toBeGreaterThan(2);
  expect(ascending).toEqual([...ascending].sort(byTitle));
  const header = page.getByRole('columnheader', { name: 'Title' });
  await header.getByRole('button').click();
  await expect(header).toHaveAttribute('aria-sort', 'ascending');
  await header.getByRole('button').click();
  await expect(header).toHaveAttribute('aria-sort', 'descending');
  await expect(page).toHaveURL(/sort=-title/);
  await expect.poll(() => titles(page)).toEqual([...ascending].reverse());
});

test('chooses columns', async ({ page, api }) => {
  await api.rows('component');
  await page.goto('/catalog/component');
  await expect(page.getByRole('columnheader', { name: 'Identifier' })).toHaveCount(0);
  await page.getByRole('button', { name: 'Columns' }).click();
  await page.getByRole('checkbox', { name: 'Identifier' }).check();
  await expect(page.getByRole('columnheader', { name: 'Identifier' })).toBeVisible();
  await expect(page).toHaveURL(/cols=/);
  await page.getByRole('button', { name: 'Usual columns' }).click();
  await expect(page.getByRole('columnheader', { name: 'Identifier' })).toHaveCount(0);
});

test('pages through more than fifty rows', async ({ page, api }) => {
  await api.addComponents('e2e-page', 60);
  const { total: count } = await api.table({ blueprint: 'component' });
  await page.goto('/catalog/component');
  const first = await titles(page);
  expect(first.length).toBe(50);
  await page.getByRole('button', { name: 'Next page' }).click();
  await expect(page).toHaveURL(/page=2/);
  await expect(page.getByRole('navigation', { name: 'Pages' }).getByRole('status')).toContainText(/^51–/);
  await expect.poll(async () => (await titles(page)).length).toBe(Math.min(50, count - 50));
  expect(first).not.toContain((await titles(page))[0]);
  await api.removeComponents('e2e-page', 60);
});

test('exports the rows of the current query as CSV', async ({ page, api }) => {
  const rows = await api.rows('database');
  await page.goto('/catalog/database');
  expect(await total(page)).toBe(rows.length);
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'CSV' }).click()]);
  expect(download.suggestedFilename()).toBe('database.csv');
  const lines = (await readFile(await download.path(), 'utf8')).trimEnd().split('\r\n');
  expect(lines.length).toBe(rows.length + 1);
  expect(lines[0]).toContain('Identifier,Title');
  expect(lines.join('\n')).toContain(rows[0]?.identifier);
  expect(lines.filter((line) => /(^|,)[=+@]/.test(line))).toEqual([]);
});

async function columnTexts(page: import('@playwright/test').Page, header: string): Promise<string[]> {
  const headers = await page.getByRole('columnheader').allInnerTexts();
  const index = headers.indexOf(header);
  expect(index).toBeGreaterThanOrEqual(0);
  return page.locator(`tbody tr td:nth-child(${index + 1})`).allInnerTexts();
}
