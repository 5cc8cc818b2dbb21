import { readFile } from 'node:fs/promises';
import { expect, queryBar, tableRows, test, titles, total } from './support';

const byTitle = (a: string, b: string) => a.localeCompare(b);

test('shows every entity of a blueprint, with its exact number', async ({ page, api }) => {
  const rows = await api.rows('component');
  await page.goto('/catalog/component');
  await expect(tableRows(page).first()).toBeVisible();
  expect((await titles(page)).length).toBeGreaterThan(Math.min(10, rows.length - 1));
  expect(await total(page)).toBe(rows.length);
  await expect(page).toHaveTitle(/^Component – /);
});

test('finds words and keeps them in the address', async ({ page, api }) => {
  const rows = await api.rows('component');
  const name = rows[Math.floor(rows.length / 2)]?.title ?? '';
  await page.goto('/catalog/component');
  await titles(page);
  await page.keyboard.press('/');
  await expect(queryBar(page, 'Component')).toBeFocused();
  await page.keyboard.type(JSON.stringify(name));
  await page.keyboard.press('Escape');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/query=/);
  const { total: expected } = await api.table({ blueprint: 'component', search: name });
  await expect.poll(() => total(page)).toBe(expected);
  expect(await titles(page)).toContain(name);
  await page.reload();
  await expect(queryBar(page, 'Component')).toContainText(name);
  expect(await total(page)).toBe(expected);
});

test('says that nothing matches, and takes the query back', async ({ page, api }) => {
  const rows = await api.rows('component');
  await page.goto('/catalog/component?query=zzzz-nothing-is-called-that');
  await expect(page.getByText('Nothing matches the query.')).toBeVisible();
  await page.getByRole('button', { name: 'Clear the query' }).last().click();
  await expect.poll(() => total(page)).toBe(rows.length);
});

test('facets have exact counts, filter, and are written into the query', async ({ page, api }) => {
  const { facets, total: all } = await api.table({ blueprint: 'component', facets: ['type'] });
  const values = facets.type?.values ?? [];
  expect(values.length).toBeGreaterThan(1);
  const [first, second] = values;
  if (!first || !second) return;

  await page.goto('/catalog/component');
  expect(await total(page)).toBe(all);
  await page.getByRole('button', { name: 'Filter by Type' }).click();
  const options = page.getByRole('group', { name: 'Type' });
  for (const { title, count } of values) {
    await expect(options.getByRole('checkbox', { name: `${title} ${count}` })).toBeVisible();
  }
  await options.getByRole('checkbox', { name: `${first.title} ${first.count}` }).check();
  await expect.poll(() => total(page)).toBe(first.count);
  await expect(page).toHaveURL(new RegExp(`query=type%20%3D%20${first.value}`));
  // its other values stay on offer
  await options.getByRole('checkbox', { name: `${second.title} ${second.count}` }).check();
  await expect.poll(() => total(page)).toBe(first.count + second.count);
  await options.getByRole('checkbox', { name: `${second.title} ${second.count}` }).uncheck();
  await expect.poll(() => total(page)).toBe(first.count);
  await page.keyboard.press('Escape');

  await page.reload();
  expect(await total(page)).toBe(first.count);
  await page.getByRole('button', { name: `Remove the filter Type: ${first.title}` }).click();
  await expect.poll(() => total(page)).toBe(all);
  await page.goBack();
  await expect.poll(() => total(page)).toBe(first.count);
});

test('filters by relation', async ({ page, api }) => {
  const { facets } = await api.table({ blueprint: 'component', facets: ['system'] });
  const [one] = facets.system?.values ?? [];
  if (!one) throw new Error('components of a system are needed');
  await page.goto('/catalog/component');
  await page.getByRole('button', { name: 'Filter by System' }).click();
  await page.getByRole('checkbox', { name: `${one.title} ${one.count}` }).check();
  await expect.poll(() => total(page)).toBe(one.count);
  await expect(page.getByRole('list', { name: 'Active filters' }).getByRole('listitem')).toHaveCount(1);
});

test('sorts by a header, both ways, and by several', async ({ page, api }) => {
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
  await expect(page).toHaveURL(/sort=-%24title/);
  await expect.poll(() => titles(page)).toEqual([...ascending].reverse());
  const second = page.getByRole('columnheader').nth(2);
  await second.getByRole('button').click({ modifiers: ['Shift'] });
  await expect(second).toHaveAttribute('aria-sort', 'ascending');
  await expect(header).toHaveAttribute('aria-sort', 'descending');
});

test('chooses and moves columns, one of them behind a relation', async ({ page, api }) => {
  await api.rows('component');
  await page.goto('/catalog/component');
  await expect(page.getByRole('columnheader', { name: 'Identifier' })).toHaveCount(0);
  await page.getByRole('button', { name: 'Columns' }).click();
  await page.getByRole('checkbox', { name: 'Identifier' }).check();
  await expect(page.getByRole('columnheader', { name: 'Identifier' })).toBeVisible();
  await expect(page).toHaveURL(/cols=/);
  await page.getByRole('button', { name: 'Move Identifier to the left' }).click();
  await page.getByRole('textbox', { name: 'Find a column' }).fill('system.domain');
  await page.getByRole('button', { name: 'Add system.domain' }).click();
  await expect(page.getByRole('columnheader', { name: 'System › Domain' })).toBeVisible();
  await page.getByRole('textbox', { name: 'Find a column' }).fill('');
  await page.getByRole('button', { name: 'Usual columns' }).click();
  await expect(page.getByRole('columnheader', { name: 'Identifier' })).toHaveCount(0);
});

test('exports the rows of the current query as CSV', async ({ page, api }) => {
  const rows = await api.rows('database');
  await page.goto('/catalog/database');
  expect(await total(page)).toBe(rows.length);
  await page.getByRole('button', { name: 'Export' }).click();
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('menuitem', { name: 'CSV' }).click()]);
  expect(download.suggestedFilename()).toBe('database.csv');
  const lines = (await readFile(await download.path(), 'utf8')).trimEnd().split('\r\n');
  expect(lines.length).toBe(rows.length + 1);
  expect(lines[0]).toContain('$blueprint,$identifier,$title');
  expect(lines.join('\n')).toContain(rows[0]?.identifier);
  expect(lines.filter((line) => /(^|,)[=+@]/.test(line))).toEqual([]);
});
