import type { Browser, BrowserContext, Page } from '@playwright/test';
import { binary, Portal } from './portal';
import { check, expect, open, sideways, test } from './support';

// One story, told in order over one portal: from the printed link to people who may do different things.
test.describe.configure({ mode: 'serial' });
test.skip(binary() === null, 'needs a built server');

const ada = { email: 'ada@larkfell.example', password: 'paper kettle under the stairs' };
const elsa = { email: 'elsa@larkfell.example', password: 'seven quiet boats at noon' };

const portal = new Portal();
const contexts: BrowserContext[] = [];
const errors: string[] = [];
let admin: Page;
let member: Page;

async function visitor(browser: Browser): Promise<Page> {
  const context = await browser.newContext({ baseURL: portal.url, viewport: { width: 1440, height: 900 }, permissions: ['clipboard-read', 'clipboard-write'] });
  contexts.push(context);
  const page = await context.newPage();
  // what the server refuses on purpose is told by the browser, too
  page.on('console', (message) => message.type() === 'error' && !/status of 4(01|03|04|22)/.test(message.text()) && errors.push(message.text()));
  page.on('pageerror', (error) => errors.push(error.message));
  page.setDefaultTimeout(10_000);
  return page;
}

async function signIn(page: Page, { email, password }: typeof ada): Promise<void> {
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

const heading = (page: Page, name: string | RegExp) => page.getByRole('heading', { level: 1, name });
const row = (page: Page, table: string, text: string) => page.getByRole('region', { name: table }).locator('tbody tr').filter({ hasText: text });

test.beforeAll(async ({ browser }) => {
  await portal.start();
  admin = await visitor(browser);
  member = await visitor(browser);
});

test.afterAll(async () => {
  for (const context of contexts) await context.close();
  await portal.stop();
});

test('before anybody has an account, the sign-in page says where the link is', async () => {
  await admin.goto('/catalog/component');
  await expect(heading(admin, 'Sign in')).toBeVisible();
  await expect(admin.getByText('The server printed a link when it started')).toBeVisible();
});

test('a link that is not whole, or made up, leads nowhere and says so', async () => {
  await admin.goto('/welcome');
  await expect(heading(admin, 'This link leads nowhere')).toBeVisible();
  await admin.goto('/welcome#made-up-and-never-printed-by-anybody-at-all');
  await expect(admin.getByText('An administrator can make another one')).toBeVisible();
});

test('the printed link makes the first administrator, once', async ({ browser }) => {
  const link = await portal.setupLink();
  const asked: string[] = [];
  admin.on('request', (request) => asked.push(request.url() + (request.headers().referer ?? '')));
  await admin.goto('about:blank');
  await admin.goto(link);
  await expect(heading(admin, 'Create the first administrator')).toBeVisible();
  await admin.getByLabel('E-mail').fill(ada.email);
  await admin.getByLabel('First name').fill('Ada');
  await admin.getByLabel('Last name').fill('Brandt');
  await admin.getByLabel('Password', { exact: true }).fill('short');
  await admin.getByRole('button', { name: 'Create the account and sign in' }).click();
  await expect(admin.getByText(/12 characters or more|at least 12/i).first()).toBeVisible();
  await admin.getByLabel('Password', { exact: true }).fill(ada.password);
  await admin.getByRole('button', { name: 'Create the account and sign in' }).click();
  await expect(heading(admin, 'Larkfell Outfitters')).toBeVisible();
  // the token stays in the browser: no address that was asked for, and no referrer, has it
  const token = link.split('#')[1] ?? '';
  expect(token.length).toBeGreaterThan(20);
  expect(asked.filter((url) => url.includes(token) && !url.includes('#'))).toEqual([]);
  const second = await visitor(browser);
  await second.goto(link);
  await expect(heading(second, 'This link leads nowhere')).toBeVisible();
});

test('the administrator makes a team and invites a member into it', async () => {
  await admin.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Teams', exact: true }).click();
  await admin.getByRole('button', { name: 'New team…' }).click();
  await admin.getByLabel('Name', { exact: true }).fill('Night Shift');
  await admin.getByRole('button', { name: 'Create the team' }).click();
  await expect(row(admin, 'Teams', 'Night Shift')).toBeVisible();
  // groups of the catalog are there too, and say why they cannot be changed here
  await row(admin, 'Teams', 'the catalog’s groups').first().getByRole('link').click();
  await expect(admin.getByText('This team is a group of the catalog')).toBeVisible();
  await expect(admin.getByRole('button', { name: 'Save' })).toHaveCount(0);

  await admin.keyboard.press('Control+k');
  await admin.keyboard.type('people');
  await expect(admin.getByRole('option', { name: 'People', selected: true })).toBeVisible();
  await admin.keyboard.press('Enter');
  await admin.getByRole('button', { name: 'Invite…' }).click();
  await admin.getByLabel('E-mail').fill(elsa.email);
  await admin.getByRole('combobox', { name: 'Teams' }).or(admin.getByLabel('Teams')).first().click();
  await admin.getByRole('option', { name: 'Night Shift' }).click();
  await admin.keyboard.press('Escape');
  await admin.getByRole('button', { name: 'Make the link' }).click();
  const shown = admin.getByRole('textbox', { name: `Link for ${elsa.email}` });
  await expect(shown).toBeVisible();
  await admin.getByRole('button', { name: `Copy: Link for ${elsa.email}` }).click();
  const link = (await shown.innerText()).trim();
  expect(link).toMatch(new RegExp(`^${portal.url}/welcome#`));
  expect(await admin.evaluate(() => navigator.clipboard.readText())).toBe(link);
  await admin.getByRole('button', { name: 'I have it' }).click();
  await expect(shown).toHaveCount(0);
  await expect(row(admin, 'Open invitations', elsa.email)).toBeVisible();
  await expect(row(admin, 'People', elsa.email)).toContainText('Invited');

  await member.goto(link);
  await expect(heading(member, 'Join')).toBeVisible();
  await expect(member.getByLabel('E-mail')).toHaveValue(elsa.email);
  await member.getByLabel('First name').fill('Elsa');
  await member.getByLabel('Password', { exact: true }).fill(elsa.password);
  await member.getByRole('button', { name: 'Join and sign in' }).click();
  await expect(heading(member, 'Larkfell Outfitters')).toBeVisible();
});

test('the member sees the catalog, and may not do what the administrator may', async () => {
  await member.goto('/catalog/component');
  await expect(member.locator('tbody tr').first()).toBeVisible();
  await member.goto('/people');
  const button = member.getByRole('button', { name: 'Invite…' });
  await expect(button).toHaveAttribute('aria-disabled', 'true');
  await expect(button).toHaveAccessibleDescription('Only administrators may add users.');
  await button.focus();
  await expect(member.getByRole('tooltip')).toContainText('Only administrators may add users.');
  await button.click({ force: true });
  await expect(member.getByRole('dialog')).toHaveCount(0);
  // asking by address changes nothing
  await member.goto('/people?invite=true');
  await expect(row(member, 'People', ada.email)).toBeVisible();
  await expect(member.getByRole('dialog')).toHaveCount(0);
  for (const [path, words] of [
    ['/secrets', 'Only administrators may read the names of secrets.'],
    ['/audit', 'Only administrators may read the audit log.'],
    ['/service-accounts', 'Only administrators may read service accounts.'],
  ] as const) {
    await member.goto(path);
    await expect(member.getByText('You may not see this.')).toBeVisible();
    await expect(member.locator('#main').getByText(words).first()).toBeVisible();
  }
  await member.goto(`/person?id=${ada.email}`);
  await expect(member.getByRole('button', { name: 'Save' })).toHaveAttribute('aria-disabled', 'true');
  await expect(member.getByRole('heading', { name: 'Sessions' })).toHaveCount(0);
  // and the server agrees with the page
  const status = (path: string, method: string, body?: object) =>
    member.evaluate(
      async (to) => (await fetch(to.path, { method: to.method, headers: { 'content-type': 'application/json' }, body: to.body })).status,
      { path, method, body: body && JSON.stringify(body) },
    );
  expect(await status('/api/stagedoor/v1/invitations', 'POST', { email: 'mallory@larkfell.example', role: 'Admin' })).toBe(403);
  expect(await status(`/v1/users/${elsa.email}`, 'PATCH', { roles: ['Admin'] })).toBe(403);
  expect(await status('/v1/organization/secrets', 'GET')).toBe(403);
  expect(await status('/v1/teams', 'POST', { name: 'Mutiny' })).toBe(403);
  expect(await status('/v1/blueprints', 'POST', { identifier: 'mine' })).toBe(403);
});

test('a secret goes in and never comes out', async () => {
  const value = 'hunter-of-the-tall-grass-41';
  const answers: string[] = [];
  admin.on('response', async (response) => answers.push(await response.text().catch(() => '')));
  await admin.goto('/secrets');
  await expect(admin.getByText('There is no secret yet.')).toBeVisible();
  await admin.getByRole('button', { name: 'New secret…' }).click();
  await admin.getByLabel('Name', { exact: true }).fill('registry');
  await admin.getByLabel('Value', { exact: true }).fill(value);
  await admin.getByLabel('Description').fill('For pulling images');
  await admin.getByRole('button', { name: 'Save' }).click();
  await expect(row(admin, 'Secrets', 'registry')).toContainText('For pulling images');
  await expect(admin.getByRole('dialog')).toHaveCount(0);
  const held = () => admin.evaluate((wanted) => document.documentElement.outerHTML.includes(wanted) || [...document.querySelectorAll('input')].some((input) => input.value.includes(wanted)), value);
  expect(await held()).toBe(false);
  await admin.getByRole('button', { name: 'Replace registry' }).click();
  await expect(admin.getByLabel('New value')).toHaveValue('');
  expect(await held()).toBe(false);
  await admin.getByLabel('New value').fill(`${value}-again`);
  await admin.getByRole('button', { name: 'Save' }).click();
  await expect(admin.getByRole('dialog')).toHaveCount(0);
  await admin.reload();
  await expect(row(admin, 'Secrets', 'registry')).toBeVisible();
  expect(answers.some((text) => text.includes('registry'))).toBe(true);
  expect(answers.filter((text) => text.includes(value))).toEqual([]);
});

test('a token is made, shown once, used, limited to its scopes, and revoked', async () => {
  await member.goto('/account');
  await member.getByRole('button', { name: 'New token…' }).click();
  await member.getByLabel('Name', { exact: true }).fill('nightly report');
  await expect(member.getByRole('checkbox', { name: /read entities/ })).toBeChecked();
  await member.getByRole('button', { name: 'Make the token' }).click();
  const shown = member.getByRole('textbox', { name: 'Token' });
  await expect(shown).toBeVisible();
  const token = (await shown.innerText()).trim();
  const use = (path: string) => fetch(portal.url + path, { headers: { authorization: `Bearer ${token}` } }).then(({ status }) => status);
  expect(await use('/v1/blueprints/component/entities')).toBe(200);
  expect(await use('/v1/users')).toBe(403);
  await member.getByRole('button', { name: 'I have it' }).click();
  await expect(shown).toHaveCount(0);
  expect(await member.evaluate((wanted) => document.documentElement.outerHTML.includes(wanted), token)).toBe(false);
  await member.reload();
  await expect(row(member, 'Personal tokens', 'nightly report')).toContainText(token.slice(-4));
  await member.getByRole('button', { name: 'Revoke the token nightly report' }).click();
  await member.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
  await expect(member.getByText('A token lets a script')).toBeVisible();
  expect(await use('/v1/blueprints/component/entities')).toBe(401);
});

test('a service account gets a client whose secret is shown once', async () => {
  await admin.goto('/service-accounts?create=true');
  await admin.getByLabel('Name', { exact: true }).fill('Nightly import');
  await admin.getByRole('button', { name: 'Make it' }).click();
  const [id, secret] = await Promise.all(
    ['Client ID', 'Client secret'].map(async (name) => (await admin.getByRole('textbox', { name, exact: true }).innerText()).trim()),
  );
  const exchange = await fetch(`${portal.url}/v1/auth/access_token`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ clientId: id, clientSecret: secret }),
  });
  expect(exchange.status).toBe(200);
  await admin.getByRole('button', { name: 'I have it' }).click();
  await expect(row(admin, 'Service accounts', 'Nightly import')).toBeVisible();
  expect(await admin.evaluate((wanted) => document.documentElement.outerHTML.includes(wanted), secret ?? '-')).toBe(false);

  await row(admin, 'Service accounts', 'Nightly import').getByRole('link').click();
  await admin.getByRole('button', { name: 'New token…' }).click();
  await admin.getByLabel('Name', { exact: true }).fill('one blueprint');
  for (const name of [/^read entities/, /^read blueprints/]) await admin.getByRole('checkbox', { name }).uncheck();
  await admin.getByRole('combobox', { name: 'For one thing only' }).fill('read:entities:component');
  await admin.keyboard.press('Enter');
  await admin.getByRole('button', { name: 'Make the token' }).click();
  const token = (await admin.getByRole('textbox', { name: 'Token', exact: true }).innerText()).trim();
  const use = (path: string) => fetch(portal.url + path, { headers: { authorization: `Bearer ${token}` } }).then(({ status }) => status);
  expect(await use('/v1/blueprints/component/entities')).toBe(200);
  expect(await use('/v1/teams')).toBe(403);
  await admin.getByRole('button', { name: 'I have it' }).click();
  await admin.getByRole('button', { name: 'New secret for Nightly import' }).click();
  await admin.getByRole('dialog').getByRole('button', { name: 'Make it' }).click();
  const fresh = (await admin.getByRole('textbox', { name: 'Client secret' }).innerText()).trim();
  expect(fresh).not.toBe(secret);
  await admin.getByRole('button', { name: 'I have it' }).click();
});

