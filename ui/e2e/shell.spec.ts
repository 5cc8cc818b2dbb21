import { allPages, check, expect, open, sideways, test, titles } from './support';

test('the start page counts every blueprint', async ({ page, api }) => {
  const { blueprints } = await api.model();
  const filled = blueprints.filter(({ count }) => count > 0);
  expect(filled.length).toBeGreaterThan(3);
  await page.goto('/');
  for (const { title, count } of filled) {
    await expect(page.locator('#main').getByRole('link', { name: `${title} ${count.toLocaleString('en')}`, exact: true })).toBeVisible();
  }
  await expect(page.getByText('Local mode: everyone is administrator')).toBeVisible();
});

test('Ctrl+K reaches entities, blueprints and pages by keyboard alone', async ({ page, api }) => {
  const rows = await api.rows('component');
  const row = rows.at(-1);
  if (!row) return;
  await page.goto('/');
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  await page.keyboard.press('Control+k');
  const input = page.getByRole('combobox', { name: 'Find entities, blueprints and pages' });
  await expect(input).toBeFocused();
  await page.keyboard.type(row.title);
  const hit = page.getByRole('option', { name: new RegExp(`^${row.title}.*Component$`) }).first();
  await expect(hit).toBeVisible();
  for (let i = 0; i < 20 && (await hit.getAttribute('aria-selected')) !== 'true'; i++) await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { level: 1, name: row.title })).toBeVisible();

  await page.keyboard.press('Control+k');
  await expect(input).toBeFocused();
  await page.keyboard.type('data mod');
  await expect(page.getByRole('option', { name: 'Data model', selected: true })).toBeVisible();
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/model$/);
});

test.describe('the theme', () => {
  test.use({ allowErrors: /ERR_FAILED/ });
  test('is switched, kept, and set before the first paint', async ({ page }) => {
    await page.emulateMedia({ colorScheme: 'light' });
    await page.goto('/');
    const scheme = () => page.locator('html').getAttribute('data-mantine-color-scheme');
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
    expect(await scheme()).toBe('light');
    await page.getByRole('button', { name: /^Theme/ }).click();
    await page.getByRole('menuitem', { name: 'Dark' }).click();
    await expect.poll(scheme).toBe('dark');
    // the program itself is held back: the small script alone must have set the theme
    await page.route('**/assets/*.js', (route) => route.abort());
    await page.goto('/', { waitUntil: 'commit' });
    await expect.poll(scheme).toBe('dark');
    await page.unroute('**/assets/*.js');
    await page.goto('/');
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
    expect(await scheme()).toBe('dark');
  });
});

test('in local mode nobody is asked to sign in, and the user menu says so', async ({ page }) => {
  await page.goto('/sign-in?to=/model');
  await expect(page).toHaveURL(/\/model$/);
  await page.getByRole('button', { name: 'Account: Local mode' }).click();
  await expect(page.getByText('nobody signs in, and everyone who can reach it is administrator')).toBeVisible();
  await expect(page.getByRole('menuitem', { name: 'Sign out' })).toHaveCount(0);
});

test('the skip link leads past the navigation', async ({ page }) => {
  await page.goto('/');
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  await page.keyboard.press('Tab');
  await expect(page.getByRole('link', { name: 'Skip to the content' })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.locator('#main')).toBeFocused();
});

test('every page has a title of its own and answers a reload', async ({ page, api }) => {
  const seen = new Set<string>();
  for (const path of ['/', '/catalog/component', '/model', '/sources', '/documents']) {
    await page.goto(path);
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
    seen.add(await page.title());
  }
  expect(seen.size).toBe(5);
  expect([...seen].every((title) => title.length > 0)).toBe(true);
  await api.rows('component');
});

test('nothing scrolls sideways at 390 px, and the navigation folds away', async ({ page, api }) => {
  test.setTimeout(90_000);
  await page.setViewportSize({ width: 390, height: 844 });
  for (const path of await allPages(api)) {
    await page.goto(path);
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
    expect(await sideways(page), path).toEqual([0, 0]);
  }
  const nav = page.getByRole('navigation', { name: 'Main' });
  await expect(nav.getByRole('link', { name: 'Home' })).not.toBeInViewport();
  await page.getByRole('button', { name: 'Open navigation' }).click();
  await nav.getByRole('link', { name: /^Component/ }).click();
  await expect(page).toHaveURL(/\/catalog\/component/);
  await expect(nav.getByRole('link', { name: 'Home' })).not.toBeInViewport();
  expect((await titles(page)).length).toBeGreaterThan(0);
});

