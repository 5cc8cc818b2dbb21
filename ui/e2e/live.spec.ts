import type { APIRequestContext, Page } from '@playwright/test';
import { binary, Portal } from './portal';
import { entityPath, expect, open, tableRows, test } from './support';

const blueprint = 'live_check';
/** Another client of the portal: what it does is not told to the browser by anyone but the server. */
class Other {
  constructor(private readonly request: APIRequestContext) {}

  private async send(method: 'post' | 'patch' | 'delete', path: string, data?: unknown): Promise<void> {
    const answer = await this.request[method](`/v1/blueprints${path}`, { data });
    expect(answer.ok(), `${method} ${path}: ${await answer.text()}`).toBe(true);
  }

  async begin(): Promise<void> {
    await this.end();
    await this.send('post', '', {
      identifier: blueprint,
      title: 'Live check',
      schema: { properties: { stage: { type: 'string', title: 'Stage' }, cost: { type: 'number', title: 'Cost' } } },
      relations: { parent: { target: blueprint, required: false, many: false } },
      mirrorProperties: { parentStage: { title: 'Stage of the parent', path: 'parent.stage' } },
      calculationProperties: {
        double: { title: 'Double', type: 'number', calculation: '.properties.cost * 2' },
        broken: { title: 'Broken', type: 'number', calculation: '.properties.cost *' },
      },
      aggregationProperties: {
        children: { title: 'Children', type: 'number', target: blueprint, calculationSpec: { calculationBy: 'entities', func: 'count' } },
      },
    });
    for (let i = 0; i < 60; i++) await this.put(`e${String(i).padStart(2, '0')}`, { stage: 'planned', cost: i }, i > 0 ? 'e00' : null);
  }

  async end(): Promise<void> {
    await this.request.delete(`/v1/blueprints/${blueprint}/all-entities?delete_blueprint=true`);
    // it goes in the background
    await expect.poll(async () => (await this.request.get(`/v1/blueprints/${blueprint}`)).status(), { timeout: 15_000 }).toBe(404);
  }

  put(identifier: string, properties: Record<string, unknown>, parent: string | null = 'e00'): Promise<void> {
    return this.send('post', `/${blueprint}/entities?upsert=true&merge=true`, { identifier, title: identifier, properties, relations: { parent } });
  }

  delete(identifier: string): Promise<void> {
    return this.send('delete', `/${blueprint}/entities/${identifier}`);
  }
}

const other = test.extend<{ other: Other }>({
  other: async ({ request, page }, use) => {
    const client = new Other(request);
    await client.begin();
    await use(client);
    // the page would follow the end of its blueprint
    await page.goto('about:blank');
    await client.end();
  },
});

const cell = (page: Page, row: string, text: string) => tableRows(page).filter({ hasText: row }).getByText(text, { exact: true });

other('a table follows what others write, without losing the place', async ({ page, other }) => {
  await open(page, `/catalog/${blueprint}?cols=$title,stage,cost`);
  await expect(tableRows(page).nth(20)).toBeVisible();
  const scroll = page.locator('[role=region][aria-label="Live check"]');
  await scroll.evaluate((element) => (element.scrollTop = 400));
  const before = await scroll.evaluate((element) => element.scrollTop);
  expect(before).toBeGreaterThan(100);
  const link = page.getByRole('link', { name: 'e20', exact: true });
  await link.evaluate((element: HTMLElement) => element.focus({ preventScroll: true }));
  await other.put('e20', { stage: 'running' });
  await expect(cell(page, 'e20', 'running')).toBeVisible();
  await other.put('zz', { stage: 'new' });
  await expect(page.getByRole('status', { name: 'Rows' })).toContainText('61');
  await other.delete('e21');
  await expect(page.getByRole('link', { name: 'e21', exact: true })).toHaveCount(0);
  expect(await scroll.evaluate((element) => element.scrollTop)).toBe(before);
  await expect(link).toBeFocused();
});

other('nothing blinks while rows change', async ({ page, other }) => {
  await open(page, `/catalog/${blueprint}?cols=$title,stage`);
  await page.evaluate(() => {
    const seen = { emptied: false };
    new MutationObserver(() => {
      if (document.querySelectorAll('tbody tr').length < 15 || document.querySelector('[aria-busy=true]')) seen.emptied = true;
    }).observe(document.body, { childList: true, subtree: true, attributes: true });
    Object.assign(window, { seen });
  });
  for (const stage of ['one', 'two', 'three']) {
    await other.put('e05', { stage });
    await expect(cell(page, 'e05', stage)).toBeVisible();
  }
  expect(await page.evaluate(() => (window as unknown as { seen: { emptied: boolean } }).seen.emptied)).toBe(false);
});

other('an entity page follows too, values of others included, and keeps its tab', async ({ page, other }) => {
  await open(page, entityPath(blueprint, 'e01'));
  await other.put('e00', { stage: 'retired' }, null);
  await expect(page.getByText('retired')).toBeVisible();
  await page.getByRole('tab', { name: 'Source' }).click();
  await other.put('e01', { stage: 'unheard-of' });
  await expect(page.getByText('unheard-of').first()).toBeVisible();
  await expect(page.getByRole('tab', { name: 'Source' })).toHaveAttribute('aria-selected', 'true');
});