test('the administrator makes the member an administrator and back, seen at the next look', async () => {
  await admin.goto(`/person?id=${elsa.email}`);
  await admin.getByRole('combobox', { name: 'Role' }).or(admin.getByLabel('Role')).first().click();
  await admin.getByRole('option', { name: 'Administrator' }).click();
  await admin.getByRole('button', { name: 'Save' }).click();
  await expect(admin.getByText('Saved.').or(admin.getByRole('combobox', { name: 'Role' })).first()).toBeVisible();
  await expect.poll(() => member.evaluate(() => fetch('/v1/organization/secrets').then(({ status }) => status))).toBe(200);
  await member.goto('/secrets');
  await expect(row(member, 'Secrets', 'registry')).toBeVisible();
  await admin.reload();
  await admin.getByRole('combobox', { name: 'Role' }).or(admin.getByLabel('Role')).first().click();
  await admin.getByRole('option', { name: 'Member' }).click();
  await admin.getByRole('button', { name: 'Save' }).click();
  await expect.poll(() => member.evaluate(() => fetch('/v1/organization/secrets').then(({ status }) => status))).toBe(403);
});

test('a page is closed to all but whom it names', async () => {
  const made = await admin.request.post('/v1/pages', { data: { identifier: 'rehearsals', title: 'Rehearsals', type: 'dashboard', widgets: [] } });
  expect(made.status()).toBe(201);
  await member.goto('/pages/rehearsals');
  await expect(heading(member, 'Rehearsals')).toBeVisible();
  await expect(member.getByRole('button', { name: 'Who may…' })).toBeDisabled();
  const choose = async () => {
    await admin.goto('/pages/rehearsals');
    await admin.getByRole('button', { name: 'Who may…' }).click();
    return admin.getByRole('dialog', { name: 'Who may what on “Rehearsals”' });
  };
  let window = await choose();
  await window.getByRole('group', { name: 'Look at it' }).getByRole('checkbox', { name: 'Everybody' }).uncheck();
  await check(admin, 'the window of rights');
  await window.getByRole('button', { name: 'Save' }).click();
  await expect(window).toBeHidden();
  await member.goto('/pages/rehearsals');
  await expect(member.getByText('This page cannot be shown.')).toBeVisible();
  await expect(member.getByRole('link', { name: 'Rehearsals' })).toHaveCount(0);
  // who is named may change it, and so look at it
  window = await choose();
  const update = window.getByRole('group', { name: 'Change it' });
  await update.getByRole('combobox', { name: 'People' }).fill('elsa');
  await admin.getByRole('option', { name: /elsa@/ }).click();
  // the list of people lies over the buttons until one goes on
  await window.getByText('Administrators always may both', { exact: false }).click();
  await window.getByRole('button', { name: 'Save' }).click();
  await expect(window).toBeHidden();
  await member.goto('/pages/rehearsals');
  await member.getByRole('button', { name: 'Edit' }).click();
  await expect(member.getByRole('button', { name: 'Add a widget' })).toBeVisible();
});

