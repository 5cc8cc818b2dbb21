import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { binary, Portal } from './portal';
import { check, expect, test } from './support';

// One story over one portal: an address is tried, registered, removed and brought back.
test.describe.configure({ mode: 'serial' });
test.skip(binary() === null, 'needs a built server');

const component = (name: string) =>
  `apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: ${name}}\nspec: {type: service, lifecycle: production, owner: guests}\n`;
const files: Record<string, string> = {
  '/catalog-info.yaml': ['lamp-room', 'fly-tower'].map(component).join('---\n'),
  '/broken.yaml': 'kind: Component\nmetadata: [\n',
};

const server = http.createServer((request, response) => {
  const text = files[request.url ?? ''];
  response.writeHead(text === undefined ? 404 : 200, { 'content-type': 'text/yaml' }).end(text);
});
// What is on this machine is refused unless it is allowed.
const portal = new Portal({ dev: true, env: { STAGEDOOR_OUTBOUND_ALLOW: '127.0.0.1' } });
let address = '';

test.use({ allowErrors: /status of 4(00|04)/ });

test.beforeAll(async () => {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await portal.start();
});

test.afterAll(async () => {
  await portal.stop();
  server.close();
});

test('what is wrong with an address is told before it is registered', async ({ page }) => {
  await page.goto(`${portal.url}/sources`);
  await page.getByRole('button', { name: 'Register an address…' }).click();
  const window = page.getByRole('dialog', { name: 'Register an address' });
  for (const [file, told] of Object.entries({ '/nothing.yaml': /not found|NotFound/, '/broken.yaml': /YAML/ })) {
    await window.getByLabel('Address').fill(address + file);
    await window.getByRole('button', { name: 'Look' }).click();
    await expect(window.getByText(told)).toBeVisible();
  }
  await expect(window.getByRole('button', { name: 'Register' })).toHaveCount(0);
});

test('an address is looked at, and registered', async ({ page }) => {
  await page.goto(`${portal.url}/sources`);
  await page.getByRole('button', { name: 'Register an address…' }).click();
  const window = page.getByRole('dialog', { name: 'Register an address' });
  await window.getByLabel('Address').fill(`${address}/catalog-info.yaml`);
  await window.getByRole('button', { name: 'Look' }).click();
  await expect(window.getByText('2 new, 0 changed, 0 unchanged')).toBeVisible();
  await expect(window.getByText('fly-tower')).toBeVisible();
  await check(page, 'the window');
  await window.getByRole('button', { name: 'Register' }).click();
  const row = page.getByRole('region', { name: 'Sources' }).locator('tbody tr').filter({ hasText: address });
  await expect(row).toContainText('fresh');
  await page.goto(`${portal.url}/catalog/component?q=lamp-room`);
  await expect(page.getByRole('link', { name: 'lamp-room' })).toBeVisible();
});

test('what it would change is shown, and what is wrong with its file and line', async ({ page }) => {
  files['/other.yaml'] = `${component('lamp-room')}---\n${component('prompt-box')}---\nkind: Component\nmetadata: [\n`;
  await page.goto(`${portal.url}/sources?register=true`);
  const window = page.getByRole('dialog', { name: 'Register an address' });
  await window.getByLabel('Address').fill(`${address}/other.yaml`);
  await window.getByRole('button', { name: 'Look' }).click();
  await expect(window.getByText('1 new, 0 changed, 0 unchanged, 1 conflict, 1 rejected')).toBeVisible();
  await expect(window.getByText(new RegExp(`${address}/other.yaml:\\d+`)).first()).toBeVisible();
  await expect(window.getByRole('list', { name: /^Claimed by another source/ })).toContainText('lamp-room');
});

test('both sides of a conflict are shown, and how to end it', async ({ page }) => {
  files['/other.yaml'] = component('lamp-room').replace('production', 'experimental');
  await page.goto(`${portal.url}/sources?register=true`);
  const window = page.getByRole('dialog', { name: 'Register an address' });
  await window.getByLabel('Address').fill(`${address}/other.yaml`);
  await window.getByRole('button', { name: 'Look' }).click();
  await window.getByRole('button', { name: 'Register', exact: true }).click();
  const row = page.getByRole('region', { name: 'Sources' }).locator('tbody tr').filter({ hasText: 'other.yaml' });
  await expect(row).toContainText('conflict');
  await page.getByRole('button', { name: 'Compare what is said of component:default/lamp-room' }).click();
  const both = page.getByRole('dialog', { name: 'One name, two sources' });
  await expect(both.getByRole('region', { name: /What .*catalog-info.yaml says/ })).toContainText('lifecycle: production');
  await expect(both.getByRole('region', { name: /What .*other.yaml says/ })).toContainText('lifecycle: experimental');
  await check(page, 'the conflict');
  await page.keyboard.press('Escape');
  await row.getByRole('button', { name: /^Remove/ }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Remove', exact: true }).click();
  await expect(page.getByRole('region', { name: 'Sources' })).not.toContainText('other.yaml');
});

test('what changed there is seen when it is read again', async ({ page }) => {
  files['/catalog-info.yaml'] += `---\n${component('trap-door')}`;
  await page.goto(`${portal.url}/sources`);
  const row = page.getByRole('region', { name: 'Sources' }).locator('tbody tr').filter({ hasText: address });
  await expect(row.locator('td').nth(3)).toHaveText('3');
  await row.getByRole('button', { name: /^Read .* now$/ }).click();
  await expect(row.locator('td').nth(3)).toHaveText('4');
});

test('what was removed with an address is brought back', async ({ page }) => {
  await page.goto(`${portal.url}/sources`);
  await page.getByRole('button', { name: `Remove ${address}/catalog-info.yaml` }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Remove', exact: true }).click();
  await expect(page.getByRole('region', { name: 'Sources' })).not.toContainText(address);
  const removed = page.getByRole('region', { name: 'Removed lately' });
  await expect(removed).toContainText('4 entities');
  await removed.getByRole('button').first().click();
  const window = page.getByRole('dialog', { name: 'Bring back' });
  await expect(window).toContainText('will be there again');
  await check(page, 'the window');
  await window.getByRole('button', { name: 'Bring back' }).click();
  await expect(page.getByRole('region', { name: 'Sources' })).toContainText(address);
  await page.goto(`${portal.url}/catalog/component?query=trap-door`);
  await expect(page.getByRole('link', { name: 'trap-door' })).toBeVisible();
});
