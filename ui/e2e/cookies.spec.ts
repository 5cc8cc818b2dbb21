// What a real browser does with the session's cookie, and what pages of others can do with it: nothing.
import { expect, test, type BrowserContext, type Page } from '@playwright/test';
import { once } from 'node:events';
import http from 'node:http';
import type net from 'node:net';
import { binary, Portal } from './portal';

test.describe.configure({ mode: 'serial' });
test.skip(binary() === null, 'needs a built server');

const ada = { email: 'ada@larkfell.example', password: 'paper kettle under the stairs' };
const api = '/api/stagedoor/v1';

const portal = new Portal();
/** Another site's server. By 127.0.0.1 its pages are of the same site as the portal's, by localhost of another one. */
const other = http.createServer((_, response) => {
  response.setHeader('content-type', 'text/html');
  response.end('<!doctype html><title>other</title><iframe name="hidden"></iframe>');
});
let port = 0;
let context: BrowserContext;
let page: Page;

/** A request by the page that is open. */
const ask = (method: string, path: string, body?: unknown) =>
  page.evaluate(
    async ([method, url, body]) => {
      const init = { method, headers: { 'content-type': 'application/json' }, body: body === undefined ? undefined : JSON.stringify(body) };
      const response = await fetch(url as string, init as RequestInit);
      const text = await response.text();
      return { status: response.status, body: text ? JSON.parse(text) : null };
    },
    [method, api + path, body] as const,
  );

const isIn = async () => {
  await page.goto(`${portal.url}/sign-in`);
  return (await ask('GET', '/session')).body.viewer?.email === ada.email;
};

test.beforeAll(async ({ browser }) => {
  await portal.start();
  other.listen(0, '127.0.0.1');
  await once(other, 'listening');
  port = (other.address() as net.AddressInfo).port;
  context = await browser.newContext();
  page = await context.newPage();
});

test.afterAll(async () => {
  await context.close();
  other.close();
  await portal.stop();
});

test('no script can read the cookie', async () => {
  const token = (await portal.setupLink()).split('#')[1];
  await page.goto(`${portal.url}/sign-in`);
  expect((await ask('POST', '/links/accept', { token, ...ada })).status).toBe(200);
  expect(await page.evaluate(() => document.cookie)).toBe('');
  const [cookie] = await context.cookies();
  expect(cookie).toMatchObject({ name: 'stagedoor-session', httpOnly: true, sameSite: 'Lax', path: '/', domain: '127.0.0.1' });
  expect(await isIn()).toBe(true);
});

for (const [what, host] of [['the same site', '127.0.0.1'], ['another site', 'localhost']] as const) {
  test(`a page of ${what} changes nothing`, async () => {
    const arrived: string[] = [];
    const listen = (response: { url: () => string; status: () => number; request: () => { method: () => string } }) => {
      if (response.url() === `${portal.url}${api}/invitations` && response.request().method() === 'POST') arrived.push(String(response.status()));
    };
    page.on('response', listen);
    await page.goto(`http://${host}:${port}/`);
    // A script that sends cookies along, and a form whose body looks like JSON.
    await page.evaluate(async (portal) => {
      const json = JSON.stringify({ email: 'mallory@larkfell.example', role: 'Admin' });
      for (const type of ['text/plain', 'application/json']) {
        const init: RequestInit = { method: 'POST', mode: 'no-cors', credentials: 'include', headers: { 'content-type': type }, body: json };
        await fetch(`${portal}/api/stagedoor/v1/invitations`, init).catch(() => undefined);
      }
      await fetch(`${portal}/api/stagedoor/v1/session`, { method: 'DELETE', credentials: 'include' }).catch(() => undefined);
      const form = document.createElement('form');
      Object.assign(form, { method: 'POST', action: `${portal}/api/stagedoor/v1/invitations`, enctype: 'text/plain', target: 'hidden' });
      const field = document.createElement('input');
      [field.name, field.value] = ['{"email":"mallory@larkfell.example","role":"Admin","x":"', '"}'];
      form.append(field);
      document.body.append(form);
      form.submit();
    }, portal.url);
    // The answers to the scripts are not even shown to them; the form's is.
    await expect.poll(() => arrived.length).toBeGreaterThanOrEqual(1);
    page.off('response', listen);
    // With the cookie it is refused as foreign, without one it is nobody's.
    const refusals = host === '127.0.0.1' ? ['403'] : ['401', '415'];
    for (const status of arrived) expect(refusals).toContain(status);
    expect(await isIn()).toBe(true);
    expect((await ask('GET', '/invitations')).body).toEqual({ invitations: [] });
  });
}

test('a page of others signs nobody in', async ({ browser }) => {
  const victim = await browser.newContext();
  const theirs = await victim.newPage();
  await theirs.goto(`http://127.0.0.1:${port}/`);
  await theirs.evaluate(
    async ([url, body]) => {
      const init: RequestInit = { method: 'POST', mode: 'no-cors', credentials: 'include', body };
      await fetch(`${url}/api/stagedoor/v1/session`, init).catch(() => undefined);
    },
    [portal.url, JSON.stringify(ada)] as const,
  );
  expect(await victim.cookies()).toEqual([]);
  await victim.close();
});

test('no page can show the portal in a frame', async () => {
  await page.goto(`http://127.0.0.1:${port}/`);
  const shown = await page.evaluate(async (url) => {
    const frame = document.querySelector('iframe');
    if (!frame) return 'no frame';
    await new Promise((resolve) => {
      frame.onload = resolve;
      frame.src = url;
    });
    return frame.contentDocument === null ? 'foreign' : frame.contentDocument.body.innerText;
  }, portal.url);
  expect(shown).toBe('foreign');
  const frame = page.frames().find((one) => one !== page.mainFrame());
  expect(await frame?.evaluate(() => document.title).catch(() => '')).not.toContain('Stagedoor');
});

test('a cookie that was copied is worth nothing after signing out', async ({ browser }) => {
  const copied = await context.cookies();
  expect(await isIn()).toBe(true);
  expect((await ask('DELETE', '/session')).status).toBe(204);
  expect(await context.cookies()).toEqual([]);
  const thief = await browser.newContext();
  await thief.addCookies(copied);
  const theirs = await thief.newPage();
  await theirs.goto(`${portal.url}/sign-in`);
  const status = await theirs.evaluate(async () => (await fetch('/v1/blueprints')).status);
  expect(status).toBe(401);
  await thief.close();
});
