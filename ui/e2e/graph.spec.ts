import type { Page } from '@playwright/test';
import { check, entityPath, expect, open, test } from './support';

const start = 'component:default/orders-service';
const path = (more = '') => `/graph?entity=${start}${more}`;

/** Frames per second for two seconds. Printed, never judged: the machine may have other things to do. */
const framesOf = (page: Page) =>
  page.evaluate(
    () =>
      new Promise<number>((resolve) => {
        let drawn = 0;
        const first = performance.now();
        const tick = () => {
          drawn += 1;
          if (performance.now() - first < 2000) requestAnimationFrame(tick);
          else resolve((drawn * 1000) / (performance.now() - first));
        };
        requestAnimationFrame(tick);
      }),
  );

async function empty(page: Page): Promise<number> {
  await page.goto('about:blank');
  return framesOf(page);
}

test('draws exactly what the server answers, and says what is hidden', async ({ page, request }) => {
  const answer = await (await request.get('/api/stagedoor/v1/graph', { params: { ref: start, depth: 2, hub: 40 } })).json();
  expect(answer.nodes.length).toBeGreaterThan(10);
  expect(answer.beyond).toBeGreaterThan(0);
  await open(page, path());
  const counts = page.getByTestId('graph-counts');
  await expect(counts).toHaveAttribute('data-nodes', String(answer.nodes.length));
  await expect(counts).toHaveAttribute('data-edges', String(answer.edges.length));
  await expect(counts).toContainText(`${answer.beyond} more hidden one step away`);
  // something is painted
  const canvas = page.getByRole('img', { name: /drawn/ });
  await expect(canvas).toBeVisible();
  await expect
    .poll(() =>
      canvas.evaluate((element) => {
        const { width, height } = element as HTMLCanvasElement;
        const pixels = (element as HTMLCanvasElement).getContext('2d')?.getImageData(0, 0, width, height).data ?? [];
        let painted = 0;
        for (let i = 3; i < pixels.length; i += 4) painted += (pixels[i] ?? 0) > 0 ? 1 : 0;
        return painted;
      }),
    )
    .toBeGreaterThan(2000);
});

test('depth, direction, blueprints and relations are in the address', async ({ page }) => {
  await open(page, path('&depth=1&direction=out'));
  const counts = page.getByTestId('graph-counts');
  const nodes = async () => Number(await counts.getAttribute('data-nodes'));
  const few = await nodes();
  expect(few).toBeGreaterThan(1);
  await page.getByText('Both ways').click();
  await expect(page).not.toHaveURL(/direction/);
  await expect.poll(nodes).toBeGreaterThan(few);
  const all = await nodes();
  await page.getByRole('list', { name: 'Blueprints' }).getByRole('button', { name: /^API/ }).click();
  await expect(page).toHaveURL(/hide=api/);
  await expect.poll(nodes).toBeLessThan(all);
  await page.reload();
  await expect.poll(nodes).toBeLessThan(all);
  await page.getByRole('list', { name: 'Blueprints' }).getByRole('button', { name: /^API left out/ }).click();
  await expect.poll(nodes).toBe(all);
  await page.getByRole('list', { name: 'Relations' }).getByRole('button', { name: /^Owning group/ }).click();
  await expect(page).toHaveURL(/without=owningGroup/);
  await expect.poll(nodes).toBeLessThan(all);
});

test('the list has the same nodes, opens what is hidden and closes it again', async ({ page }) => {
  await open(page, path('&depth=1&view=list'));
  const list = page.getByRole('region', { name: 'Graph as a list' });
  const counts = page.getByTestId('graph-counts');
  const before = Number(await counts.getAttribute('data-nodes'));
  await expect(list.locator('tbody tr')).toHaveCount(before);
  await list.getByRole('button', { name: /^Show \d+ hidden around Checkout/ }).click();
  await expect(page).toHaveURL(/expand=system:default\/checkout/);
  await expect.poll(async () => Number(await counts.getAttribute('data-nodes'))).toBeGreaterThan(before);
  await page.getByRole('button', { name: 'As it was' }).click();
  await expect(counts).toHaveAttribute('data-nodes', String(before));
  await check(page, 'the graph as a list');
});

