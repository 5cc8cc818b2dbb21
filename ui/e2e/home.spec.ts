import type { Locator, Page } from '@playwright/test';
import { binary, Portal } from './portal';
import { check, entityPath, expect, open, sideways, test, type Api } from './support';

const home = '/api/stagedoor/v1/home';

// a test that failed half-way leaves nothing to the next
test.beforeEach(async ({ request }) => {
  await request.put(`${home}/layout`, { data: { layout: null } });
});

const section = (page: Page, name: string): Locator => page.locator('#main section').filter({ has: page.getByRole('heading', { level: 2, name, exact: true }) });

test('home shows what changed, what is wrong and how much there is, in one request', async ({ page, api }) => {
  const { blueprints } = await api.model();
  const asked: string[] = [];
  page.on('request', (request) => /\/(api|v1)\//.test(request.url()) && asked.push(new URL(request.url()).pathname));
  await open(page, '/');
  await expect(section(page, 'Recently changed').getByRole('listitem').first()).toBeVisible();
  expect(await section(page, 'Recently changed').getByRole('listitem').count()).toBeGreaterThan(5);
  const component = blueprints.find(({ identifier }) => identifier === 'component');
  await expect(section(page, 'Catalog').getByRole('link', { name: `${component?.title} ${component?.count}` })).toBeVisible();
  await expect(section(page, 'Needs attention')).toBeVisible();
  expect(asked.filter((path) => path.startsWith(home))).toEqual([home]);
});

test('what was looked at is remembered on the server, and comes first in the palette', async ({ page, api }) => {
  const rows = await api.rows('component');
  const [first, second] = rows;
  if (!first || !second) throw new Error('no rows');
  for (const row of [first, second]) {
    const noted = page.waitForResponse((response) => response.url().endsWith('/viewed') && response.request().method() === 'POST');
    await open(page, entityPath('component', row.identifier));
    expect((await noted).status()).toBe(204);
  }
  await open(page, '/');
  const links = section(page, 'Recently viewed').getByRole('link');
  await expect(links.first()).toHaveText(second.title);
  await expect(links.nth(1)).toHaveText(first.title);
  await page.keyboard.press('Control+k');
  const group = page.getByRole('group', { name: 'Recently viewed' });
  await expect(group.getByRole('option').first()).toContainText(second.title);
});

test.describe('a link that is refused', () => {
  // the browser tells of what the server refuses on purpose
  test.use({ allowErrors: /status of 422/ });

  test('links are pinned for oneself and for everybody', async ({ page, request }) => {
    await open(page, '/');
    await page.getByRole('button', { name: 'Edit links' }).click();
    const window = page.getByRole('dialog', { name: 'Links' });
    const mine = window.getByRole('group', { name: 'Only for you' });
    await mine.getByRole('button', { name: 'Add a link' }).click();
    await mine.getByLabel('Title of link 1').fill('Our model');
    await mine.getByLabel('Address of link 1').fill(new URL('/model', page.url()).href);
    const all = window.getByRole('group', { name: 'For everybody' });
    await all.getByRole('button', { name: 'Add a link' }).click();
    await all.getByLabel('Title of link 1').fill('Wiki');
    await all.getByLabel('Address of link 1').fill('javascript:alert(1)');
    await window.getByRole('button', { name: 'Save' }).click();
    await expect(window.getByText('the address must begin with https://')).toBeVisible();
    await all.getByLabel('Address of link 1').fill('https://wiki.larkfell.example');
    await window.getByRole('button', { name: 'Save' }).click();
    await expect(window).toHaveCount(0);
    await expect(section(page, 'Links').getByRole('link', { name: 'Wiki' })).toHaveAttribute('href', 'https://wiki.larkfell.example/');
    await section(page, 'Links').getByRole('link', { name: 'Our model' }).click();
    await expect(page).toHaveURL(/\/model$/);
    for (const path of ['links', 'organization-links']) await request.put(`${home}/${path}`, { data: { links: [] } });
});
});

test('the page is arranged: hidden, ordered, with a table of its own, and as it came', async ({ page, request }) => {
  test.setTimeout(45_000);
  await open(page, '/?arrange=true');
  const window = page.getByRole('dialog', { name: 'Arrange the page' });
  await window.getByRole('switch', { name: 'Recently changed' }).uncheck();
  await window.getByRole('button', { name: 'Catalog up' }).click();
  await window.getByRole('button', { name: 'Catalog up' }).click();
  await window.getByLabel('Of').selectOption('database');
  await window.getByLabel('Title', { exact: true }).fill('Our databases');
  await window.getByRole('button', { name: 'Add', exact: true }).click();
  await check(page, 'arranging');
  await window.getByRole('button', { name: 'Save' }).click();
  await expect(window).toHaveCount(0);
  await page.reload();
  await expect(section(page, 'Our databases').locator('tbody tr').first()).toBeVisible();
  await expect(section(page, 'Recently changed')).toHaveCount(0);
  await expect(page.getByText('1 section hidden.')).toBeVisible();
  const narrow = await page.locator('#main section h2').allInnerTexts();
  expect(narrow.indexOf('Catalog')).toBeLessThan(narrow.indexOf('Links'));
  await page.getByRole('button', { name: 'Arrange', exact: true }).click();
  await window.getByRole('button', { name: 'As it came' }).click();
  await expect(section(page, 'Recently changed')).toBeVisible();
  await request.put(`${home}/layout`, { data: { layout: null } });
});

const withOther = async (api: Api, run: () => Promise<void>) => {
  try {
    await run();
  } finally {
    await api.removeComponents('held', 2);
  }
};

test('a list does not move under the pointer: what is newer is counted', async ({ page, api }) => {
  await open(page, '/');
  const recent = section(page, 'Recently changed');
  const before = await recent.getByRole('listitem').first().innerText();
  await recent.getByRole('listitem').nth(2).hover();
  await withOther(api, async () => {
    await api.addComponents('held', 2);
    const newer = recent.getByRole('button', { name: '2 newer' });
    await expect(newer).toBeVisible();
    expect((await recent.getByRole('listitem').first().innerText()).split('\n')[0]).toBe(before.split('\n')[0]);
    await newer.click();
    await expect(recent.getByRole('link', { name: 'held-0' })).toBeVisible();
    await expect(newer).toHaveCount(0);
  });
});

test.describe('an empty portal', () => {
  test.skip(binary() === null, 'needs a built server');
  const portal = new Portal({ dev: true, empty: true });
  test.beforeAll(() => portal.start());
  test.afterAll(() => portal.stop());

  test('leads to data of one’s own, and notices what is done', async ({ page, request }) => {
    await open(page, portal.url);
    const steps = page.getByRole('list', { name: 'First steps' });
    await expect(steps.getByRole('listitem')).not.toHaveCount(0);
    await expect(steps.getByText('Done.')).toHaveCount(0);
    await check(page, 'first steps');
    await page.setViewportSize({ width: 390, height: 844 });
    expect(await sideways(page)).toEqual([0, 0]);
    await page.setViewportSize({ width: 1440, height: 900 });

    // somebody else makes a blueprint, through the API: the step is marked without a reload
    await steps.getByRole('button', { name: 'Add a blueprint of your own' }).click();
    await expect(steps.getByRole('checkbox').first()).toBeVisible();
    const made = await request.post(`${portal.url}/v1/blueprints`, { data: { identifier: 'licence', title: 'Licence', schema: { properties: {} }, relations: {} } });
    expect(made.ok()).toBe(true);
    await expect(steps.getByText('There is one of your own.')).toBeVisible();

    await steps.getByRole('button', { name: 'Paste a catalog-info.yaml' }).click();
    await steps.getByRole('button', { name: 'Insert an example' }).click();
    await steps.getByRole('button', { name: 'Check' }).click();
    await expect(steps.getByText('This would add 1 entity.')).toBeVisible();
    await steps.getByRole('button', { name: 'Add it' }).click();
    await expect(section(page, 'Recently changed').getByRole('link', { name: 'hello-world' })).toBeVisible();
  });
});
