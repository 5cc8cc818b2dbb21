import AxeBuilder from '@axe-core/playwright';
import { test as base, expect, type APIRequestContext, type Page } from '@playwright/test';
import type { EntityResult, Model, Row, TableRequest, TableResult } from '../src/api/types';

export { expect };

/** What the specs ask the server directly, to compare with what is on screen. */
export class Api {
  constructor(private readonly request: APIRequestContext) {}

  async model(): Promise<Model> {
    return (await this.request.get('/api/stagedoor/v1/blueprints')).json();
  }

  async table(body: TableRequest): Promise<TableResult> {
    const answer = await this.request.post('/api/stagedoor/v1/tables', { data: body });
    expect(answer.status(), `POST /tables ${JSON.stringify(body)}`).toBe(200);
    return answer.json();
  }

  /** All rows of a blueprint; there must be some. */
  async rows(blueprint: string): Promise<Row[]> {
    const { rows } = await this.table({ blueprint, sort: [{ field: '$title', order: 'asc' }], limit: 500 });
    expect(rows.length, `rows of ${blueprint}`).toBeGreaterThan(0);
    return rows;
  }

  async entity(blueprint: string, identifier: string): Promise<EntityResult> {
    return (await this.request.get('/api/stagedoor/v1/entity', { params: { blueprint, identifier } })).json();
  }

  /** Components of which nobody knows but the test. */
  async addComponents(name: string, n: number): Promise<void> {
    const documents = Array.from({ length: n }, (_, i) => ({
      apiVersion: 'backstage.io/v1alpha1',
      kind: 'Component',
      metadata: { name: `${name}-${i}` },
      spec: { type: 'service', lifecycle: 'experimental', owner: 'guests' },
    }));
    const text = documents.map((document) => JSON.stringify(document)).join('\n---\n');
    const headers = { 'content-type': 'application/yaml' };
    const answer = await this.request.post('/api/stagedoor/v1/documents', { data: text, headers });
    expect(answer.status(), await answer.text()).toBe(200);
  }

  async removeComponents(name: string, n: number): Promise<void> {
    for (let i = 0; i < n; i++) await this.request.delete(`/v1/blueprints/component/entities/${encodeURIComponent(`component:default/${name}-${i}`)}`);
  }

  async exists(blueprint: string, identifier: string): Promise<boolean> {
    const answer = await this.request.get('/api/stagedoor/v1/entity', { params: { blueprint, identifier } });
    return answer.status() === 200;
  }
}

/** Every test fails on an error in the browser's console. `allowErrors` matches what a test provokes. */
export const test = base.extend<{ api: Api; allowErrors: RegExp | null; quietConsole: void }>({
  allowErrors: [null, { option: true }],
  api: async ({ request }, use) => use(new Api(request)),
  quietConsole: [
    async ({ page, allowErrors }, use) => {
      const errors: string[] = [];
      const note = (text: string) => {
        if (!allowErrors?.test(text)) errors.push(text);
      };
      page.on('console', (message) => message.type() === 'error' && note(message.text()));
      page.on('pageerror', (error) => note(error.message));
      await use();
      expect(errors, 'errors in the console').toEqual([]);
    },
    { auto: true },
  ],
});

/**
 * Opens a page and waits until it has settled. Not until the network is idle: the page listens for changes as long as
 * it is open.
 */
export async function open(page: Page, path: string): Promise<void> {
  await page.goto(path);
  await expect(page.getByRole('heading', { level: 1 }).first()).toBeVisible();
  await expect(page.locator('[aria-busy=true]')).toHaveCount(0);
  await page.evaluate(async () => {
    await document.fonts.ready;
    await new Promise(requestAnimationFrame);
  });
}

export const tableRows = (page: Page) => page.locator('tbody tr');

/** The table's first column, once it has loaded. */
export async function titles(page: Page): Promise<string[]> {
  await expect(page.locator('table[aria-busy=false]')).toBeVisible();
  return page.locator('tbody td[data-cell="0"] a').allInnerTexts();
}

/** How many rows the table says there are. */
export async function total(page: Page): Promise<number> {
  await expect(page.locator('table[aria-busy=false]')).toBeVisible();
  const text = await page.getByRole('status', { name: 'Rows' }).innerText();
  return Number(/^([\d,]+)/.exec(text)?.[1]?.replaceAll(',', ''));
}

/** The query bar of a table. */
export const queryBar = (page: Page, name: string) => page.getByRole('textbox', { name: `Query ${name}` });

export const entityPath = (blueprint: string, identifier: string, more = '') =>
  `/entity/${encodeURIComponent(blueprint)}?id=${encodeURIComponent(identifier)}${more}`;

/** Every page of the program, with something to see on each. */
export async function allPages(api: Api): Promise<string[]> {
  const [component] = await api.rows('component');
  const [definition] = await api.rows('api');
  const [database] = await api.rows('database');
  if (!component || !definition || !database) throw new Error('the example organisation is not there');
  return [
    '/',
    '/catalog/component',
    '/catalog/database',
    '/query',
    entityPath('component', component.identifier),
    entityPath('component', component.identifier, '&tab=relations'),
    entityPath('component', component.identifier, '&tab=graph'),
    entityPath('component', component.identifier, '&tab=changes'),
    entityPath('component', component.identifier, '&tab=scorecards'),
    entityPath('component', component.identifier, '&tab=source'),
    entityPath('component', component.identifier, '&tab=raw'),
    entityPath('api', definition.identifier),
    entityPath('database', database.identifier),
    '/self-service',
    '/runs',
    '/approvals',
    '/scorecards',
    '/scorecards/next',
    '/scorecards/exemptions',
    '/scorecards/campaigns',
    '/actions',
    '/templates',
    '/model',
    '/model?blueprint=component',
    '/model/database',
    '/model/component?tab=mirrors',
    '/graph',
    '/pages',
    '/sources',
    '/documents',
    '/people',
    '/teams',
    '/service-accounts',
    '/secrets',
    '/audit',
    '/account',
  ];
}

/** axe finds nothing serious in what is on screen. */
export async function check(page: Page, where: string): Promise<void> {
  // in the page itself, where all of ours is: the other mode opens a window for each analysis
  const { violations } = await new AxeBuilder({ page }).setLegacyMode().options({ resultTypes: ['violations'] }).analyze();
  const bad = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
  const found = bad.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => `${id}: ${target.join(' ')} ${failureSummary}`));
  expect(found, where).toEqual([]);
}

/** By how much the page and its content are wider than the window. */
export const sideways = (page: Page) =>
  page.evaluate(() => {
    const main = document.getElementById('main');
    return [document.documentElement.scrollWidth - innerWidth, main ? main.scrollWidth - main.clientWidth : 0];
  });
