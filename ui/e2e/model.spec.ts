import { expect, test } from './support';

test('shows every blueprint in the graph and in the list', async ({ page, api }) => {
  const { blueprints } = await api.model();
  expect(blueprints.length).toBeGreaterThan(3);
  await page.goto('/model');
  await expect(page.locator('.react-flow__node')).toHaveCount(blueprints.length);
  const list = page.getByRole('region', { name: 'Blueprints', exact: true });
  const own = blueprints.filter(({ identifier }) => !identifier.startsWith('_'));
  await expect(list.locator('tbody tr')).toHaveCount(own.length);
  const joined = blueprints.some(({ identifier, relations }) => Object.values(relations).some(({ target }) => target !== identifier));
  expect(joined).toBe(true);
  expect(await page.locator('.react-flow__edge').count()).toBeGreaterThan(0);
});

test('a blueprint opens beside the graph and leads to its entities', async ({ page, api }) => {
  const { blueprints } = await api.model();
  const blueprint = blueprints.find(({ identifier }) => identifier === 'database');
  if (!blueprint) throw new Error('the blueprint database is needed');
  await page.goto('/model');
  await page.locator('.react-flow__node').filter({ hasText: blueprint.title }).first().getByRole('button').click();
  await expect(page).toHaveURL(/blueprint=database/);
  const panel = page.getByRole('complementary', { name: `Blueprint ${blueprint.title}` });
  for (const key of Object.keys(blueprint.properties)) await expect(panel.getByText(key, { exact: true }).first()).toBeVisible();
  await panel.getByRole('link', { name: /^Open/ }).click();
  await expect(page).toHaveURL(/\/catalog\/database/);
});

test('the search narrows the list, by property too', async ({ page, api }) => {
  const { blueprints } = await api.model();
  await page.goto('/model');
  const rows = page.getByRole('region', { name: 'Blueprints', exact: true }).locator('tbody tr');
  await expect(rows).toHaveCount(blueprints.filter(({ identifier }) => !identifier.startsWith('_')).length);
  await page.getByRole('searchbox').fill('lifecycle');
  await expect.poll(() => rows.count()).toBeLessThan(blueprints.length);
  await expect(rows.filter({ hasText: 'component' }).first()).toBeVisible();
  await expect(page.getByText(/hidden by the search/)).toBeVisible();
});
