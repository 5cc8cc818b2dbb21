#!/usr/bin/env node
// Figures of the web UI over the portal at STAGEDOOR_URL: `STAGEDOOR_URL=http://127.0.0.1:7007 scripts/measure-ui.mjs`.
//
// Prints the first contentful paint, how long changes of page take, how long the palette takes to answer, and what the
// first screen loads. Run it over a large catalog (`bench generate 100000 FOLDER`); medians of several rounds.
import { createRequire } from 'node:module';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { root } from '../tests/clients/portal.mjs';

const { chromium } = createRequire(path.join(root, 'ui/package.json'))('@playwright/test');
const base = process.env.STAGEDOOR_URL;
if (!base) throw new Error('STAGEDOOR_URL names no server');
const rounds = Number(process.env.ROUNDS ?? 5);

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
const told = (values) => `${Math.round(median(values))} ms (${values.map((value) => Math.round(value)).join(', ')})`;

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM_PATH, args: ['--no-sandbox', '--disable-gpu'] });
const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });

/** When the first text or picture was painted, awaited: a headless browser may report it late. */
const firstPaint = () =>
  new Promise((resolve) => {
    const observer = new PerformanceObserver((list) => {
      const [entry] = list.getEntriesByName('first-contentful-paint');
      if (entry) resolve(entry.startTime);
    });
    observer.observe({ type: 'paint', buffered: true });
    setTimeout(() => resolve(NaN), 5_000);
  });

// each in a profile of its own, so with nothing cached; the first only starts the browser's processes
const paints = [];
const contents = [];
for (let i = 0; i <= rounds; i++) {
  const fresh = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const page = await fresh.newPage();
  await page.goto('about:blank');
  await page.goto(`${base}/`);
  const paint = await page.evaluate(firstPaint);
  await page.getByRole('heading', { level: 1 }).first().waitFor();
  const content = await page.evaluate(() => performance.now());
  if (i > 0) {
    paints.push(paint);
    contents.push(content);
  }
  await fresh.close();
}
console.log(`first contentful paint of /: ${told(paints)}`);
console.log(`until its content is there: ${told(contents)}`);

const page = await context.newPage();
let script = 0;
page.on('response', async (response) => {
  // what comes after it may be navigated away from
  const body = response.url().endsWith('.js') ? await response.body().catch(() => undefined) : undefined;
  if (body) script += gzipSync(body).length;
});
await page.goto(`${base}/`);
await page.getByRole('heading', { level: 1 }).first().waitFor();
await page.waitForTimeout(500);
console.log(`script of the first screen: ${Math.round(script / 1024)} KB packed`);

const model = await (await page.request.get(`${base}/api/stagedoor/v1/blueprints`)).json();
const total = model.blueprints.reduce((sum, { count }) => sum + count, 0);
const [largest] = [...model.blueprints].sort((a, b) => b.count - a.count);
console.log(`entities: ${total}, the largest blueprint is ${largest.identifier} with ${largest.count}`);

/** From the click to the frame that shows what the page is for. */
async function change(from, to, link, ready) {
  const times = [];
  for (let i = 0; i <= rounds; i++) {
    await page.goto(base + from);
    await page.getByRole('heading', { level: 1 }).first().waitFor();
    await page.waitForTimeout(300);
    times.push(
      await page.evaluate(
        ([selector, wanted]) =>
          new Promise((resolve) => {
            const begun = performance.now();
            document.querySelector(selector)?.click();
            const look = () => (document.querySelector(wanted) ? resolve(performance.now() - begun) : requestAnimationFrame(look));
            requestAnimationFrame(look);
          }),
        [link, ready],
      ),
    );
  }
  // the first one loads parts of the program that the others have
  console.log(`${from} to ${to}: ${told(times.slice(1))}, the first time ${Math.round(times[0])} ms`);
}

const catalog = `/catalog/${largest.identifier}`;
await change('/', catalog, `nav a[href="${catalog}"]`, '#main tbody tr a[href]');
await change(catalog, 'an entity', '#main tbody tr a[href]', '#main h1 + *, #main [role=tab]');
await change(catalog, '/', 'nav a[href="/"]', '#main section ul[aria-label="Recently changed"]');
await change('/', '/sources', 'nav a[href="/sources"]', '#main table tbody tr, #main section');

// An action that writes into the catalog itself: what is measured is the portal, not somebody's back end.
const api = async (method, path, data) => (await page.request.fetch(base + path, { method, data })).ok();
const made = await api('POST', '/v1/blueprints', { identifier: 'measured', title: 'Measured', schema: { properties: {} } });
const write = { identifier: 'measured_run', title: 'Measured run', trigger: { type: 'self-service', operation: 'CREATE', userInputs: { properties: {} } }, invocationMethod: { type: 'UPSERT_ENTITY', blueprintIdentifier: 'measured', mapping: { identifier: '{{ .run.id }}' } } };
if (made && (await api('POST', '/v1/actions', write))) {
  const lines = { accepted: [], said: [] };
  for (let i = 0; i <= rounds; i++) {
    await page.goto(`${base}/self-service/action/measured_run`);
    await page.getByRole('button', { name: 'Run', exact: true }).waitFor();
    await page.waitForTimeout(300);
    const [accepted, said] = await page.evaluate(
      () =>
        new Promise((resolve) => {
          const begun = performance.now();
          const found = [];
          [...document.querySelectorAll('button')].find(({ textContent }) => textContent === 'Run')?.click();
          const look = () => {
            // the first line is that of the portal, which has accepted it; the second is the first that the run says
            const there = document.querySelectorAll('[role=log] time').length;
            while (found.length < Math.min(there, 2)) found.push(performance.now() - begun);
            if (found.length === 2) resolve(found);
            else requestAnimationFrame(look);
          };
          requestAnimationFrame(look);
        }),
    );
    lines.accepted.push(accepted);
    lines.said.push(said);
  }
  console.log(`click to the first line of a run's log: ${told(lines.accepted.slice(1))}, the first time ${Math.round(lines.accepted[0])} ms`);
  console.log(`click to the first line that the run says: ${told(lines.said.slice(1))}, the first time ${Math.round(lines.said[0])} ms`);
  await api('DELETE', '/v1/actions/measured_run');
  await api('DELETE', '/v1/blueprints/measured/all-entities?delete_blueprint=true');
}

const typed = [];
for (const text of ['serv', 'paymnets', 'team-1', 'gatway', 'zzzzzz']) {
  const begun = performance.now();
  await page.request.get(`${base}/api/stagedoor/v1/suggest?q=${text}`);
  typed.push(performance.now() - begun);
}
console.log(`suggest, over HTTP: ${told(typed)}`);
await browser.close();
