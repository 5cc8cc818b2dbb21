import type { Browser, BrowserContext, Page } from '@playwright/test';
import type { Portal } from './portal';
import { expect } from './support';

export interface Person {
  email: string;
  password: string;
  firstName: string;
}

/** Somebody's browser. */
export async function visitor(browser: Browser, portal: Portal, errors: string[]): Promise<{ context: BrowserContext; page: Page }> {
  const context = await browser.newContext({ baseURL: portal.url, viewport: { width: 1440, height: 900 } });
  const page = await context.newPage();
  page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
  page.on('pageerror', (error) => errors.push(error.message));
  page.setDefaultTimeout(10_000);
  return { context, page };
}

/** Makes an account of a link, and signs in with it. */
export async function join(page: Page, link: string, { email, password, firstName }: Person): Promise<void> {
  await page.goto(link);
  await expect(page.getByRole('button', { name: /sign in$/ })).toBeVisible();
  // an invitation says whom it is for
  const address = page.getByLabel('E-mail');
  if (await address.isEditable()) await address.fill(email);
  await page.getByLabel('First name').fill(firstName);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: /sign in$/ }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Larkfell Outfitters' })).toBeVisible();
}

/** Asks the server as whoever is signed in on a page. */
export async function ask<Body>(page: Page, method: string, path: string, body?: unknown): Promise<Body> {
  const answer = await page.evaluate(
    async (to) => {
      const response = await fetch(to.path, { method: to.method, headers: { 'content-type': 'application/json' }, body: to.body });
      return { status: response.status, text: await response.text() };
    },
    { path, method, body: body === undefined ? undefined : JSON.stringify(body) },
  );
  expect(answer.status, `${method} ${path}: ${answer.text}`).toBeLessThan(300);
  return (answer.text ? JSON.parse(answer.text) : undefined) as Body;
}
