import { entityPath, expect, test } from './support';

test('links lead to the target, and the target leads back', async ({ page, api }) => {
  const rows = await api.rows('component');
  const row = rows.find(({ relations }) => relations.system?.some(({ exists }) => exists));
  const target = row?.relations.system?.[0];
  if (!row || !target) throw new Error('a component of an existing system is needed');

  await page.goto(entityPath('component', row.identifier));
  await expect(page.getByRole('heading', { level: 1, name: row.title })).toBeVisible();
  await expect(page).toHaveTitle(new RegExp(`^${row.title} – `));
  const main = page.locator('#main');
  await main.getByRole('link', { name: target.title, exact: true }).first().click();
  await expect(page.getByRole('heading', { level: 1, name: target.title })).toBeVisible();

  const detail = await api.entity(target.blueprint, target.identifier);
  const group = detail.incoming.find(({ blueprint, relation }) => blueprint === 'component' && relation === 'system');
  expect(group?.total).toBe(rows.filter(({ relations }) => relations.system?.some(({ identifier }) => identifier === target.identifier)).length);
  const back = group?.links[0];
  if (!back) throw new Error('the system lists no component');
  await main.getByRole('link', { name: back.title, exact: true }).first().click();
  await expect(page.getByRole('heading', { level: 1, name: back.title })).toBeVisible();
});

test('lists relations in both directions and marks those that dangle', async ({ page, api }) => {
  const rows = await api.rows('component');
  const details = await Promise.all(rows.slice(0, 60).map(({ identifier }) => api.entity('component', identifier)));
  const withEdges = details.find(({ edges }) => edges.some(({ link }) => !link.exists)) ?? details.find(({ edges }) => edges.length > 0);
  if (!withEdges) throw new Error('a component with relations is needed');
  await page.goto(entityPath('component', withEdges.entity.identifier, '&tab=relations'));
  await expect(page.locator('tbody tr')).toHaveCount(withEdges.edges.length);
  const dangling = withEdges.edges.filter(({ link }) => !link.exists);
  await expect(page.getByRole('cell', { name: 'does not exist yet', exact: true })).toHaveCount(dangling.length);
  test.info().annotations.push({ type: 'dangling relations seen', description: String(dangling.length) });
});

test('the raw tab shows each form', async ({ page, api }) => {
  const [row] = await api.rows('component');
  if (!row) return;
  await page.goto(entityPath('component', row.identifier));
  await page.getByRole('tab', { name: 'Raw' }).click();
  await expect(page).toHaveURL(/tab=raw/);
  await expect(page.getByRole('region', { name: 'YAML' })).toContainText('kind: Component');
  await page.getByText('Port JSON').click();
  await expect(page.getByRole('region', { name: 'Port JSON' })).toContainText('"blueprint": "component"');
  await page.getByText('Backstage JSON').click();
  await expect(page.getByRole('region', { name: 'Backstage JSON' })).toContainText('"kind": "Component"');
});

test('the source tab says where the entity comes from', async ({ page, api }) => {
  const [row] = await api.rows('component');
  if (!row) return;
  const { source } = await api.entity('component', row.identifier);
  await page.goto(entityPath('component', row.identifier, '&tab=source'));
  await expect(page.getByRole('heading', { name: 'Where it comes from' })).toBeVisible();
  if (source?.file) await expect(page.locator('#main')).toContainText(source.file.split('/').at(-1) ?? '');
});

test('shows the definition of an API', async ({ page, api }) => {
  const rows = await api.rows('api');
  const row = rows.find(({ properties }) => typeof properties.definition === 'string' && properties.definition.length > 20);
  if (!row) throw new Error('an API with a definition is needed');
  await page.goto(entityPath('api', row.identifier));
  const block = page.getByRole('region', { name: 'Definition' });
  await expect(block).toBeVisible();
  await expect(block).toContainText(String(row.properties.definition).trim().split('\n')[0] ?? '');
});

test('shows a blueprint of one’s own like any other', async ({ page, api }) => {
  const [row] = await api.rows('database');
  if (!row) return;
  await page.goto(entityPath('database', row.identifier));
  await expect(page.getByRole('heading', { level: 1, name: row.title })).toBeVisible();
  await expect(page.getByRole('heading', { name: 'Properties' })).toBeVisible();
});

test('makes no link of anything but web and mail addresses', async ({ page, api }) => {
  for (const { identifier } of (await api.rows('component')).slice(0, 8)) {
    await page.goto(entityPath('component', identifier));
    await expect(page.getByRole('heading', { name: 'Properties' })).toBeVisible();
    const hrefs = await page.locator('a[href]').evaluateAll((links) => links.map((link) => (link as HTMLAnchorElement).protocol));
    expect(hrefs.length).toBeGreaterThan(0);
    expect(hrefs.filter((protocol) => !['http:', 'https:', 'mailto:'].includes(protocol))).toEqual([]);
  }
});

test.describe('a missing entity', () => {
  test.use({ allowErrors: /404/ });
  test('says so', async ({ page }) => {
    await page.goto(entityPath('component', 'component:default/there-is-no-such-thing'));
    await expect(page.getByText('This entity does not exist.')).toBeVisible();
  });
});
