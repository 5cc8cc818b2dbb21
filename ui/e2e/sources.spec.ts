import { expect, test } from './support';

test('lists every source with its state and its problems', async ({ page, request }) => {
  const { sources } = await (await request.get('/api/stagedoor/v1/sources')).json();
  expect(sources.length).toBeGreaterThan(0);
  await page.goto('/sources');
  await expect(page.getByRole('region', { name: 'Sources' }).locator('tbody tr')).toHaveCount(sources.length);
  for (const source of sources) {
    for (const problem of source.problems) await expect(page.getByText(problem.message).first()).toBeVisible();
  }
});

test('sources are found by name and by state, and what is hidden is said', async ({ page, request }) => {
  const { sources } = await (await request.get('/api/stagedoor/v1/sources')).json();
  expect(sources.length).toBeGreaterThan(1);
  await page.goto('/sources');
  await page.getByRole('searchbox', { name: 'Find a source' }).fill('org.yaml');
  const rows = page.getByRole('region', { name: 'Sources' }).locator('tbody tr');
  await expect(rows).toHaveCount(1);
  await expect(page).toHaveURL(/q=org.yaml/);
  await expect(page.getByText(`${sources.length - 1} hidden by the filter`)).toBeVisible();
  await page.goto('/sources?state=gone');
  await expect(page.getByText('No source matches.')).toBeVisible();
  await page.getByRole('button', { name: 'Show all' }).click();
  await expect(rows).toHaveCount(sources.length);
});