test('finds a node, and a click on it tells about it', async ({ page }) => {
  await open(page, path('&depth=2&focus=system:default/checkout'));
  const panel = page.getByRole('region', { name: 'Checkout' });
  await expect(panel).toContainText('system:default/checkout');
  await panel.getByRole('link', { name: 'Checkout', exact: true }).focus();
  await page.getByRole('searchbox', { name: 'Find in the graph' }).fill('checkout');
  await expect(page.getByTestId('graph-counts')).toContainText('found');
  await page.getByRole('button', { name: 'Zoom in' }).click();
  await page.getByRole('img', { name: /drawn/ }).press('0');
  await panel.getByRole('link', { name: 'Graph from here' }).click();
  await expect(page).toHaveURL(/entity=system:default\/checkout/);
});

test('the tab of an entity draws the same', async ({ page }) => {
  await open(page, entityPath('component', start, '&tab=graph'));
  const nodes = page.getByTestId('graph-counts');
  await expect(nodes).toBeVisible();
  expect(Number(await nodes.getAttribute('data-nodes'))).toBeGreaterThan(10);
});

for (const scheme of ['light', 'dark'] as const) {
  test(`axe finds nothing serious in ${scheme}`, async ({ page }) => {
    await page.emulateMedia({ colorScheme: scheme });
    await open(page, path('&focus=system:default/checkout'));
    await expect(page.getByTestId('graph-counts')).toBeVisible();
    await check(page, `the graph in ${scheme}`);
  });
}

test('thousands of nodes stay interactive', async ({ page, request }) => {
  test.slow();
  // two thousand that depend on each other, of which nobody else knows
  const n = 2000;
  const documents = Array.from({ length: n }, (_, i) => ({
    apiVersion: 'backstage.io/v1alpha1',
    kind: 'Component',
    metadata: { name: `many-${i}` },
    spec: { type: 'service', lifecycle: 'experimental', owner: `many-team-${i % 40}`, dependsOn: i === 0 ? [] : [`component:many-${Math.floor((i - 1) / 3)}`, `component:many-${(i * 7) % n}`] },
  }));
  for (let at = 0; at < n; at += 500) {
    const data = documents.slice(at, at + 500).map((document) => JSON.stringify(document)).join('\n---\n');
    const answer = await request.post('/api/stagedoor/v1/documents', { data, headers: { 'content-type': 'application/yaml' } });
    expect(answer.status(), await answer.text()).toBe(200);
  }
  try {
    await open(page, '/graph?entity=component:default/many-0&depth=10&limit=2000&layout=force');
    const counts = page.getByTestId('graph-counts');
    await expect(counts).toHaveAttribute('data-nodes', '2000', { timeout: 15_000 });
    await expect(page.getByText('working…')).toHaveCount(0, { timeout: 20_000 });
    const canvas = page.getByRole('img', { name: /drawn/ });
    const box = await canvas.boundingBox();
    if (!box) throw new Error('the canvas has no place');
    const frames = framesOf(page);
    await page.mouse.move(box.x + 200, box.y + 200);
    await page.mouse.down();
    for (let i = 0; i < 60; i++) await page.mouse.move(box.x + 200 + i * 4, box.y + 200 + i * 2);
    await page.mouse.up();
    for (let i = 0; i < 20; i++) await page.mouse.wheel(0, i % 2 === 0 ? -120 : 100);
    const text = `${(await frames).toFixed(1)} frames per second while 2,000 nodes are moved and zoomed; ${(await empty(page)).toFixed(1)} on an empty page`;
    console.log(text);
    test.info().annotations.push({ type: 'frames', description: text });
  } finally {
    await page.goto('about:blank');
    for (let at = 0; at < n; at += 100) {
      const entities = Array.from({ length: 100 }, (_, i) => `component:default/many-${at + i}`);
      await request.post('/v1/blueprints/component/bulk/entities/delete', { data: { entities } });
    }
  }
});
