import { binary, Portal } from './portal';
import { check, expect, open, sideways, test } from './support';

// The examples that come with one click, over an empty portal of its own.
test.describe.configure({ mode: 'serial', timeout: 60_000 });
test.skip(binary() === null, 'needs a built server');

const portal = new Portal({ dev: true, empty: true });
test.use({ baseURL: async ({}, use) => use(portal.url) });

test.beforeAll(() => portal.start());
test.afterAll(() => portal.stop());

test('one click fills an empty portal, and shows what came of it', async ({ page }) => {
  await open(page, '/');
  await page.getByRole('button', { name: 'Add examples to try it with' }).click();
  await check(page, 'examples');
  await page.getByRole('button', { name: 'Add the examples' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Services at a glance' })).toBeVisible({ timeout: 30_000 });
  const widget = (name: string) => page.getByRole('region', { name, exact: true }).first();
  await expect(widget('Services').locator('[data-chart=number]')).toContainText('5');
  await expect(widget('Teams by rules').getByRole('row').filter({ hasText: 'example-shop' })).toContainText('%');
  await expect(widget('What you can do').getByRole('link', { name: 'Scale a service' })).toBeVisible();
  await expect(widget('Runs').getByRole('link', { name: 'Keep the size of a service' }).first()).toBeVisible();
  await expect(widget('Services by size')).toContainText('large');
  await check(page, 'dashboard of the examples');
});

test('a service is made, scaled, and its number moves without a reload', async ({ page, context }) => {
  const board = await context.newPage();
  await open(board, '/pages/examples');
  const services = board.getByRole('region', { name: 'Services', exact: true }).first().locator('[data-chart=number]');
  await expect(services).toContainText('5');
  await open(page, '/self-service');
  await page.getByRole('link', { name: 'New service', exact: true }).click();
  await page.getByRole('textbox', { name: 'Name', exact: true }).fill('box-office');
  await page.getByRole('textbox', { name: 'What it is for' }).fill('Sells tickets');
  await page.getByRole('button', { name: 'Review', exact: true }).last().click();
  await page.getByRole('button', { name: 'Create', exact: true }).click();
  await expect(page.getByText('Succeeded', { exact: true })).toBeVisible();
  await board.bringToFront();
  await expect(services).toContainText('6');
  await page.bringToFront();
  await page.getByRole('link', { name: 'Open in the catalog' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'box-office' })).toBeVisible();
  await page.getByRole('button', { name: 'Actions', exact: true }).click();
  await page.getByRole('menuitem', { name: 'Scale a service' }).click();
  await page.getByRole('textbox', { name: 'Replicas' }).fill('9');
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await expect(page.getByText('Succeeded', { exact: true })).toBeVisible();
  // the automation comes after it by itself
  await open(page, '/catalog/component?query=size%20%3D%20large');
  await expect(page.getByRole('link', { name: 'box-office' })).toBeVisible();
});

test('they fit a phone, and go as they came', async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await open(page, '/pages/examples');
  expect(await sideways(page)).toEqual([0, 0]);
  await open(page, '/?examples=true');
  await page.getByRole('button', { name: 'Remove the examples…' }).click();
  await page.getByRole('button', { name: 'Remove them' }).click();
  await expect(page.getByRole('button', { name: 'Add the examples' })).toBeVisible({ timeout: 30_000 });
  const { blueprint } = (await (await page.request.get('/v1/blueprints/component')).json()) as { blueprint: { schema: { properties: object } } };
  expect(Object.keys(blueprint.schema.properties)).not.toContain('replicas');
  const { actions } = (await (await page.request.get('/v1/actions')).json()) as { actions: unknown[] };
  expect(actions).toEqual([]);
  // what somebody made with them stays
  await open(page, '/catalog/component');
  await expect(page.getByRole('link', { name: 'box-office' })).toBeVisible();
  await expect(page.getByRole('link', { name: 'Cart (example)' })).toHaveCount(0);
});
