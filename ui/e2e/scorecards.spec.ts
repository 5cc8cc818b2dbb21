import type { APIRequestContext, Page } from '@playwright/test';
import { binary, Portal } from './portal';
import { check, entityPath, expect, open, sideways, test } from './support';

// Over a portal of its own, in which everybody is administrator: scorecards change what all pages show.
test.describe.configure({ mode: 'serial' });
test.skip(binary() === null, 'needs a built server');

const portal = new Portal({ dev: true });
test.use({ baseURL: async ({}, use) => use(portal.url) });

const service = (name: string, more: Record<string, unknown> = {}) => ({ identifier: `e2e-${name}`, title: `E2E ${name}`, properties: { tier: 'gold', ...more } });
const fixed = { identifier: 'e2e_set_on_call', title: 'Say who is on call', blueprint: 'e2e_service' };

async function send(request: APIRequestContext, method: 'post' | 'put', path: string, data: unknown): Promise<void> {
  const answer = await request[method](portal.url + path, { data });
  expect(answer.status(), `${path} ${await answer.text()}`).toBeLessThan(300);
}

test.beforeAll(async ({ request }) => {
  await portal.start();
  const properties = { tier: { type: 'string', title: 'Tier', enum: ['gold', 'tin'] }, on_call: { type: 'string', title: 'On call' }, replicas: { type: 'number', title: 'Replicas' } };
  await send(request, 'post', '/v1/blueprints', { identifier: 'e2e_service', title: 'E2E service', schema: { properties, required: [] }, relations: {} });
  for (const entity of [service('one', { on_call: 'ada', replicas: 3 }), service('two', { replicas: 1 }), service('three'), service('tin', { tier: 'tin' })]) {
    await send(request, 'post', '/v1/blueprints/e2e_service/entities', entity);
  }
  await send(request, 'post', '/v1/actions', {
    identifier: fixed.identifier,
    title: fixed.title,
    trigger: { type: 'self-service', operation: 'DAY-2', blueprintIdentifier: 'e2e_service', userInputs: { properties: { who: { type: 'string', title: 'Who' } }, required: ['who'] } },
    invocationMethod: { type: 'UPSERT_ENTITY', blueprintIdentifier: 'e2e_service', mapping: { identifier: '{{ .entity.identifier }}', properties: { on_call: '{{ .inputs.who }}', tier: 'gold', replicas: 1 } } },
  });
});

test.afterAll(() => portal.stop());

const definition = {
  identifier: 'readiness',
  title: 'Readiness',
  levels: [{ title: 'Basic', color: 'paleBlue' }, { title: 'Bronze', color: 'bronze' }, { title: 'Silver', color: 'silver' }],
  filter: { combinator: 'and', conditions: [{ property: 'tier', operator: '=', value: 'gold' }] },
  rules: [
    { identifier: 'on_call', title: 'Has somebody on call', level: 'Bronze', query: { combinator: 'and', conditions: [{ property: 'on_call', operator: 'isNotEmpty' }] }, fix: { text: 'Say who is on call.', action: fixed.identifier } },
    { identifier: 'replicas', title: 'Runs more than once', level: 'Silver', query: { combinator: 'and', conditions: [{ property: 'replicas', operator: '>', value: 1 }] } },
  ],
};

const preview = (page: Page) => page.getByRole('region', { name: 'Preview' });
const ruleRow = (page: Page, title: string) => page.getByRole('region', { name: 'Rules', exact: true }).getByRole('row').filter({ hasText: title });

/** Puts a text in place of what an editor says. */
async function write(page: Page, text: string): Promise<void> {
  const editor = page.getByRole('textbox', { name: 'The scorecard as JSON' });
  await editor.click();
  await page.keyboard.press('Control+a');
  await page.keyboard.insertText(text);
}

