import { binary, Portal } from './portal';
import { check, expect, open, test } from './support';

// The hub and templates, over a portal of its own in which everybody is administrator.
test.describe.configure({ mode: 'serial' });
test.skip(binary() === null, 'needs a built server');

const portal = new Portal({ dev: true });
test.use({ baseURL: async ({}, use) => use(portal.url) });

const template = `apiVersion: scaffolder.backstage.io/v1beta3
kind: Template
metadata:
  name: describe-service
  title: Describe a service
  description: Writes a catalog file.
  tags: [recommended, docs]
spec:
  type: service
  owner: platform-team
  parameters:
    - title: About it
      required: [name, owner]
      properties:
        name: { title: Name, type: string, ui:field: EntityNamePicker }
        owner: { title: Owner, type: string, ui:field: OwnerPicker }
        public: { title: Reachable from outside, type: boolean }
      dependencies:
        public:
          oneOf:
            - properties: { public: { enum: [true] }, host: { title: Host, type: string } }
              required: [host]
            - properties: { public: { enum: [false] } }
    - title: A secret
      properties:
        key: { title: Key, type: string, ui:field: Secret }
  steps:
    - id: say
      name: Say what will be made
      action: debug:log
      input: { message: 'Making \${{ parameters.name }} for \${{ parameters.owner }}, key \${{ secrets.key }}' }
    - id: write
      name: Write the catalog file
      action: catalog:write
      input:
        entity: { apiVersion: backstage.io/v1alpha1, kind: Component, metadata: { name: '\${{ parameters.name }}' }, spec: { type: service, lifecycle: experimental, owner: '\${{ parameters.owner }}' } }
  output:
    links:
      - { title: Handbook, url: 'https://handbook.example.com/\${{ parameters.name }}' }
`;

test.beforeAll(async ({ request }) => {
  await portal.start();
  const added = await request.post(`${portal.url}/api/stagedoor/v1/documents`, { data: template, headers: { 'content-type': 'application/yaml' } });
  expect(added.status(), await added.text()).toBe(200);
  const action = {
    identifier: 'open_ticket',
    title: 'Open a ticket',
    trigger: { type: 'self-service', operation: 'CREATE', userInputs: { properties: { text: { type: 'string', format: 'multi-line' } } } },
    invocationMethod: { type: 'WEBHOOK', url: 'https://tickets.example.com/new' },
  };
  const made = await request.post(`${portal.url}/v1/actions`, { data: action });
  expect(made.status(), await made.text()).toBeLessThan(300);
});

test.afterAll(() => portal.stop());

const card = (page: import('@playwright/test').Page, title: string) => page.getByRole('listitem').filter({ has: page.getByRole('link', { name: title, exact: true }) });

test('the hub shows what can be run, narrows it down, and keeps favourites', async ({ page }) => {
  await open(page, '/self-service');
  await expect(card(page, 'Open a ticket')).toBeVisible();
  await expect(card(page, 'Describe a service')).toContainText('Recommended');
  await check(page, 'hub');
  await page.getByRole('searchbox', { name: 'Find an action or a template' }).fill('ticket');
  await expect(card(page, 'Describe a service')).toHaveCount(0);
  await expect(card(page, 'Open a ticket')).toBeVisible();
  await expect(page).toHaveURL(/q=ticket/);
  await page.getByRole('button', { name: 'Favourite: Open a ticket' }).click();
  await expect(page.getByRole('button', { name: 'Favourite: Open a ticket' })).toHaveAttribute('aria-pressed', 'true');
  await open(page, '/self-service?show=favourites');
  await expect(card(page, 'Open a ticket')).toBeVisible();
  await expect(card(page, 'Describe a service')).toHaveCount(0);
});

test('a template is filled in step by step with the keyboard, reviewed, and run', async ({ page }) => {
  await open(page, '/self-service?show=templates');
  await page.getByRole('link', { name: 'Describe a service', exact: true }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Describe a service' })).toBeVisible();
  await expect(page.getByRole('textbox', { name: 'Name', exact: true })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.getByText('This has to be filled in.')).toHaveCount(2);
  await page.keyboard.type('not a name');
  await page.keyboard.press('Tab');
  await expect(page.getByText(/A name has letters/)).toBeVisible();
  await page.getByRole('textbox', { name: 'Name', exact: true }).fill('night-desk');
  await page.getByRole('combobox', { name: 'Owner' }).click();
  await page.keyboard.type('plat');
  await page.getByRole('option').filter({ hasText: 'group:default/platform-team' }).click();
  await expect(page.getByRole('textbox', { name: 'Host' })).toHaveCount(0);
  await page.getByLabel('Reachable from outside').check();
  await page.getByRole('textbox', { name: 'Host' }).fill('desk.example.com');
  await check(page, 'form of a template');
  await page.getByRole('button', { name: 'Next' }).click();
  await page.getByRole('textbox', { name: 'Key', exact: true }).fill('tall-grass-41');
  await page.goBack();
  await expect(page.getByRole('textbox', { name: 'Name', exact: true })).toHaveValue('night-desk');
  await page.goForward();
  await page.getByRole('button', { name: 'Review', exact: true }).last().click();
  await expect(page.getByText('desk.example.com')).toBeVisible();
  expect(await page.locator('#main').innerText()).not.toContain('tall-grass-41');
  await check(page, 'review');
  await page.getByRole('button', { name: 'Create', exact: true }).click();
  await expect(page).toHaveURL(/\/runs\//);
  await expect(page.getByText('Succeeded', { exact: true })).toBeVisible();
  await expect(page.getByRole('log')).toContainText('Making night-desk for group:default/platform-team');
  expect(await page.locator('#main').innerText()).not.toContain('tall-grass-41');
  await expect(page.getByRole('link', { name: 'Handbook' })).toHaveAttribute('href', 'https://handbook.example.com/night-desk');
  await page.getByRole('button', { name: /Write the catalog file/ }).click();
  await expect(page.getByText('catalog:write')).toBeVisible();
  await check(page, 'run of a template');
});

test('the palette runs what it finds', async ({ page }) => {
  await open(page, '/');
  await page.keyboard.press('Control+k');
  await page.keyboard.type('open a ticket');
  await expect(page.getByRole('option', { name: /Open a ticket/ })).toBeVisible();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { level: 1, name: 'Open a ticket' })).toBeVisible();
});

test('a template is written beside its form, mended and tried', async ({ page }) => {
  await open(page, '/templates');
  await expect(page.getByText('Nothing is wrong with it.')).toBeVisible();
  await page.getByRole('textbox', { name: 'Name', exact: true }).fill('tried');
  await page.getByRole('combobox', { name: 'Owner' }).click();
  await page.getByRole('option').first().click();
  await page.getByRole('button', { name: 'Try it with this' }).click();
  await page.getByRole('button', { name: 'Try it', exact: true }).click();
  await expect(page.getByText('It went through.')).toBeVisible();
  await expect(page.getByRole('list', { name: 'Log of the trial' })).toContainText('Making tried');
  await page.getByText('catalog-info.yaml', { exact: true }).click();
  await expect(page.getByRole('region', { name: 'catalog-info.yaml' })).toContainText('name: tried');
  await check(page, 'template editor');
});