test('a session that is ended is thrown out at once, and comes back to where it was', async () => {
  await member.goto('/catalog/component');
  await expect(member.locator('tbody tr').first()).toBeVisible();
  await admin.goto(`/person?id=${elsa.email}`);
  await admin.getByRole('button', { name: 'End all…' }).click();
  await admin.getByRole('dialog').getByRole('button', { name: 'End all' }).click();
  await expect(admin.getByText('Signed in nowhere.')).toBeVisible();
  await expect(heading(member, 'Sign in')).toBeVisible();
  await expect(member).toHaveURL(/sign-in\?to=\/catalog\/component/);
  await signIn(member, { ...elsa, password: 'not the password at all' });
  await expect(member.getByRole('img', { name: 'error' })).toBeVisible();
  await expect(member.getByLabel('Password', { exact: true })).toHaveValue('');
  await signIn(member, elsa);
  await expect(member).toHaveURL(/\/catalog\/component$/);
  await expect(member.locator('tbody tr').first()).toBeVisible();
});

test('signing in leads to pages of this portal only', async ({ browser }) => {
  for (const to of ['https://example.com/', '//example.com/', '/\\example.com', '/%09/example.com', 'javascript:alert(1)']) {
    const page = await visitor(browser);
    await page.goto(`/sign-in?to=${encodeURIComponent(to)}`);
    await signIn(page, elsa);
    await expect(heading(page, /./)).toBeVisible();
    await expect.poll(() => page.url().startsWith(portal.url) && !page.url().includes('sign-in')).toBe(true);
    await page.context().close();
  }
});