test('a new portal offers starters', async ({ page }) => {
  await open(page, '/scorecards');
  await expect(page.getByText('There is no scorecard yet.')).toBeVisible();
  const starters = page.getByRole('list', { name: 'Starters' });
  await expect(starters.getByRole('listitem').first()).toBeVisible();
  await check(page, 'starters');
  await starters.getByRole('button', { name: 'Install: Ownership' }).click();
  await expect(page.getByRole('link', { name: 'Ownership', exact: true })).toBeVisible();
});

test('a scorecard is drafted by form and JSON, tried on the whole fleet, and published', async ({ page }) => {
  await open(page, '/scorecards?create=true');
  await page.getByRole('combobox', { name: 'Blueprint' }).click();
  await page.getByRole('option', { name: 'E2E service', exact: true }).click();
  await write(page, JSON.stringify({ ...definition, rules: definition.rules.map((rule) => ({ ...rule, level: 'Diamond' })) }));
  // what is wrong names its place
  await expect(preview(page).getByRole('button', { name: /\/rules\/0\/level/ })).toBeVisible();
  await write(page, JSON.stringify(definition));
  await expect(page.getByRole('textbox', { name: 'Title' }).first()).toHaveValue('Readiness');
  await expect(preview(page).getByText('Effect on 3 entities')).toBeVisible();
  await expect(preview(page).getByRole('row', { name: /Silver/ })).toContainText('1');
  await page.getByRole('combobox', { name: 'Try it with one' }).click();
  await page.keyboard.type('E2E two');
  await page.getByRole('option', { name: /E2E two/ }).click();
  await expect(preview(page).locator('[data-rule=on_call] [data-status]').first()).toHaveText(/Failed|Not measured/);
  await check(page, 'editor');
  await page.getByRole('button', { name: 'Publish' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Readiness' })).toBeVisible();
});

test('every number opens the list behind it, and the address keeps it', async ({ page }) => {
  await open(page, '/scorecards/e2e_service/readiness');
  await expect(ruleRow(page, 'Has somebody on call')).toContainText('33%');
  await check(page, 'scorecard');
  await page.getByRole('link', { name: /^Silver/ }).click();
  const list = page.getByRole('dialog');
  await expect(list.getByRole('link', { name: 'E2E one' })).toBeVisible();
  await expect(page).toHaveURL(/level=Silver/);
  await page.keyboard.press('Escape');
  await expect(list).toHaveCount(0);
  await open(page, '/scorecards/e2e_service/readiness?list=true&rule=replicas');
  await expect(list.getByRole('row').filter({ hasText: 'E2E two' })).toContainText('Failed');
  await expect(list.getByRole('row').filter({ hasText: 'E2E three' })).toContainText('Not measured');
  await expect(list.getByRole('row').filter({ hasText: 'E2E one' })).toContainText('Passed');
  await check(page, 'list');
});

test('the heat map groups by anything', async ({ page }) => {
  await open(page, '/scorecards/e2e_service/readiness?by=tier');
  const map = page.getByRole('region', { name: /by rules$/ });
  await expect(map.getByRole('row').filter({ hasText: 'gold' })).toContainText('33%');
  await map.getByRole('link', { name: /gold, Has somebody on call/ }).click();
  await expect(page.getByRole('dialog').getByRole('row')).toHaveCount(4);
});

test('an edit shows old against new before it counts', async ({ page }) => {
  await open(page, '/scorecards/e2e_service/readiness?edit=true');
  await page.getByRole('button', { name: /^Has somebody on call/ }).click();
  const rule = page.locator('li[data-rule=on_call]');
  await rule.getByRole('button', { name: /^Condition/ }).click();
  await rule.getByRole('combobox', { name: 'Has somebody on call, condition 2: what' }).click();
  await page.getByRole('option', { name: 'Replicas' }).click();
  await expect(preview(page).getByRole('columnheader', { name: 'Now' })).toBeVisible();
  await page.getByRole('button', { name: 'Keep as a draft' }).click();
  await expect(page.getByText('There is a draft of this scorecard.')).toBeVisible();
  await expect(ruleRow(page, 'Has somebody on call')).toContainText('33%');
  await page.getByRole('button', { name: 'Discard…' }).click();
  await page.getByRole('button', { name: 'Discard it' }).click();
  await expect(page.getByText('There is a draft of this scorecard.')).toHaveCount(0);
});

test('a failing check says why, and is fixed from there; the number moves without a reload', async ({ page, context }) => {
  const other = await context.newPage();
  await open(other, '/scorecards/e2e_service/readiness');
  await expect(ruleRow(other, 'Has somebody on call')).toContainText('33%');
  await open(page, entityPath('e2e_service', 'e2e-two', '&tab=scorecards'));
  await expect(page.getByRole('group', { name: 'Levels' })).toContainText('Basic');
  const line = page.locator('[data-rule=on_call]');
  await expect(line).toContainText('Say who is on call.');
  await expect(line).toContainText('no value');
  await check(page, 'scorecards of an entity');
  await line.getByRole('link', { name: /^Fix it/ }).click();
  await expect(page.getByRole('heading', { level: 1, name: fixed.title })).toBeVisible();
  await page.getByRole('textbox', { name: 'Who' }).fill('grace');
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await expect(page.getByText('Succeeded', { exact: true })).toBeVisible();
  await other.bringToFront();
  await expect(ruleRow(other, 'Has somebody on call')).toContainText('67%');
});

test('an exemption counts as passed until it ends', async ({ page }) => {
  await open(page, entityPath('e2e_service', 'e2e-three', '&tab=scorecards'));
  await page.getByRole('button', { name: 'Ask for an exemption: Has somebody on call' }).click();
  await page.getByRole('textbox', { name: 'Reason' }).fill('It goes away this month.');
  await page.getByRole('button', { name: 'Ask', exact: true }).click();
  const line = page.locator('[data-rule=on_call]');
  await expect(line.locator('[data-status=exempt]')).toBeVisible();
  await expect(line).toContainText('It goes away this month.');
  await open(page, '/scorecards/exemptions?standing=granted');
  await check(page, 'exemptions');
  await page.getByRole('button', { name: /^End:/ }).click();
  await page.getByRole('button', { name: 'End it' }).click();
  await expect(page.getByText('There is none.')).toBeVisible();
});

test('what to fix next, and a campaign for it', async ({ page }) => {
  await open(page, '/scorecards/next');
  await expect(page.getByRole('list', { name: 'What to fix next' }).getByRole('listitem').filter({ hasText: 'E2E three' }).first()).toBeVisible();
  await check(page, 'what to fix next');
  await open(page, '/scorecards/campaigns?create=true');
  await page.getByRole('textbox', { name: 'Title' }).fill('On call everywhere');
  await page.getByRole('combobox', { name: 'Scorecard' }).click();
  await page.getByRole('option', { name: 'Readiness (E2E service)' }).click();
  await page.getByRole('combobox', { name: 'Goal' }).click();
  await page.getByRole('option', { name: 'Has somebody on call' }).click();
  await page.getByRole('button', { name: 'Begin' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'On call everywhere' })).toBeVisible();
  await expect(page.getByRole('progressbar', { name: 'Progress of On call everywhere' })).toHaveAttribute('aria-valuenow', '2');
  await check(page, 'campaign');
  await page.getByRole('button', { name: 'Remind' }).click();
  await expect(page.getByRole('status').filter({ hasText: /remind/i })).toBeVisible();
});

test('a draft that was never published is listed with what it would give, and opens in the editor', async ({ page }) => {
  await open(page, '/scorecards?create=true');
  await page.getByRole('combobox', { name: 'Blueprint' }).click();
  await page.getByRole('option', { name: 'E2E service', exact: true }).click();
  await write(page, JSON.stringify({ ...definition, identifier: 'later', title: 'Later' }));
  await page.getByRole('button', { name: 'Keep as a draft' }).click();
  const tile = page.locator('[data-scorecard=later]');
  await expect(tile).toContainText('draft, not published');
  await expect(tile).toContainText('would keep every rule');
  await check(page, 'overview with a draft');
  await tile.getByRole('link', { name: 'Later', exact: true }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Later' })).toBeVisible();
  await expect(page.getByRole('textbox', { name: 'The scorecard as JSON' })).toBeVisible();
  await page.getByRole('button', { name: 'Discard…' }).click();
  await page.getByRole('button', { name: 'Discard it' }).click();
  await expect(tile).toHaveCount(0);
});

test('levels and rules are columns of a table, and are completed in its query', async ({ page }) => {
  const columns = ['$title', '"$scorecards.readiness.level"', '"$scorecards.readiness.on_call"'].join(',');
  await open(page, `/catalog/e2e_service?cols=${encodeURIComponent(columns)}`);
  const row = page.getByRole('row').filter({ hasText: 'E2E one' });
  await expect(row.locator('[data-level=Silver]')).toBeVisible();
  await expect(row.locator('[data-status=passed]')).toHaveText('Passed');
  await expect(page.getByRole('row').filter({ hasText: 'E2E tin' }).locator('[data-status=notApplicable]')).toBeVisible();
  const bar = page.getByRole('textbox', { name: 'Query E2E service' });
  await bar.click();
  await page.keyboard.type('scorecard(rea');
  await page.getByRole('option', { name: /^readiness\.on_call/ }).click();
  await page.keyboard.type('= fai');
  await page.getByRole('option', { name: /^failed/ }).click();
  await expect(bar).toContainText('scorecard(readiness.on_call) = failed');
});

test('a dashboard with a heat map asks three times', async ({ page, request }) => {
  const heat = { id: 'heat', type: 'scorecard-heat-map', title: 'Heat', blueprint: 'e2e_service', scorecard: 'readiness', groupBy: 'tier' };
  const layout = [{ height: 300, columns: [{ id: 'heat', size: 12 }] }];
  await send(request, 'post', '/v1/pages', { identifier: 'heat', title: 'Heat', type: 'dashboard', widgets: [{ id: 'board', type: 'dashboard-widget', layout, widgets: [heat] }] });
  const asked: string[] = [];
  page.on('request', (asking) => /\/(api|v1)\//.test(asking.url()) && !/\/(changes|viewed)$/.test(new URL(asking.url()).pathname) && asked.push(asking.url()));
  await open(page, '/pages/heat');
  await expect(page.getByRole('region', { name: 'Heat', exact: true }).getByRole('row').filter({ hasText: 'gold' })).toContainText('%');
  expect(asked.length, asked.join(' ')).toBeLessThanOrEqual(3);
});

test('a table gathers entities by level, and the palette finds a scorecard', async ({ page }) => {
  await page.goto(`/catalog/e2e_service?group=${encodeURIComponent('"$scorecards.readiness.level"')}`);
  await expect(page.getByRole('button', { name: 'Silver 1' })).toBeVisible();
  await page.keyboard.press('Control+k');
  await page.keyboard.type('readiness');
  await page.getByRole('option', { name: /^Readiness/ }).click();
  await expect(page).toHaveURL(/\/scorecards\/e2e_service\/readiness/);
});

test('every page is for phones, too, and asks at most three times', async ({ page }) => {
  const paths = ['/scorecards', '/scorecards/e2e_service/readiness', '/scorecards/e2e_service/readiness?list=true', '/scorecards/e2e_service/readiness?tab=trend', '/scorecards/e2e_service/readiness?edit=true', '/scorecards/next', '/scorecards/exemptions', '/scorecards/campaigns'];
  await page.setViewportSize({ width: 390, height: 800 });
  for (const path of paths) {
    const asked: string[] = [];
    const note = (asking: { url: () => string }) => {
      const { pathname } = new URL(asking.url());
      if (/^\/(api|v1)\//.test(pathname) && !/\/(changes|viewed)$/.test(pathname)) asked.push(pathname);
    };
    page.on('request', note);
    await open(page, path);
    page.off('request', note);
    expect(asked.length, `${path} ${asked.join(' ')}`).toBeLessThanOrEqual(3);
    expect(await sideways(page), path).toEqual([0, 0]);
    await page.goto('about:blank');
  }
});
