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
