import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { binary, Portal } from './portal';
import { check, expect, open, queryBar, sideways, tableRows, test, total } from './support';

// One story, in the browser alone: from an empty database to a catalog with a blueprint, a dashboard and a view of one's own.
test.describe.configure({ mode: 'serial', timeout: 60_000 });
test.skip(binary() === null, 'needs a built server');

const portal = new Portal({ dev: true, empty: true });
const folder = mkdtempSync(path.join(os.tmpdir(), 'stagedoor-newcomer-'));

const component = (name: string, lifecycle: string) =>
  `apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: ${name}\nspec:\n  type: service\n  lifecycle: ${lifecycle}\n  owner: stage-crew\n`;

test.beforeAll(async () => {
  // a folder as repositories lie in it, with what is none of the portal's business
  for (const [name, lifecycle] of [['lighting', 'production'], ['sound', 'production'], ['curtain', 'experimental'], ['props', 'deprecated']] as const) {
    mkdirSync(path.join(folder, name, '.github'), { recursive: true });
    writeFileSync(path.join(folder, name, 'catalog-info.yaml'), component(name, lifecycle));
    writeFileSync(path.join(folder, name, '.github', 'catalog-info.yaml'), component(`${name}-hidden`, lifecycle));
    writeFileSync(path.join(folder, name, 'deploy.yaml'), 'replicas: 3\n');
  }
  await portal.start();
});

test.afterAll(async () => {
  await portal.stop();
  rmSync(folder, { recursive: true, force: true });
});

test('a folder of documents becomes a catalog', async ({ page }) => {
  await open(page, portal.url);
  const steps = page.getByRole('list', { name: 'First steps' });
  await steps.getByText('A folder', { exact: true }).click();
  await expect(steps.getByText('which of its files it reads is not for the browser to say')).toBeVisible();
  await steps.getByRole('link', { name: 'open it' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Add documents' })).toBeVisible();
  await page.getByLabel('Folder').setInputFiles(folder);
  await expect(page.getByRole('textbox', { name: 'Documents' })).toContainText('name: curtain');
  await page.getByRole('button', { name: 'Check' }).click();
  // four documents, and neither the hidden ones nor the other files
  await page.getByRole('button', { name: 'Apply 4 changes' }).click();
  await expect(page.getByText(/Applied|4 created|created/i).first()).toBeVisible();
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: /^Component/ }).click();
  expect(await total(page)).toBe(4);
  await expect(tableRows(page)).toHaveCount(4);
  await expect(page.getByRole('link', { name: 'lighting' })).toBeVisible();
  // home says what is left to do, and asks for nothing that is not open
  await open(page, portal.url);
  await expect(page.getByRole('list', { name: 'First steps' }).getByText('There are 4 entities.')).toBeVisible();
  await expect(page.getByRole('list', { name: 'First steps' }).getByRole('checkbox')).toHaveCount(0);
  await expect(page.getByRole('list', { name: 'Recently changed' }).getByRole('link', { name: 'lighting' })).toBeVisible();
});

test('a blueprint is made, with properties and a relation, and filled by form and by document', async ({ page }) => {
  await open(page, `${portal.url}/model`);
  await page.getByRole('button', { name: 'New blueprint…' }).click();
  const window = page.getByRole('dialog', { name: 'New blueprint' });
  await window.getByRole('tab', { name: 'Empty' }).click();
  await window.getByLabel('Title').fill('Licence');
  await window.getByRole('button', { name: 'Create' }).click();
  await expect(page).toHaveURL(/\/model\/licence/);
  await page.getByRole('textbox', { name: 'Title of a new property' }).fill('Seats');
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  await page.getByRole('combobox', { name: 'Type' }).click();
  await page.getByRole('option', { name: 'Number', exact: true }).click();
  await page.getByRole('textbox', { name: 'Title of a new property' }).fill('State');
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  await page.getByRole('tab', { name: /^Relations/ }).click();
  await page.getByRole('textbox', { name: 'Title of a new relation' }).fill('Used by');
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  await page.getByRole('combobox', { name: /Leads to/ }).click();
  await page.getByRole('option', { name: 'Component' }).click();
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('region', { name: 'Effect of the change' })).toBeHidden();

  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: /^Licence/ }).click();
  await page.getByRole('button', { name: 'New licence' }).click();
  const form = page.getByRole('dialog', { name: 'New licence' });
  await form.getByLabel('Identifier').fill('curtain-calls');
  await form.getByLabel('Title').fill('Curtain calls');
  await form.getByLabel('Seats').fill('40');
  await form.getByLabel('State').fill('active');
  await form.getByRole('combobox', { name: 'Used by' }).fill('light');
  await page.getByRole('option', { name: /lighting/ }).click();
  await form.getByRole('button', { name: 'Create' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Curtain calls' })).toBeVisible();
  await expect(page.getByRole('main').getByRole('link', { name: 'lighting' }).first()).toBeVisible();

  await open(page, `${portal.url}/documents`);
  const licence = (name: string, seats: number, state: string) => `apiVersion: stagedoor.io/v1\nkind: Licence\nmetadata:\n  name: ${name}\nspec:\n  seats: ${seats}\n  state: ${state}\n`;
  await page.getByRole('textbox', { name: 'Documents' }).fill([licence('score-reader', 5, 'active'), licence('old-plotter', 2, 'expired')].join('---\n'));
  await page.getByRole('button', { name: 'Check' }).click();
  await page.getByRole('button', { name: 'Apply 2 changes' }).click();
  await open(page, `${portal.url}/catalog/licence`);
  expect(await total(page)).toBe(3);
});