test.describe('the keyboard', () => {
  test('opens help made of what it does, and goes places by two keys', async ({ page }) => {
    await open(page, '/');
    await page.keyboard.press('?');
    const help = page.getByRole('dialog', { name: 'Keyboard' });
    await expect(help.getByRole('region', { name: 'Go to' })).toContainText('Data model');
    await check(page, 'help');
    const keys = await help.locator('dt').count();
    expect(keys).toBeGreaterThan(8);
    await page.keyboard.press('Escape');
    await expect(help).toHaveCount(0);
    await page.keyboard.press('g');
    await page.keyboard.press('m');
    await expect(page).toHaveURL(/\/model$/);
    await page.keyboard.press('g');
    await page.keyboard.press('c');
    await expect(page).toHaveURL(/\/catalog\//);
    // the keyboard stands at the beginning of the page, and its title is told
    await expect(page.locator('#main')).toBeFocused();
    await expect(page.locator('[aria-live=polite]').filter({ hasText: await page.title() })).toHaveCount(1);
  });

  test('walks through rows, and leaves fields alone', async ({ page, api }) => {
    const rows = await api.rows('component');
    await open(page, '/catalog/component');
    await titles(page);
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    await page.keyboard.press('k');
    await expect(page.locator(':focus')).toHaveText(rows[0]?.title ?? '');
    await page.keyboard.press('/');
    const field = page.locator('#main').getByRole('textbox', { name: /^Query/ });
    await expect(field).toBeFocused();
    await page.keyboard.type('g?j');
    await expect(field).toContainText('g?j');
    await expect(page.getByRole('dialog')).toHaveCount(0);
  });

  test('is turned off in the account, but for Ctrl+K', async ({ page }) => {
    await open(page, '/account');
    await page.getByRole('switch', { name: 'Single keys do something' }).uncheck();
    await page.getByRole('heading', { level: 1 }).click();
    await page.keyboard.press('?');
    await page.keyboard.press('g');
    await page.keyboard.press('m');
    await expect(page).toHaveURL(/\/account$/);
    await expect(page.getByRole('dialog')).toHaveCount(0);
    await page.keyboard.press('Control+k');
    await expect(page.getByRole('combobox')).toBeFocused();
  });
});

test('the palette forgives slips, and does things', async ({ page, api }) => {
  const [row] = (await api.rows('component')).filter(({ title }) => /^[a-z]{6,}/i.test(title));
  if (!row) throw new Error('no component with a long name');
  await open(page, '/');
  await page.keyboard.press('Control+k');
  const swapped = row.title.slice(0, 2) + row.title[3] + row.title[2] + row.title.slice(4);
  await page.keyboard.type(swapped);
  await expect(page.getByRole('option').filter({ hasText: row.title }).first()).toBeVisible();
  await page.getByRole('combobox').fill('swtich theme');
  await expect(page.getByRole('option', { name: /^Switch to the (dark|light) theme/ })).toBeVisible();
  await page.getByRole('combobox').fill('regster a location');
  await expect(page.getByRole('option', { name: 'Register a location', selected: true })).toBeVisible();
});

test('an address of nothing says what may have been meant', async ({ page }) => {
  await open(page, '/catlog/componet');
  await expect(page.getByText('There is no page at this address.')).toBeVisible();
  await page.getByRole('list', { name: 'Suggestions' }).getByRole('link', { name: 'Component', exact: true }).click();
  await expect(page).toHaveURL(/\/catalog\/component/);
});

test('a section of the navigation stays closed', async ({ page }) => {
  await open(page, '/');
  const nav = page.getByRole('navigation', { name: 'Main' });
  await nav.getByRole('button', { name: 'Administration' }).click();
  await expect(nav.getByRole('link', { name: 'Audit log' })).toHaveCount(0);
  await page.reload();
  await expect(nav.getByRole('button', { name: /^Administration/ })).toHaveAttribute('aria-expanded', 'false');
  await nav.getByRole('button', { name: /^Administration/ }).click();
  await expect(nav.getByRole('link', { name: 'Audit log' })).toBeVisible();
});

test.describe('without a server that answers', () => {
  test.use({ allowErrors: /401|ERR_CONNECTION_REFUSED/ });
  const session = '**/api/stagedoor/v1/session*';

  test('leads whoever is not signed in to the sign-in page', async ({ page }) => {
    await page.route(session, (route) => route.fulfill({ json: { viewer: null, setup: false, devMode: false, title: 'Portal', organization: { name: null, title: 'Portal' }, may: {} } }));
    await page.goto('/catalog/component?q=x');
    await expect(page.getByRole('heading', { level: 1, name: 'Sign in' })).toBeVisible();
    await expect(page).toHaveURL(/sign-in\?to=\/catalog\/component%3Fq%3Dx$/);
  });

  test('says so, and recovers', async ({ page }) => {
    await page.route(session, (route) => route.abort('connectionrefused'));
    await page.goto('/');
    await expect(page.getByText('The server does not answer')).toBeVisible();
    await page.unroute(session);
    await page.getByRole('button', { name: 'Try again' }).click();
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  });
});
