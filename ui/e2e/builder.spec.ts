import { binary, Portal } from './portal';
import { check, expect, open, sideways, test } from './support';

// One story over one portal: from templates to a model of one's own, and back to nothing.
test.describe.configure({ mode: 'serial', timeout: 60_000 });
test.skip(binary() === null, 'needs a built server');

const portal = new Portal({ dev: true });

test.beforeAll(() => portal.start());
test.afterAll(() => portal.stop());

const json = (page: import('@playwright/test').Page) => page.getByRole('textbox', { name: 'Blueprint as JSON' });
const told = (page: import('@playwright/test').Page) => page.getByRole('region', { name: 'Effect of the change' });

test('templates are made together, with the relations between them', async ({ page, request }) => {
  await open(page, `${portal.url}/model?create=true`);
  const window = page.getByRole('dialog', { name: 'New blueprint' });
  for (const name of ['Service', 'Incident']) await window.getByRole('checkbox', { name }).check();
  await expect(window.getByText('Leads to Service, Environment.')).toBeVisible();
  await check(page, 'the templates');
  await window.getByRole('button', { name: 'Create 2 blueprints' }).click();
  await expect(window).toBeHidden();
  const list = page.getByRole('region', { name: 'Blueprints', exact: true });
  await expect(list.getByRole('button', { name: 'Service' })).toBeVisible();
  const { blueprint } = await (await request.get(`${portal.url}/v1/blueprints/incident`)).json();
  // `environment` is there in the example organisation, `service` is made with it
  expect(Object.keys(blueprint.relations).sort()).toEqual(['environment', 'service']);
  expect(Object.keys(blueprint.mirrorProperties)).toEqual(['tier']);
  for (const [name, tier] of [['cart', 'critical'], ['search', 'supporting']]) {
    const made = await request.post(`${portal.url}/v1/blueprints/service/entities`, { data: { identifier: name, title: `The ${name}`, properties: { tier, language: 'rust' } } });
    expect(made.status()).toBe(201);
  }
  const made = await request.post(`${portal.url}/v1/blueprints/incident/entities`, { data: { identifier: 'i-1', properties: { status: 'triggered' }, relations: { service: 'cart' } } });
  expect(made.status()).toBe(201);
});

