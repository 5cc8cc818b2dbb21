import type { APIRequestContext, Page } from '@playwright/test';
import { check, entityPath, expect, open, test } from './support';

const orders = 'component:default/orders-service';
const of = (blueprint: string, identifier = '') => `/v1/blueprints/${blueprint}/entities${identifier && `/${encodeURIComponent(identifier)}`}`;

/** What the server says of an entity's page. */
async function ask(request: APIRequestContext, part: string, blueprint: string, identifier: string) {
  const answer = await request.get(`/api/stagedoor/v1/entity${part}`, { params: { blueprint, identifier } });
  expect(answer.status(), await answer.text()).toBe(200);
  return answer.json();
}

/** A blueprint of the test's own, with entities that lead to each other; gone afterwards. */
async function withGadgets(page: Page, request: APIRequestContext, run: () => Promise<void>) {
  const blueprint = {
    identifier: 'gadget',
    title: 'Gadget',
    schema: {
      properties: {
        url: { type: 'string', format: 'url', title: 'Address' },
        tier: { type: 'string', enum: ['one', 'two'], enumColors: { one: 'green', two: 'red' } },
        weight: { type: 'number' },
        live: { type: 'boolean' },
        until: { type: 'string', format: 'timer' },
        notes: { type: 'string', format: 'markdown' },
        settings: { type: 'object' },
        panel: { type: 'string', format: 'url', spec: 'embedded-url' },
        contract: { type: 'object', spec: 'open-api' },
      },
    },
    relations: { needs: { target: 'gadget', title: 'Needs', many: false, required: false } },
    calculationProperties: { double: { title: 'Double', calculation: '.properties.weight * 2', type: 'number' } },
  };
  const made = await request.post('/v1/blueprints', { data: blueprint });
  expect(made.ok(), await made.text()).toBe(true);
  const ref = { $ref: '#/components/schemas/Node' };
  const contract = {
    openapi: '3.0.0',
    info: { title: 'Gadgets', version: '1' },
    paths: { '/gadgets': { get: { tags: ['read'], summary: 'All of them', responses: { 200: { description: 'fine', content: { 'application/json': { schema: ref } } } } } } },
    // a schema that holds itself
    components: { schemas: { Node: { type: 'object', properties: { next: ref, name: { type: 'string' } } } } },
  };
  const first = { identifier: 'g1', title: 'Gadget one', properties: { url: 'https://a.example/x', tier: 'one', weight: 3, live: true, until: '2001-01-01T00:00:00Z', notes: '# Read **this**', settings: { a: 1 }, panel: 'https://panel.example/p', contract } };
  for (const data of [first, { identifier: 'g2', title: 'Gadget two', relations: { needs: 'g1' } }]) {
    const answer = await request.post(`${of('gadget')}?upsert=true`, { data });
    expect(answer.ok(), await answer.text()).toBe(true);
  }
  try {
    await run();
  } finally {
    // an open page would ask for what is gone
    await page.goto('about:blank');
    for (const id of ['g2', 'g1']) await request.delete(of('gadget', id));
    await request.delete('/v1/blueprints/gadget');
  }
}

test('links lead to the target, and the target leads back', async ({ page, request }) => {
  const detail = await ask(request, '', 'component', orders);
  const system = detail.relations.find(({ key }: { key: string }) => key === 'system').links[0];
  await open(page, entityPath('component', orders));
  await expect(page).toHaveTitle(/^Orders – /);
  const main = page.locator('#main');
  await main.getByRole('link', { name: system.title, exact: true }).first().click();
  await expect(page.getByRole('heading', { level: 1, name: system.title })).toBeVisible();
  await main.getByRole('link', { name: 'Orders', exact: true }).first().click();
  await expect(page.getByRole('heading', { level: 1, name: 'Orders', exact: true })).toBeVisible();
});

test('each field says where it comes from, to the keyboard too', async ({ page, request }) => {
  const { fields } = await ask(request, '', 'component', orders);
  expect(fields['properties.lifecycle']).toMatchObject({ by: 'source' });
  await open(page, entityPath('component', orders));
  await page.getByRole('button', { name: 'Where Lifecycle comes from' }).press('Enter');
  const told = page.getByRole('dialog', { name: 'Where Lifecycle comes from' });
  await expect(told).toContainText('Stated by a source');
  await expect(told).toContainText(`catalog-info.yaml, line ${fields['properties.lifecycle'].line}`);
  await page.keyboard.press('Escape');
  await expect(told).toBeHidden();
});

