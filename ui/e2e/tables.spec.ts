import { check, expect, open, queryBar, tableRows, test, titles, total } from './support';

const blueprint = {
  identifier: 'e2e_table',
  title: 'Widget',
  schema: { properties: { tier: { type: 'string', title: 'Tier', enum: ['gold', 'silver'] }, cost: { type: 'number', title: 'Cost' } }, required: ['tier'] },
  relations: {},
};

test.describe.configure({ mode: 'serial' });

test.beforeAll(async ({ request }) => {
  await request.delete(`/v1/blueprints/${blueprint.identifier}/all-entities?delete_blueprint=true`);
  await expect.poll(async () => (await request.get(`/v1/blueprints/${blueprint.identifier}`)).status()).toBe(404);
  expect((await request.post('/v1/blueprints', { data: blueprint })).status()).toBe(201);
  for (let from = 0; from < 400; from += 20) {
    const entities = Array.from({ length: 20 }, (_, i) => ({
      identifier: `w${from + i}`,
      title: `Widget ${String(from + i).padStart(4, '0')}`,
      properties: { tier: (from + i) % 4 === 0 ? 'gold' : 'silver', cost: from + i },
    }));
    expect((await request.post(`/v1/blueprints/${blueprint.identifier}/entities/bulk?upsert=true`, { data: { entities } })).status()).toBe(200);
  }
});

test.afterAll(async ({ request }) => {
  await request.delete(`/v1/blueprints/${blueprint.identifier}/all-entities?delete_blueprint=true`);
});

const path = `/catalog/${blueprint.identifier}`;

test('scrolls through hundreds of rows with a few of them on the page', async ({ page }) => {
  await page.goto(path);
  expect(await total(page)).toBe(400);
  expect((await titles(page))[0]).toBe('Widget 0000');
  expect(await tableRows(page).count()).toBeLessThan(80);
  await page.getByRole('region', { name: 'Widget' }).evaluate((element) => element.scrollTo(0, element.scrollHeight));
  await expect(page.getByRole('link', { name: 'Widget 0399' })).toBeVisible();
  expect(await tableRows(page).count()).toBeLessThan(80);
  await page.locator('[data-cell="0"]').last().focus();
  await page.keyboard.press('Home');
  await expect(page.getByRole('link', { name: 'Widget 0000' })).toBeVisible();
  await expect(page.locator('[data-line="0"][data-cell="0"]')).toBeFocused();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowRight');
  await expect(page.locator('[data-line="1"][data-cell="1"]')).toBeFocused();
});

test('completes a query and says where it is wrong', async ({ page }) => {
  await page.goto(path);
  await titles(page);
  await queryBar(page, 'Widget').click();
  await page.keyboard.type('ti');
  await expect(page.getByRole('option', { name: /tier/ }).first()).toBeVisible();
  await page.keyboard.press('Escape');
  await page.keyboard.type('er = = gold');
  await expect(page.getByText('a second `=` cannot stand here')).toBeVisible();
  await queryBar(page, 'Widget').press('ControlOrMeta+a');
  await page.keyboard.type('tier = gold and cost < 40');
  await page.keyboard.press('Escape');
  await page.keyboard.press('Enter');
  await expect.poll(() => total(page)).toBe(10);
  await page.goto(`${path}?query=tiar%20%3D%20gold`);
  await expect(page.getByText('did you mean `tier`?')).toBeVisible();
});

test('gathers rows in groups with exact numbers', async ({ page }) => {
  await page.goto(`${path}?group=tier&sort=-cost`);
  const gold = page.getByRole('button', { name: 'gold 100' });
  await expect(gold).toBeVisible();
  await expect(page.getByRole('button', { name: 'silver 300' })).toBeVisible();
  await gold.click();
  await expect(gold).toHaveAttribute('aria-expanded', 'true');
  await expect(page.getByRole('link', { name: 'Widget 0396' })).toBeVisible();
  await expect(page.getByRole('link', { name: 'Widget 0399' })).toHaveCount(0);
});

test('changes a cell in its place', async ({ page, request }) => {
  await page.goto(`${path}?query=%24identifier%20%3D%20w1`);
  expect(await total(page)).toBe(1);
  await page.locator('td', { hasText: 'silver' }).dblclick();
  await page.getByRole('combobox', { name: 'Tier of Widget 0001' }).click();
  await page.getByRole('option', { name: 'gold' }).click();
  await page.getByRole('button', { name: 'Save the cell' }).click();
  await expect(page.locator('td', { hasText: 'gold' })).toBeVisible();
  const { entity } = (await (await request.get(`/v1/blueprints/${blueprint.identifier}/entities/w1`)).json()) as { entity: { properties: { tier: string } } };
  expect(entity.properties.tier).toBe('gold');
});

