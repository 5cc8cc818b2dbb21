import { binary, Portal } from './portal';
import { check, entityPath, expect, open, sideways, test } from './support';

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
  await page.getByRole('combobox', { name: 'Owner' }).click();
  await page.getByRole('option').filter({ hasText: 'example-shop' }).click();
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

test('what needs an approval waits for one', async ({ page }) => {
  await open(page, entityPath('component', 'component:default/box-office'));
  await page.getByRole('button', { name: 'Actions', exact: true }).click();
  await page.getByRole('menuitem', { name: 'Open a service to the outside' }).click();
  // the form knows it by its title
  await expect(page.getByRole('combobox', { name: 'Component' })).toHaveValue('box-office');
  await page.getByRole('textbox', { name: 'Why' }).fill('People buy tickets here');
  await page.getByRole('button', { name: 'Ask for approval' }).click();
  await expect(page.getByText('This run waits for you')).toBeVisible();
  await expect(page.getByRole('link', { name: /^Approvals 1 waiting/ })).toBeVisible();
  await page.getByRole('button', { name: 'Approve' }).click();
  await expect(page.getByText('Succeeded', { exact: true })).toBeVisible();
  await expect(page.getByRole('link', { name: /^Approvals 1 waiting/ })).toHaveCount(0);
});

test('an automation is written by form, and runs by itself', async ({ page }) => {
  await open(page, '/actions?create=automation');
  await page.getByRole('textbox', { name: 'Title' }).fill('Name who sells');
  await page.getByRole('combobox', { name: 'Event' }).click();
  await page.getByRole('option', { name: 'An entity changes' }).click();
  await page.getByRole('group', { name: 'When' }).getByRole('combobox', { name: 'Blueprint' }).click();
  await page.getByRole('option', { name: 'component', exact: true }).click();
  await page.getByLabel('Only if').first().fill('.diff.after.properties.public == true and .diff.after.properties.on_call == null');
  await page.keyboard.press('Enter');
  await page.getByRole('combobox', { name: 'Through' }).click();
  await page.getByRole('option', { name: 'A change of the catalog' }).click();
  const does = page.getByRole('group', { name: 'What it does' });
  await does.getByRole('combobox', { name: 'Blueprint' }).click();
  await page.getByRole('option', { name: 'component', exact: true }).click();
  await does.getByRole('textbox', { name: 'What the entity says' }).click();
  await page.keyboard.insertText('{"identifier": "{{ .event.diff.after.identifier }}", "properties": {"on_call": "The front of house"}}');
  await page.getByLabel('Switched on').check();
  await check(page, 'an automation');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('row').filter({ hasText: 'name_who_sells' })).toBeVisible();
  // something that it waits for
  await open(page, `/self-service/action/example_scale_service?entity=${encodeURIComponent('component:default/box-office')}`);
  await page.getByRole('textbox', { name: 'Replicas' }).fill('2');
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await expect(page.getByText('Succeeded', { exact: true })).toBeVisible();
  await open(page, '/catalog/component?query=on_call%20%3D%20%22The%20front%20of%20house%22');
  await expect(page.getByRole('link', { name: 'box-office' })).toBeVisible();
});

test('a scorecard is made by form, its failures are seen, and one is fixed', async ({ page, context }) => {
  await open(page, '/scorecards?create=true');
  await page.getByRole('textbox', { name: 'Title' }).first().fill('Big enough');
  await page.getByRole('button', { name: 'Rule', exact: true }).click();
  const rule = page.locator('li[data-rule]');
  await rule.getByRole('textbox', { name: 'Title' }).fill('Runs four times');
  await rule.getByRole('combobox', { name: /condition 1: what/ }).click();
  await page.getByRole('option', { name: 'Replicas', exact: true }).click();
  await rule.getByRole('combobox', { name: /condition 1: how/ }).click();
  await page.getByRole('option', { name: 'is at least', exact: true }).click();
  await rule.getByRole('textbox', { name: /condition 1: value/ }).fill('4');
  await expect(page.getByRole('region', { name: 'Preview' }).getByText('Effect on 6 entities')).toBeVisible();
  await check(page, 'a new scorecard');
  await page.getByRole('button', { name: 'Publish' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Big enough' })).toBeVisible();
  const row = page.getByRole('region', { name: 'Rules', exact: true }).getByRole('row').filter({ hasText: 'Runs four times' });
  await expect(row).toContainText('17%');
  const other = await context.newPage();
  await open(other, '/self-service/action/example_scale_service?entity=component%3Adefault%2Fbox-office');
  await other.getByRole('textbox', { name: 'Replicas' }).fill('4');
  await other.getByRole('button', { name: 'Run', exact: true }).click();
  await expect(other.getByText('Succeeded', { exact: true })).toBeVisible();
  await page.bringToFront();
  await expect(row).toContainText('33%');
});

test('runs and chosen actions are put onto a dashboard', async ({ page }) => {
  await open(page, '/pages');
  await page.getByRole('button', { name: 'New dashboard…' }).click();
  await page.getByLabel('Title').fill('Operations');
  await page.getByRole('radio', { name: /Empty/ }).check();
  await page.getByRole('button', { name: 'Create', exact: true }).click();
  const gallery = page.getByRole('dialog');
  const add = async (kind: string, more: () => Promise<void>) => {
    await page.getByRole('button', { name: 'Add a widget' }).click();
    await gallery.getByRole('button', { name: `Choose ${kind}`, exact: true }).click();
    await more();
    await gallery.getByRole('button', { name: 'Add', exact: true }).click();
    await expect(gallery).toBeHidden();
  };
  await add('Runs', async () => undefined);
  await add('Actions', async () => {
    await gallery.getByRole('combobox', { name: 'Actions' }).click();
    await page.getByRole('option', { name: 'Scale a service' }).click();
    await page.keyboard.press('Escape');
  });
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('button', { name: 'Edit' })).toBeVisible();
  await page.reload();
  await expect(page.getByRole('region', { name: 'Actions', exact: true }).getByRole('link')).toHaveText(['Scale a service']);
  await expect(page.getByRole('region', { name: 'Runs', exact: true }).first().getByRole('row')).not.toHaveCount(0);
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
  // the automation is not one of them
  expect(actions).toHaveLength(1);
  // what somebody made with them stays
  await open(page, '/catalog/component');
  await expect(page.getByRole('link', { name: 'box-office' })).toBeVisible();
  await expect(page.getByRole('link', { name: 'Cart (example)' })).toHaveCount(0);
});