test('the related tab has a table for each relation, and for paths of them', async ({ page, request }) => {
  const { relations, incoming } = await ask(request, '', 'component', orders);
  const provides = relations.find(({ key }: { key: string }) => key === 'providesApis');
  expect(provides.total).toBeGreaterThan(0);
  await open(page, entityPath('component', orders, '&tab=related'));
  const list = page.getByRole('navigation', { name: 'Relations' });
  await list.getByRole('button', { name: /^Provides APIs/ }).click();
  await expect(page).toHaveURL(/path=providesApis/);
  const rows = page.locator('tbody tr');
  await expect(rows).toHaveCount(provides.total);
  const deployments = incoming.find(({ blueprint }: { blueprint: string }) => blueprint === 'deployment');
  await list.getByRole('button', { name: /^Deployment/ }).click();
  await expect(rows).toHaveCount(deployments.total);
  // the other components of its system
  await list.getByRole('button', { name: 'Over several relations…' }).click();
  const builder = page.getByRole('group', { name: 'Path' });
  await builder.getByRole('combobox', { name: 'Step 1' }).click();
  await page.getByRole('option', { name: 'System', exact: true }).click();
  await builder.getByRole('combobox', { name: 'Step 2' }).click();
  await page.getByRole('option', { name: 'Component · System', exact: true }).click();
  await builder.getByRole('button', { name: 'Show', exact: true }).click();
  await expect(page).toHaveURL(/path=system\/component(%20|\+)system/);
  const siblings = await request.get('/api/stagedoor/v1/entity/related', { params: new URLSearchParams([['blueprint', 'component'], ['identifier', orders], ['step', 'system'], ['step', 'component system']]) });
  const { total } = await siblings.json();
  expect(total).toBeGreaterThan(1);
  await expect(rows).toHaveCount(total);
});

test('shows the operations of an API, and its source', async ({ page }) => {
  await open(page, entityPath('api', 'api:default/order-events'));
  const line = page.getByRole('button', { name: /subscribe order-stream/i });
  await line.click();
  await expect(line).toHaveAttribute('aria-expanded', 'true');
  await page.getByText('Source', { exact: true }).last().click();
  await expect(page.getByRole('region', { name: 'Definition' })).toContainText('asyncapi');
});

test('every type of value has its own look, and a schema that holds itself opens step by step', async ({ page, request }) => {
  await withGadgets(page, request, async () => {
    await open(page, entityPath('gadget', 'g1'));
    const main = page.locator('#main');
    await expect(main.getByRole('link', { name: /a\.example/ })).toHaveAttribute('href', 'https://a.example/x');
    await expect(main).toContainText('expired');
    await expect(main).toContainText('Double');
    await page.getByRole('button', { name: 'Where Double comes from' }).click();
    await expect(page.getByRole('dialog')).toContainText('.properties.weight * 2');
    await page.keyboard.press('Escape');
    // no frame without the configuration's leave
    await expect(main).toContainText('stagedoor.frames');
    await expect(page.locator('iframe')).toHaveCount(0);
    await page.getByRole('button', { name: /get \/gadgets/i }).click();
    for (let depth = 0; depth < 4; depth++) await main.getByRole('button', { name: /^next Node/ }).last().click();
    await expect(main.getByRole('button', { name: /^next Node/ })).toHaveCount(5);
    await check(page, 'an entity of every type');
  });
});

test('edits by form and JSON, locks what a source states, and notices a conflict', async ({ page, request }) => {
  await open(page, entityPath('component', orders, '&edit=true'));
  await expect(page.getByRole('textbox', { name: 'Lifecycle' })).toHaveAttribute('readonly', '');
  await expect(page.getByRole('dialog')).toContainText('catalog-info.yaml, line');
  await withGadgets(page, request, async () => {
    await open(page, entityPath('gadget', 'g1'));
    await page.getByRole('button', { name: 'Edit', exact: true }).click();
    const dialog = page.getByRole('dialog', { name: 'Edit Gadget one' });
    await dialog.getByLabel('Weight').fill('7');
    await expect(dialog.locator('.cm-content')).toContainText('"weight": 7');
    // meanwhile somebody else
    await request.patch(of('gadget', 'g1'), { data: { properties: { weight: 5 } } });
    await dialog.getByRole('button', { name: 'Save', exact: true }).click();
    await expect(dialog).toContainText('Somebody has changed this meanwhile');
    await expect(dialog).toContainText('is now 5; yours is 7');
    await dialog.getByRole('button', { name: 'Save mine' }).click();
    await expect(dialog).toBeHidden();
    const { entity } = await (await request.get(of('gadget', 'g1'))).json();
    expect(entity.properties).toMatchObject({ weight: 7, tier: 'one' });
    await page.getByRole('tab', { name: 'Changes' }).click();
    const difference = page.getByRole('region', { name: 'Weight, before and after' }).first();
    await expect(difference).toContainText('5');
    await expect(difference).toContainText('7');
  });
});