test('says which file states a cell that cannot be changed here', async ({ page, api }) => {
  const [row] = await api.rows('component');
  await page.goto(`/catalog/component?cols=%24title,type&query=%24identifier%20%3D%20${encodeURIComponent(row?.identifier ?? '')}`);
  expect(await total(page)).toBe(1);
  await page.locator('td[data-cell="1"]').dblclick();
  await expect(page.getByText(/^Stated by .*: change it there\.$/)).toBeVisible();
});

test('changes and deletes many, and takes it back', async ({ page, api }) => {
  await page.goto(`${path}?query=cost%20%3C%2010`);
  expect(await total(page)).toBe(10);
  await page.getByRole('checkbox', { name: 'Choose all' }).check();
  await expect(page.getByText('10 rows chosen')).toBeVisible();
  await page.getByRole('button', { name: 'Edit…' }).click();
  await page.getByRole('combobox', { name: 'Field' }).click();
  await page.getByRole('option', { name: 'Tier' }).click();
  await page.getByRole('combobox', { name: 'Tier', exact: true }).click();
  await page.getByRole('option', { name: 'gold' }).click();
  await page.getByRole('button', { name: 'Change 10' }).click();
  await expect(page.getByText('10 entities are changed.')).toBeVisible();
  expect((await api.table({ blueprint: blueprint.identifier, query: 'tier = gold and cost < 10' })).total).toBe(10);
  await page.getByRole('dialog').getByRole('button', { name: 'Undo' }).click();
  await expect(page.getByText(/10 of them as before again/)).toBeVisible();
  expect((await api.table({ blueprint: blueprint.identifier, query: 'tier = gold and cost < 10' })).total).toBeLessThan(10);
  await page.getByRole('button', { name: 'Close', exact: true }).last().click();
  await page.getByRole('button', { name: 'Delete…' }).click();
  await page.getByRole('button', { name: 'Delete 10' }).click();
  await expect(page.getByText(/^10 entities are deleted/)).toBeVisible();
  expect((await api.table({ blueprint: blueprint.identifier })).total).toBe(390);
  await page.getByRole('dialog').getByRole('button', { name: 'Undo' }).click();
  await expect(page.getByText(/10 of them brought back/)).toBeVisible();
  expect((await api.table({ blueprint: blueprint.identifier })).total).toBe(400);
});

test.describe('what the server refuses', () => {
  // the browser tells of every answer of 422
  test.use({ allowErrors: /status of 422/ });
  test('makes an entity by a form, and says at its field what is wrong', async ({ page, api }) => {
    await page.goto(path);
    await titles(page);
    await page.getByRole('button', { name: 'New', exact: true }).click();
    const form = page.getByRole('dialog');
    await form.getByRole('textbox', { name: 'Identifier' }).fill('fresh');
    await form.getByRole('button', { name: 'Check' }).click();
    await expect(form.getByText(/must have required property 'tier'/).first()).toBeVisible();
    await form.getByRole('combobox', { name: 'Tier' }).click();
    await page.getByRole('option', { name: 'gold' }).click();
    await form.getByRole('button', { name: 'Check' }).click();
    await expect(form.getByText('The server would take it.')).toBeVisible();
    expect(await api.exists(blueprint.identifier, 'fresh')).toBe(false);
    await form.getByRole('button', { name: 'Create' }).click();
    await expect(page).toHaveURL(/\/entity\/e2e_table\?id=fresh/);
    expect(await api.exists(blueprint.identifier, 'fresh')).toBe(true);
  });
});

test('asks across blueprints, with a number for each', async ({ page, api }) => {
  const { facets, total: all } = await api.table({ query: 'a', facets: ['$blueprint'] });
  const [first] = facets.$blueprint?.values ?? [];
  if (!first) throw new Error('something is to be found');
  await page.goto('/query?query=a');
  expect(await total(page)).toBe(all);
  await page.getByRole('list', { name: 'Entities by blueprint' }).getByRole('button', { name: `${first.title} ${first.count}` }).click();
  await expect.poll(() => total(page)).toBe(first.count);
});

test('needs no more than three requests, and axe finds nothing', async ({ page }) => {
  const asked: string[] = [];
  page.on('request', (request) => {
    const { pathname } = new URL(request.url());
    if (/^\/(api|v1)\//.test(pathname) && !pathname.endsWith('/changes')) asked.push(pathname);
  });
  await open(page, path);
  await titles(page);
  expect(asked.length, asked.join(' ')).toBeLessThanOrEqual(3);
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    await check(page, `${path} ${colorScheme}`);
  }
});