test('the audit log tells all of it, with what was before and after', async () => {
  await admin.goto('/audit');
  const log = admin.getByRole('list', { name: 'Audit log' });
  await expect(log.getByRole('listitem').first()).toBeVisible();
  await admin.getByRole('combobox', { name: 'Kind of thing' }).or(admin.getByLabel('Kind of thing')).first().click();
  await admin.getByRole('option', { name: 'Secret', exact: true }).click();
  await expect(admin).toHaveURL(/kind=secret/);
  await expect(log.getByRole('listitem').filter({ hasText: 'registry' }).first()).toBeVisible();
  await log.getByRole('button').filter({ hasText: 'registry' }).first().click();
  await expect(admin.getByText('nobody is shown the content of a secret')).toBeVisible();
  await admin.goto(`/audit?identifier=${elsa.email}&kind=entity&action=update`);
  await log.getByRole('button').first().click();
  await expect(admin).toHaveURL(/open=/);
  const diff = admin.getByRole('region', { name: 'Before and after' });
  await expect(diff).toContainText('port_role');
  await admin.goto(`/audit?actor=${elsa.email}&status=failure`);
  await expect(log.getByRole('listitem').filter({ hasText: 'Only administrators may' }).or(log.getByText(/only administrators may/)).first()).toBeVisible();
  const download = admin.waitForEvent('download');
  await admin.getByRole('button', { name: 'CSV' }).click();
  expect((await download).suggestedFilename()).toBe('audit-log.csv');
});