test.describe('a deletion', () => {
  // the page may be told that the entity is gone before it has left it
  test.use({ allowErrors: /404/ });
  test('tells what a deletion would do, does it, and takes it back', async ({ page, request }) => {
    await withGadgets(page, request, async () => {
      await open(page, entityPath('gadget', 'g1'));
      await page.getByRole('button', { name: 'More actions' }).click();
      await page.getByRole('menuitem', { name: 'Delete…' }).click();
      const dialog = page.getByRole('dialog', { name: 'Delete Gadget one?' });
      await expect(dialog).toContainText('1 Gadget by Needs loses this relation');
      await dialog.getByRole('button', { name: 'Delete', exact: true }).click();
      await expect(page.getByText('The entity is deleted.')).toBeVisible();
      expect((await (await request.get(of('gadget', 'g2'))).json()).entity.relations.needs).toBeNull();
      await page.getByRole('button', { name: 'Bring it back' }).click();
      await expect(page.getByRole('heading', { level: 1, name: 'Gadget one' })).toBeVisible();
    });
  });
});

test('an entity of a source cannot be deleted, and says where it stands', async ({ page }) => {
  await open(page, entityPath('component', orders));
  await page.getByRole('button', { name: 'More actions' }).click();
  await page.getByRole('menuitem', { name: 'Delete…' }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog).toContainText('would come back');
  await expect(dialog.getByRole('button', { name: 'Delete', exact: true })).toBeDisabled();
});

test('the source tab has each form', async ({ page }) => {
  await open(page, entityPath('component', orders, '&tab=source'));
  await expect(page.getByRole('region', { name: 'YAML' })).toContainText('kind: Component');
  await page.getByText('Port JSON').click();
  await expect(page.getByRole('region', { name: 'Port JSON' })).toContainText('"blueprint": "component"');
  await page.getByText('Backstage JSON').click();
  await expect(page.getByRole('region', { name: 'Backstage JSON' })).toContainText('"kind": "Component"');
});

test('the page of a blueprint adds tabs and paths', async ({ page, request }) => {
  const table = { id: 't', type: 'table-entities-explorer-by-direction', title: 'Related', blueprintConfig: { a: { title: 'Services', targetBlueprint: 'component', relatedProperty: 'system.domain' } } };
  const widgets = [
    { id: 'g', type: 'grouper', displayMode: 'tabs', groups: [{ title: 'Related entities', widgets: [table] }, { title: 'Costs', widgets: [{ id: 'm', type: 'markdown', title: 'Costs', markdown: 'Ask *finance*.' }] }] },
  ];
  const put = await request.patch('/v1/pages/domainEntity', { data: { widgets } });
  expect(put.ok(), await put.text()).toBe(true);
  try {
    await open(page, entityPath('domain', 'domain:default/commerce'));
    await page.getByRole('tab', { name: 'Costs' }).click();
    await expect(page.locator('#main')).toContainText('finance');
    await page.getByRole('tab', { name: /^Related/ }).click();
    await page.getByRole('button', { name: 'Services' }).click();
    await expect(page.locator('tbody tr').first()).toBeVisible();
  } finally {
    await request.patch('/v1/pages/domainEntity', { data: { widgets: [] } });
  }
});

test('makes no link of anything but web and mail addresses', async ({ page }) => {
  await open(page, entityPath('component', orders));
  const hrefs = await page.locator('a[href]').evaluateAll((links) => links.map((link) => (link as HTMLAnchorElement).protocol));
  expect(hrefs.length).toBeGreaterThan(5);
  expect(hrefs.filter((protocol) => !['http:', 'https:', 'mailto:'].includes(protocol))).toEqual([]);
});

for (const scheme of ['light', 'dark'] as const) {
  test(`axe finds nothing serious on any tab in ${scheme}`, async ({ page }) => {
    await page.emulateMedia({ colorScheme: scheme });
    for (const tab of ['overview', 'related', 'changes', 'source']) {
      await open(page, entityPath('component', orders, `&tab=${tab}`));
      await check(page, `${tab} in ${scheme}`);
    }
  });
}

test('fits a narrow window', async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  for (const tab of ['overview', 'related', 'graph', 'changes']) {
    await open(page, entityPath('component', orders, `&tab=${tab}`));
    const wider = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect(wider, tab).toBeLessThanOrEqual(0);
  }
});

test.describe('a missing entity', () => {
  test.use({ allowErrors: /404/ });
  test('says so', async ({ page }) => {
    await page.goto(entityPath('component', 'component:default/there-is-no-such-thing'));
    await expect(page.getByText('This entity does not exist.')).toBeVisible();
  });
});