test('a view of it is saved and has an address', async ({ page }) => {
  await open(page, `${portal.url}/catalog/licence`);
  await queryBar(page, 'Licence').fill('state = active');
  await queryBar(page, 'Licence').press('Enter');
  await expect(tableRows(page)).toHaveCount(2);
  await page.getByRole('button', { name: 'Views' }).click();
  await page.getByRole('menuitem', { name: 'Save as…' }).click();
  await page.getByLabel('Name').fill('Active licences');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(page).toHaveURL(/\/views\/[0-9a-f]{32}$/);
  await page.reload();
  await expect(tableRows(page)).toHaveCount(2);
  // and is found by its name
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox', { name: 'Find entities, blueprints and pages' }).fill('active lic');
  await expect(page.getByRole('option', { name: /Active licences/ })).toBeVisible();
});

test('a dashboard shows it, and leads to it', async ({ page }) => {
  await open(page, `${portal.url}/pages`);
  await page.getByRole('button', { name: 'New dashboard…' }).click();
  await page.getByLabel('Title').fill('Licences');
  await page.getByRole('radio', { name: /Empty/ }).check();
  await page.getByRole('button', { name: 'Create', exact: true }).click();
  const add = async (kind: string, title: string, more: () => Promise<void>) => {
    await page.getByRole('button', { name: 'Add a widget' }).click();
    const gallery = page.getByRole('dialog');
    await gallery.getByRole('button', { name: `Choose ${kind}`, exact: true }).click();
    await gallery.getByLabel('Title').fill(title);
    await gallery.getByRole('combobox', { name: 'Of' }).click();
    await page.getByRole('option', { name: 'Licence' }).click();
    await more();
    await gallery.getByRole('button', { name: 'Add', exact: true }).click();
    await expect(gallery).toBeHidden();
  };
  await add('Number', 'How many licences', async () => undefined);
  await add('Bars', 'By state', async () => {
    await page.getByRole('dialog').getByRole('combobox', { name: 'By' }).click();
    await page.getByRole('option', { name: 'State' }).click();
  });
  await add('Table', 'All licences', async () => undefined);
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('button', { name: 'Edit' })).toBeVisible();
  await page.reload();
  const widget = (name: string) => page.getByRole('region', { name, exact: true }).first();
  await expect(widget('How many licences').locator('[data-chart=number]')).toContainText('3');
  await expect(widget('By state').locator('[data-bar]')).toHaveCount(2);
  await expect(widget('All licences').locator('tbody tr')).toHaveCount(3);
  await widget('By state').locator('[data-bar]').filter({ hasText: 'active' }).getByRole('link').click();
  await expect(tableRows(page)).toHaveCount(2);
});

for (const colorScheme of ['light', 'dark'] as const) {
  test(`what came of it is readable, ${colorScheme}, wide and narrow`, async ({ page }) => {
    await page.emulateMedia({ colorScheme });
    for (const address of ['/', '/catalog/licence', '/model/licence', '/pages/licences', '/sources', '/documents']) {
      await page.setViewportSize({ width: 1440, height: 900 });
      await open(page, portal.url + address);
      await check(page, `${address} ${colorScheme}`);
      await page.setViewportSize({ width: 390, height: 844 });
      expect(await sideways(page), address).toEqual([0, 0]);
    }
  });
}