for (const colorScheme of ['light', 'dark'] as const) {
  test(`axe finds nothing serious on the pages of people, and nothing scrolls sideways, ${colorScheme}`, async () => {
    test.setTimeout(90_000);
    await admin.emulateMedia({ colorScheme });
    await member.emulateMedia({ colorScheme });
    const pages = ['/people', '/people?invite=true', `/person?id=${elsa.email}`, '/teams', '/team?id=orders-team', '/service-accounts', '/secrets', '/audit', '/account'];
    for (const width of [1440, 390]) {
      for (const page of [admin, member]) await page.setViewportSize({ width, height: 900 });
      for (const path of pages) {
        await open(admin, path);
        expect(await sideways(admin), `${path} at ${width}`).toEqual([0, 0]);
        if (width === 1440) await check(admin, `${path} ${colorScheme}`);
      }
      await open(member, '/people');
      await check(member, `the member's people, ${width} ${colorScheme}`);
    }
    for (const page of [admin, member]) await page.setViewportSize({ width: 1440, height: 900 });
    await open(admin, '/audit?kind=entity');
    await admin.getByRole('list', { name: 'Audit log' }).getByRole('button').first().click();
    await check(admin, `an open line ${colorScheme}`);
    await open(admin, '/account');
    await admin.getByRole('button', { name: 'New token…' }).click();
    await expect(admin.getByRole('checkbox').first()).toBeVisible();
    await check(admin, `a new token ${colorScheme}`);
  });
}