test('form and JSON are two sides of one draft, and the effect is told before saving', async ({ page, request }) => {
  await open(page, `${portal.url}/model/service`);
  await page.getByRole('button', { name: /^Tier/ }).click();
  await page.getByRole('button', { name: 'Remove the value supporting' }).click();
  await expect(json(page)).not.toContainText('"supporting"');
  await expect(told(page)).toContainText('1 entity would become invalid');
  await told(page).getByRole('button', { name: /details/ }).click();
  await expect(told(page).getByRole('link', { name: 'The search' })).toBeVisible();
  await check(page, 'the effect');
  // the other way round
  await page.getByRole('button', { name: 'Discard' }).click();
  await expect(json(page)).toContainText('"supporting"');
  const text = JSON.stringify({ identifier: 'service', title: 'Service', schema: { properties: { tier: { type: 'string', title: 'How critical' } }, required: [] }, relations: {} });
  await json(page).fill(text);
  await expect(page.getByRole('button', { name: /^How critical/ })).toBeVisible();
  await expect(told(page)).toContainText('would go');
  await json(page).fill(text.slice(0, -1));
  await expect(page.getByText('The JSON is not valid: the form shows')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Save' })).toBeDisabled();
  await page.getByRole('button', { name: 'Discard' }).click();
  // what is wrong is told with its place
  await json(page).fill(text.replace('"type":"string"', '"type":"text"'));
  await expect(told(page)).toContainText('1 error');
  await page.getByRole('button', { name: 'Discard' }).click();
  const { blueprint } = await (await request.get(`${portal.url}/v1/blueprints/service`)).json();
  expect(blueprint.schema.properties.tier.enum).toContain('supporting');
});

test('a property is added by form, saved, renamed with its values, and removed after a warning', async ({ page, request }) => {
  await open(page, `${portal.url}/model/service`);
  await page.getByRole('textbox', { name: 'Title of a new property' }).fill('Cost a month');
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  await page.getByRole('combobox', { name: 'Type' }).click();
  await page.getByRole('option', { name: 'Number', exact: true }).click();
  await page.getByRole('textbox', { name: 'At least' }).fill('0');
  await expect(told(page)).toContainText('all 2 entities stay valid');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(told(page)).toBeHidden();
  const path = `${portal.url}/v1/blueprints/service/entities/cart`;
  expect((await request.patch(path, { data: { properties: { cost_a_month: 7 } } })).status()).toBe(200);
  await page.getByRole('button', { name: 'Rename property cost_a_month' }).click();
  await page.getByRole('textbox', { name: 'New key' }).fill('cost');
  await page.getByRole('button', { name: 'Rename', exact: true }).click();
  await expect(page.getByRole('button', { name: 'Rename property cost', exact: true })).toBeVisible();
  expect((await (await request.get(path)).json()).entity.properties.cost).toBe(7);
  await page.getByRole('button', { name: 'Remove property cost', exact: true }).click();
  await expect(told(page)).toContainText('values of 1 field would go');
  await page.getByRole('button', { name: 'Save' }).click();
  const asked = page.getByRole('dialog', { name: 'Save all the same?' });
  await expect(asked).toContainText('1 entity has a value in property cost');
  await asked.getByRole('button', { name: 'Back' }).click();
  await page.getByRole('button', { name: 'Discard' }).click();
});

test('a calculation runs on a real entity while it is written, and never without end', async ({ page }) => {
  await open(page, `${portal.url}/model/service?tab=calculations&entity=cart`);
  await page.getByRole('textbox', { name: 'Title of a new calculation' }).fill('Shout');
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  const program = page.getByRole('textbox', { name: 'Program of shout' });
  await program.fill('.title | ascii_upcase');
  await expect(page.getByText('"THE CART"', { exact: true })).toBeVisible();
  await program.fill('.title | | ascii_upcase');
  await expect(page.getByText(/expected .*, found/).first()).toBeVisible();
  await expect(page.locator('.cm-lintRange-error').first()).toBeVisible();
  await program.fill('def f: f; f');
  await expect(page.getByText('the program took longer than it may')).toBeVisible({ timeout: 12_000 });
  await program.fill('[range(1e12)]');
  await expect(page.getByText(/longer than it may|more memory than it may/).first()).toBeVisible({ timeout: 12_000 });
  await program.fill('.properties.tier');
  await expect(page.getByText('"critical"').last()).toBeVisible();
});

test('mirrors and aggregations show their value before they are saved', async ({ page, request }) => {
  await open(page, `${portal.url}/model/incident?tab=mirrors&entity=i-1`);
  await page.getByRole('textbox', { name: 'Title of a new mirror property' }).fill('Language');
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  await page.getByRole('combobox', { name: 'Through, step 1' }).click();
  await page.getByRole('option', { name: /^Service/ }).click();
  await page.getByRole('combobox', { name: 'Value there' }).click();
  await page.getByRole('option', { name: 'Language' }).click();
  await expect(page.getByText('"rust"')).toBeVisible();
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(told(page)).toBeHidden();
  const incident = await (await request.get(`${portal.url}/v1/blueprints/incident/entities/i-1`)).json();
  expect(incident.entity.properties.language).toBe('rust');
  await open(page, `${portal.url}/model/service?tab=aggregations&entity=cart`);
  await page.getByRole('textbox', { name: 'Title of a new aggregation' }).fill('All incidents');
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  await page.getByRole('combobox', { name: 'Over entities of' }).click();
  await page.getByRole('option', { name: 'Incident' }).click();
  const value = page.locator('[aria-live=polite]').filter({ hasText: 'Value for' });
  await expect(value).toContainText('1');
  await page.getByRole('textbox', { name: 'Only those that match' }).fill('status = resolved');
  await expect(value).toContainText('0');
  await page.getByRole('button', { name: 'Discard' }).click();
});

test('a draft is not lost by a click elsewhere', async ({ page }) => {
  await open(page, `${portal.url}/model/service?tab=general`);
  await page.getByRole('textbox', { name: 'Title', exact: true }).fill('Other');
  await page.getByRole('link', { name: 'Sources', exact: true }).click();
  const asked = page.getByRole('dialog', { name: 'Leave without saving?' });
  await asked.getByRole('button', { name: 'Stay' }).click();
  await expect(page).toHaveURL(/model\/service/);
  await page.getByRole('link', { name: 'Sources', exact: true }).click();
  await asked.getByRole('button', { name: 'Leave' }).click();
  await expect(page).toHaveURL(/\/sources/);
});

test('what depends on a blueprint is shown before it goes, with its entities and their progress', async ({ page, request }) => {
  await open(page, `${portal.url}/model/service`);
  await page.getByRole('button', { name: 'Delete…' }).click();
  const service = page.getByRole('dialog', { name: 'Delete the blueprint Service?' });
  await expect(service).toContainText('Relations of other blueprints lead to it');
  await expect(service.getByRole('link', { name: 'Incident' }).first()).toBeVisible();
  await expect(service.getByRole('button', { name: 'Delete' })).toBeDisabled();
  await check(page, 'the dependents');
  await open(page, `${portal.url}/model/incident`);
  await page.getByRole('button', { name: 'Delete…' }).click();
  const incident = page.getByRole('dialog', { name: 'Delete the blueprint Incident?' });
  await incident.getByRole('checkbox', { name: 'Delete its 1 entity with it' }).check();
  await incident.getByRole('button', { name: 'Delete' }).click();
  await expect(incident.getByText('1 of 1 deleted. Done.')).toBeVisible();
  await incident.getByRole('button', { name: 'Close' }).last().click();
  await expect(incident).toBeHidden();
  await expect(page).toHaveURL(/\/model$/);
  expect((await request.get(`${portal.url}/v1/blueprints/incident`)).status()).toBe(404);
});

test('an empty one is made, and is the same on a telephone, in both themes', async ({ page }) => {
  test.setTimeout(120_000);
  await open(page, `${portal.url}/model?create=true`);
  const window = page.getByRole('dialog', { name: 'New blueprint' });
  await window.getByRole('tab', { name: 'Empty' }).click();
  await window.getByRole('textbox', { name: 'Title' }).fill('Fly tower');
  await window.getByRole('button', { name: 'Create' }).click();
  await expect(page).toHaveURL(/\/model\/fly_tower/);
  await expect(page.getByText('It has no property yet')).toBeVisible();
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    for (const width of [1440, 390]) {
      await page.setViewportSize({ width, height: 800 });
      for (const tab of ['general', 'aggregations']) {
        await open(page, `${portal.url}/model/component?tab=${tab}`);
        await check(page, `${tab} ${colorScheme} ${width}`);
        expect(await sideways(page), `${tab} ${width}`).toEqual([0, 0]);
      }
    }
  }
});
