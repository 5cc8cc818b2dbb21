import type { Page } from '@playwright/test';
import { allPages, check, expect, open, test } from './support';

const schemes = ['light', 'dark'] as const;

/** Switches to a theme and waits until it is there. */
async function turn(page: Page, colorScheme: (typeof schemes)[number]): Promise<void> {
  await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
  await expect(page.locator(`html[data-mantine-color-scheme=${colorScheme}]`)).toBeAttached();
  await page.evaluate(() => Promise.all(document.getAnimations().map((one) => one.finished.catch(() => undefined))));
}

test('axe finds nothing serious on any page, in either theme', async ({ page, api }) => {
  test.setTimeout(240_000);
  for (const path of await allPages(api)) {
    await open(page, path);
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
    for (const colorScheme of schemes) {
      await turn(page, colorScheme);
      await check(page, `${path} ${colorScheme}`);
    }
  }
});

for (const colorScheme of schemes) {
  test(`axe finds nothing serious in what opens, ${colorScheme}`, async ({ page, api }) => {
    test.setTimeout(60_000);
    await page.emulateMedia({ colorScheme });
    const [row] = await api.rows('component');
    await open(page, '/catalog/component');
    await page.getByRole('button', { name: 'Filter by Type' }).click();
    await page.getByRole('group', { name: 'Type' }).getByRole('checkbox').first().check();
    await expect(page.getByRole('list', { name: 'Active filters' })).toBeVisible();
    await check(page, 'facet');
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Columns' }).click();
    await expect(page.getByRole('checkbox', { name: 'Identifier' })).toBeVisible();
    await check(page, 'columns');
    await page.keyboard.press('Escape');
    await page.keyboard.press('Control+k');
    await page.keyboard.type(row?.title.slice(0, 3) ?? 'a');
    await expect(page.getByRole('option').first()).toBeVisible();
    await check(page, 'palette');
    await page.keyboard.press('Escape');
    await open(page, '/documents');
    await page.getByRole('button', { name: 'Insert an example' }).click();
    await page.getByRole('button', { name: 'Check' }).click();
    await expect(page.getByText(/^Checked: /)).toBeVisible();
    await check(page, 'documents');
  });
}