test('signing out ends the session, in this browser and on the server', async () => {
  await member.goto('/account');
  const cookie = (await member.context().cookies()).find(({ name }) => name.includes('stagedoor'));
  expect(cookie?.httpOnly).toBe(true);
  expect(cookie?.sameSite).toBe('Lax');
  await member.getByRole('button', { name: 'Account: Elsa' }).click();
  await member.getByRole('menuitem', { name: 'Sign out' }).click();
  await expect(heading(member, 'Sign in')).toBeVisible();
  await check(member, 'sign in');
  const answer = await fetch(`${portal.url}/v1/blueprints/component/entities`, { headers: { cookie: `${cookie?.name}=${cookie?.value}` } });
  expect(answer.status).toBe(401);
  await member.goBack();
  await expect(heading(member, 'Sign in')).toBeVisible();
});

test('a link for a new password ends what the old one opened; the person changes it again, and is disabled', async () => {
  await admin.goto(`/person?id=${elsa.email}`);
  await admin.getByRole('button', { name: 'Link for a new password' }).click();
  const link = (await admin.getByRole('textbox', { name: `Link for ${elsa.email}` }).innerText()).trim();
  await admin.getByRole('button', { name: 'I have it' }).click();
  await member.goto(link);
  await expect(heading(member, 'Choose a new password')).toBeVisible();
  const second = 'another lamp for the cellar';
  await member.getByLabel('Password', { exact: true }).fill(second);
  await member.getByRole('button', { name: 'Set the password and sign in' }).click();
  await expect(heading(member, 'Larkfell Outfitters')).toBeVisible();

  await member.goto('/account');
  await member.getByLabel('Present password').fill(elsa.password);
  await member.getByLabel('New password').fill('a third one, long enough');
  await member.getByRole('button', { name: 'Change the password' }).click();
  await expect(member.getByRole('img', { name: 'error' })).toBeVisible();
  await member.getByLabel('Present password').fill(second);
  await member.getByRole('button', { name: 'Change the password' }).click();
  await expect(member.getByText('All other sessions have ended.')).toBeVisible();
  await expect(member.getByLabel('New password')).toHaveValue('');

  await admin.getByRole('button', { name: 'Disable…' }).click();
  await admin.getByRole('dialog').getByRole('button', { name: 'Disable' }).click();
  await expect(admin.getByText('Disabled')).toBeVisible();
  await expect(heading(member, 'Sign in'), 'thrown out at once').toBeVisible();
});

test('the last administrator stays one, and the portal says why', async () => {
  await admin.goto(`/person?id=${ada.email}`);
  await admin.getByRole('button', { name: 'Remove…' }).click();
  await admin.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
  await expect(admin.getByRole('dialog').getByText(/administrator/)).toBeVisible();
  await admin.keyboard.press('Escape');
});

test('the palette opens what one may do', async () => {
  await admin.goto('/');
  await expect(heading(admin, /./)).toBeVisible();
  await admin.keyboard.press('Control+k');
  await admin.keyboard.type('invite');
  await admin.getByRole('option', { name: 'Invite somebody' }).click();
  await expect(admin.getByRole('dialog', { name: 'Invite somebody' })).toBeVisible();
  await expect(admin).toHaveURL(/\/people\?invite=true$/);
});

test('no page had an error, under the content security policy of the server', () => {
  expect(errors).toEqual([]);
});