other('a page that was hidden is as new as the catalog when it is seen again', async ({ page, other }) => {
  const feeds: string[] = [];
  page.on('request', (request) => request.url().includes('/changes') && feeds.push(request.url()));
  await open(page, `/catalog/${blueprint}?cols=$title,stage`);
  await expect.poll(() => feeds.length).toBe(1);
  const show = (state: string) =>
    page.evaluate((state) => {
      Object.defineProperty(document, 'visibilityState', { value: state, configurable: true });
      document.dispatchEvent(new Event('visibilitychange'));
    }, state);
  const ended = page.waitForEvent('requestfailed', (request) => request.url().includes('/changes'));
  await show('hidden');
  await ended;
  await other.put('e03', { stage: 'meanwhile' });
  await show('visible');
  await expect(cell(page, 'e03', 'meanwhile')).toBeVisible();
  expect(feeds.length).toBe(2);
});

other('derived values say that they are, and a program that is none says why', async ({ page, other }) => {
  await other.put('e01', { cost: 21 });
  await open(page, entityPath(blueprint, 'e01'));
  const property = (title: string) => page.locator('dt', { hasText: title }).locator('..');
  await expect(property('Stage of the parent').locator('dd')).toHaveText('planned');
  await expect(property('Double').locator('dd')).toHaveText('42');
  await expect(property('Broken').locator('dd')).toContainText('invalid JQ: ');
  await open(page, `/catalog/${blueprint}?cols=$title,double,parentStage`);
  await expect(page.locator('th', { hasText: 'Double' })).toContainText('calculation');
  await expect(cell(page, 'e01', '42')).toBeVisible();
  await open(page, `/model?blueprint=${blueprint}`);
  const panel = page.getByRole('complementary', { name: 'Blueprint Live check' });
  await expect(panel.getByText('parent › stage')).toBeVisible();
  await expect(panel.getByText(/^invalid JQ: /)).toBeVisible();
});

test.describe('a lost connection', () => {
  test.use({ allowErrors: /ERR_FAILED|ERR_CONNECTION_REFUSED/ });

  other('is told, and what was missed is there when it is back', async ({ page, other }) => {
    await open(page, entityPath(blueprint, 'e07'));
    await page.route('**/changes?*', (route) => route.abort('connectionrefused'));
    // the stream that is open ends; the next one is not made
    await page.evaluate(() => {
      Object.defineProperty(document, 'visibilityState', { value: 'hidden', configurable: true });
      document.dispatchEvent(new Event('visibilitychange'));
      Object.defineProperty(document, 'visibilityState', { value: 'visible', configurable: true });
      document.dispatchEvent(new Event('visibilitychange'));
    });
    await expect(page.getByText('Connection lost, trying again')).toBeVisible();
    await other.put('e07', { stage: 'unseen' });
    await page.unroute('**/changes?*');
    await page.evaluate(() => window.dispatchEvent(new Event('online')));
    await expect(page.getByText('unseen', { exact: true })).toBeVisible();
    await expect(page.getByText('Connection lost, trying again')).toHaveCount(0);
  });
});

other('what is typed into a form stays while the page follows', async ({ page, other }) => {
  await open(page, '/documents');
  const field = page.getByRole('textbox').first();
  await field.click();
  await page.keyboard.type('kind: Compo');
  await other.put('e08', { stage: 'elsewhere' });
  await page.keyboard.type('nent');
  await expect(page.getByText('kind: Component').first()).toBeVisible();
});

test.describe('a member', () => {
  test.skip(binary() === null, 'needs a built server');
  const portal = new Portal();
  test.beforeAll(() => portal.start());
  test.afterAll(() => portal.stop());

  test('follows what it sees, and nothing else', async ({ browser, request }) => {
    const password = 'paper kettle under the stairs';
    const native = `${portal.url}/api/stagedoor/v1`;
    const headers = { origin: portal.url };
    const accept = async (context: APIRequestContext, link: string, body: object) => {
      const answer = await context.post(`${native}/links/accept`, { headers, data: { token: link.split('#')[1], password, firstName: 'X', lastName: 'Y', ...body } });
      expect(answer.status(), await answer.text()).toBe(200);
    };
    await accept(request, await portal.setupLink(), { email: 'ada@larkfell.example' });
    const write = async (method: 'post' | 'patch' | 'delete', path: string, data?: unknown) => {
      const answer = await request[method](`${portal.url}/v1${path}`, { headers, data });
      expect(answer.ok(), `${path}: ${await answer.text()}`).toBe(true);
    };
    await write('post', '/blueprints', { identifier: 'ledger', title: 'Ledger', schema: { properties: { stage: { type: 'string' } } }, relations: {} });
    await write('patch', '/blueprints/ledger/permissions', { entities: { read: { ownedByTeam: true } } });
    await write('post', '/teams', { name: 'alpha', users: [] });
    const invited = await request.post(`${native}/invitations`, { headers, data: { email: 'elsa@larkfell.example', role: 'Member', teams: ['alpha'] } });
    const context = await browser.newContext({ baseURL: portal.url });
    await accept(context.request, ((await invited.json()) as { link: string }).link, {});
    const page = await context.newPage();
    await open(page, '/catalog/ledger?cols=$title,stage');
    const put = (identifier: string, team: string, stage: string) =>
      write('post', '/blueprints/ledger/entities?upsert=true', { identifier, title: identifier, team: [team], properties: { stage } });
    const told: string[] = [];
    page.on('response', async (response) => response.url().includes('/tables') && told.push(await response.text().catch(() => '')));
    await put('hidden-one', 'beta', 'a');
    await put('mine', 'alpha', 'first');
    await expect(cell(page, 'mine', 'first')).toBeVisible();
    await put('mine', 'alpha', 'second');
    await expect(cell(page, 'mine', 'second')).toBeVisible();
    await put('mine', 'beta', 'second');
    await expect(page.getByRole('link', { name: 'mine', exact: true })).toHaveCount(0);
    expect(told.join('')).not.toContain('hidden-one');
    await context.close();
  });
});
