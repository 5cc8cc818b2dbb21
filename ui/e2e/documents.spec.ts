import { expect, test } from './support';

const name = 'e2e-hello';
const good = `apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: ${name}
spec:
  type: service
  lifecycle: experimental
  owner: guests
`;

test('a check tells what would happen and stores nothing', async ({ page, api }) => {
  const unseen = good.replace(name, 'e2e-never-stored');
  await page.goto('/documents');
  await page.getByRole('textbox', { name: 'Documents' }).fill(`${unseen}---\nkind: Component\nmetadata: {}\n`);
  await page.getByRole('button', { name: 'Check' }).click();
  await expect(page.getByText(/^Checked: 1 new entity/)).toBeVisible();
  await expect(page.getByText('component:default/e2e-never-stored')).toBeVisible();
  await expect(page.getByRole('heading', { name: 'Would be rejected' })).toBeVisible();
  await page.getByRole('button', { name: /^line \d+/ }).first().click();
  await expect(page.getByRole('textbox', { name: 'Documents' })).toBeFocused();
  expect(await api.exists('component', 'component:default/e2e-never-stored')).toBe(false);
  await expect(page.getByRole('button', { name: 'Apply 1 change' })).toBeEnabled();
});

test.describe('when everything is rejected', () => {
  test.use({ allowErrors: /422/ });
  test('shows why, with the line', async ({ page }) => {
    await page.goto('/documents');
    await page.getByRole('textbox', { name: 'Documents' }).fill('kind: Component\nmetadata:\n  name: [\n');
    await page.getByRole('button', { name: 'Check' }).click();
    await expect(page.getByText(/1 rejected$/)).toBeVisible();
    await expect(page.getByRole('button', { name: /^line \d+/ })).toBeVisible();
    await expect(page.getByRole('button', { name: 'Apply' })).toBeDisabled();
  });
});

test('a changed text needs another check', async ({ page }) => {
  await page.goto('/documents');
  await page.getByRole('button', { name: 'Insert an example' }).click();
  const text = page.getByRole('textbox', { name: 'Documents' });
  await expect(text).toContainText('kind: Component');
  await page.getByRole('button', { name: 'Check' }).click();
  await expect(page.getByText(/^Checked: /)).toBeVisible();
  await text.click();
  await page.keyboard.type('# more');
  await expect(page.getByText(/^Checked: /)).toHaveCount(0);
  await expect(page.getByRole('button', { name: 'Apply' })).toBeDisabled();
});

test('applies, and finds the same document unchanged afterwards', async ({ page, api }) => {
  const before = await api.exists('component', `component:default/${name}`);
  await page.goto('/documents');
  await page.getByRole('textbox', { name: 'Documents' }).fill(good);
  await page.getByRole('button', { name: 'Check' }).click();
  if (!before) {
    await expect(page.getByText(/^Checked: 1 new entity/)).toBeVisible();
    await page.getByRole('button', { name: 'Apply 1 change' }).click();
    await expect(page.getByText(/^Applied: 1 new entity/)).toBeVisible();
    await page.getByRole('button', { name: 'Check' }).click();
  }
  await expect(page.getByText(/1 unchanged/)).toBeVisible();
  await page.getByRole('link', { name: `component:default/${name}` }).click();
  await expect(page.getByRole('heading', { level: 1, name })).toBeVisible();
});

test('what would change is shown beside what is stored', async ({ page }) => {
  await page.goto('/documents');
  const editor = page.getByRole('textbox', { name: 'Documents' });
  await editor.fill(good);
  await page.getByRole('button', { name: 'Check' }).click();
  await expect(page.getByText(/1 unchanged|1 new entity/)).toBeVisible();
  const apply = page.getByRole('button', { name: 'Apply 1 change' });
  // another test may have stored it already
  if ((await apply.count()) > 0) {
    await apply.click();
    await expect(page.getByText(/^Applied: /)).toBeVisible();
  }
  await editor.fill(good.replace('experimental', 'production'));
  await page.getByRole('button', { name: 'Check' }).click();
  await expect(page.getByText(/1 changed/)).toBeVisible();
  await page.getByText('What differs').click();
  const diff = page.getByRole('region', { name: /^What differs in/ });
  await expect(diff).toContainText('lifecycle: experimental');
  await expect(diff).toContainText('lifecycle: production');
});
