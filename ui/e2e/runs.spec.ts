import type { BrowserContext, Page } from '@playwright/test';
import { ask, join, visitor, type Person } from './people';
import { binary, Portal } from './portal';
import { Sink } from './sink';
import { check, expect, open, sideways, test } from './support';

// One story over one portal: two people, an action that calls a webhook, and one that has to be approved.
test.describe.configure({ mode: 'serial' });
test.skip(binary() === null, 'needs a built server');

const ada: Person = { email: 'ada@larkfell.example', password: 'paper kettle under the stairs', firstName: 'Ada' };
const elsa: Person = { email: 'elsa@larkfell.example', password: 'seven quiet boats at noon', firstName: 'Elsa' };

const portal = new Portal({ env: { STAGEDOOR_OUTBOUND_ALLOW: '127.0.0.1' } });
const sink = new Sink();
const contexts: BrowserContext[] = [];
const errors: string[] = [];
let admin: Page;
let member: Page;

const webhook = (path: string) => ({ type: 'WEBHOOK', url: `${sink.url}${path}`, body: { inputs: '{{ .inputs }}', run: '{{ .run.id }}' } });
const scale = {
  identifier: 'scale_service',
  title: 'Scale a service',
  description: 'Sets how many replicas run.',
  trigger: {
    type: 'self-service',
    operation: 'DAY-2',
    blueprintIdentifier: 'component',
    userInputs: {
      properties: {
        replicas: { type: 'number', title: 'Replicas', minimum: 1, maximum: 20 },
        environment: { type: 'string', title: 'Environment', enum: ['staging', 'production'], default: 'staging' },
        window: { type: 'string', title: 'Window', visible: { jqQuery: '.form.environment == "production"' } },
      },
      required: ['replicas'],
      order: ['replicas', 'environment', 'window'],
    },
  },
};

const status = (page: Page, words: string) => page.locator('header').filter({ has: page.getByRole('heading', { level: 1 }) }).getByText(words, { exact: true });
const runOf = (page: Page) => new URL(page.url()).pathname.split('/').at(-1) ?? '';

test.beforeAll(async ({ browser }) => {
  test.setTimeout(60_000);
  await sink.start();
  await portal.start();
  for (const set of [(page: Page) => (admin = page), (page: Page) => (member = page)]) {
    const { context, page } = await visitor(browser, portal, errors);
    contexts.push(context);
    set(page);
  }
  await join(admin, await portal.setupLink(), ada);
  const { link } = await ask<{ link: string }>(admin, 'POST', '/api/stagedoor/v1/invitations', { email: elsa.email, role: 'Member' });
  await join(member, link, elsa);
  await ask(admin, 'POST', '/v1/actions', { ...scale, invocationMethod: webhook('/scale') });
  await ask(admin, 'POST', '/v1/actions', { ...scale, identifier: 'scale_far', title: 'Scale it far', requiredApproval: true, invocationMethod: webhook('/far') });
  await ask(admin, 'POST', '/v1/actions', { ...scale, identifier: 'scale_slow', title: 'Scale it slowly', invocationMethod: webhook('/slow') });
});

test.afterAll(async () => {
  for (const context of contexts) await context.close();
  await portal.stop();
  sink.stop();
});

test.afterEach(() => {
  expect(errors.splice(0), 'errors in the console').toEqual([]);
});

test('an action is found on the page of an entity, filled in, and watched as it runs', async () => {
  const { entities } = await ask<{ entities: { identifier: string; title: string }[] }>(member, 'GET', '/v1/blueprints/component/entities');
  const [component] = entities;
  if (!component) throw new Error('there is no component');
  await open(member, `/entity/component?id=${encodeURIComponent(component.identifier)}`);
  await member.getByRole('button', { name: 'Actions', exact: true }).click();
  await member.getByRole('menuitem', { name: 'Scale a service' }).click();
  await expect(member.getByRole('heading', { level: 1, name: 'Scale a service' })).toBeVisible();

  // what is missing and what is wrong stands at the field, and the server was not asked to run anything
  await member.getByRole('button', { name: 'Run', exact: true }).click();
  await expect(member.getByText('This has to be filled in.')).toBeVisible();
  await expect(member.getByRole('textbox', { name: 'Replicas' })).toBeFocused();
  await member.getByRole('textbox', { name: 'Replicas' }).fill('40');
  await expect(member.getByText('At most 20.')).toBeVisible();
  await member.getByRole('textbox', { name: 'Replicas' }).fill('4');
  await expect(member.getByText('At most 20.')).toHaveCount(0);
  expect(sink.got).toEqual([]);

  // a field that the form works out from another one
  await expect(member.getByRole('combobox', { name: 'Environment' })).toHaveValue('staging');
  await expect(member.getByRole('textbox', { name: 'Window' })).toHaveCount(0);
  await member.getByRole('combobox', { name: 'Environment' }).click();
  await member.getByRole('option', { name: 'production' }).click();
  await member.getByRole('textbox', { name: 'Window' }).fill('tonight');
  await check(member, 'form of an action');

  await member.getByRole('button', { name: 'Run', exact: true }).click();
  await expect(member).toHaveURL(/\/runs\/r_/);
  await expect(status(member, 'In progress')).toBeVisible();
  await expect.poll(() => sink.got.length).toBe(1);
  const run = runOf(member);
  expect(sink.got[0]).toMatchObject({ path: '/scale', body: { run, inputs: { replicas: 4, environment: 'production', window: 'tonight' } } });

  // what the back end reports shows at once
  await ask(admin, 'POST', `/v1/actions/runs/${run}/logs`, { message: 'Four replicas are coming up' });
  await expect(member.getByRole('log')).toContainText('Four replicas are coming up');
  await member.getByRole('searchbox', { name: 'Find in the log' }).fill('nothing says this');
  await expect(member.getByRole('log')).toContainText('No line matches.');
  await member.getByRole('searchbox', { name: 'Find in the log' }).fill('four');
  await expect(member.getByRole('log')).toContainText('Four replicas are coming up');
  await ask(admin, 'PATCH', `/v1/actions/runs/${run}`, { status: 'SUCCESS', link: 'https://ci.example.com/jobs/7', summary: 'All **four** are there.' });
  await expect(status(member, 'Succeeded')).toBeVisible();
  await expect(member.getByRole('link', { name: /ci\.example\.com/ })).toBeVisible();
  await expect(member.getByText('All four are there.')).toBeVisible();
  await check(member, 'run');

  // and it is listed where one looks for it
  await open(member, `/entity/component?id=${encodeURIComponent(component.identifier)}&tab=runs`);
  await expect(member.getByRole('region', { name: 'Runs' }).getByRole('link', { name: 'Scale a service' })).toBeVisible();
  await check(member, 'runs of an entity');
});

test('who asked for it cannot approve it; somebody else can, with words', async () => {
  const properties = encodeURIComponent('{"replicas":20}');
  await open(member, `/self-service/action/scale_far?properties=${properties}`);
  await expect(member.getByRole('textbox', { name: 'Replicas' })).toHaveValue('20');
  await member.getByRole('combobox', { name: 'Component' }).click();
  await member.getByRole('option').first().click();
  await member.getByRole('button', { name: 'Ask for approval' }).click();
  await expect(status(member, 'Waiting for approval')).toBeVisible();
  await expect(member.getByRole('region', { name: 'Approval' })).toBeVisible();
  await expect(member.getByRole('button', { name: 'Approve' })).toHaveCount(0);
  const run = runOf(member);
  expect(sink.got.filter(({ path }) => path === '/far')).toEqual([]);

  await open(admin, '/approvals');
  await expect(admin.getByRole('region', { name: 'Waiting for you' }).getByRole('link', { name: 'Scale it far' })).toBeVisible();
  await expect(admin.getByRole('link', { name: /^Approvals 1 waiting/ })).toBeVisible();
  await check(admin, 'approvals');
  await admin.getByRole('region', { name: 'Waiting for you' }).getByRole('link', { name: 'Scale it far' }).click();
  await expect(admin.getByText('This run waits for you')).toBeVisible();
  await check(admin, 'approval');
  await admin.getByLabel('Words for whoever asked').fill('For tonight only');
  await admin.getByRole('button', { name: 'Approve' }).click();
  await expect(status(admin, 'In progress')).toBeVisible();
  await expect.poll(() => sink.got.filter(({ path }) => path === '/far').length).toBe(1);
  await expect(member.getByText('For tonight only')).toBeVisible();
  await expect(status(member, 'In progress')).toBeVisible();
  expect(sink.got.at(-1)?.body).toMatchObject({ run, inputs: { replicas: 20 } });
});

test('a run is cancelled, and begun again', async () => {
  const { entities } = await ask<{ entities: { identifier: string }[] }>(member, 'GET', '/v1/blueprints/component/entities');
  const entity = encodeURIComponent(entities[0]?.identifier ?? '');
  await open(member, `/self-service/action/scale_slow?entity=${entity}&properties=${encodeURIComponent('{"replicas":2}')}`);
  await member.getByRole('button', { name: 'Run', exact: true }).click();
  await expect(status(member, 'In progress')).toBeVisible();
  const first = runOf(member);
  await expect.poll(() => sink.got.filter(({ path }) => path === '/slow').length).toBe(1);
  await member.getByRole('button', { name: 'Cancel', exact: true }).click();
  await member.getByRole('button', { name: 'Cancel the run' }).click();
  await expect(status(member, 'Cancelled')).toBeVisible();
  await member.getByRole('button', { name: 'Run again' }).click();
  await expect(status(member, 'In progress')).toBeVisible();
  expect(runOf(member)).not.toBe(first);
  await expect(member.getByRole('link', { name: 'repeats an earlier run' })).toBeVisible();
  await expect.poll(() => sink.got.filter(({ path }) => path === '/slow').length).toBe(2);

  // with other inputs: the form holds those of the run
  await member.getByRole('button', { name: 'More actions' }).click();
  await member.getByRole('menuitem', { name: 'Run with other inputs…' }).click();
  await expect(member.getByRole('textbox', { name: 'Replicas' })).toHaveValue('2');
});

test('the list of runs is narrowed down in its address', async () => {
  await open(member, '/runs');
  const list = member.getByRole('region', { name: 'Runs' });
  await expect(list.locator('tbody tr')).toHaveCount(4);
  await member.getByRole('combobox', { name: 'Status' }).click();
  await member.getByRole('option', { name: 'Cancelled' }).click();
  await expect(list.locator('tbody tr')).toHaveCount(1);
  await expect(member).toHaveURL(/status=CANCELLED/);
  await open(member, '/runs?q=far');
  await expect(list.locator('tbody tr')).toHaveCount(1);
  await expect(list.getByRole('link', { name: 'Scale it far' })).toBeVisible();
  await open(member, '/runs?q=nothing-is-called-this');
  await expect(member.getByText('No run matches.')).toBeVisible();
  await check(member, 'runs');
});

test('what a person may not see is not there', async () => {
  await ask(admin, 'POST', '/v1/actions', { ...scale, identifier: 'quiet', title: 'Quietly', allowAnyoneToViewRuns: false, invocationMethod: webhook('/quiet') });
  const { entities } = await ask<{ entities: { identifier: string }[] }>(admin, 'GET', '/v1/blueprints/component/entities');
  const { run } = await ask<{ run: { id: string } }>(admin, 'POST', '/v1/actions/quiet/runs', { properties: { replicas: 1 }, entity: entities[0]?.identifier });
  await open(admin, `/runs/${run.id}`);
  await expect(admin.getByRole('heading', { level: 1, name: 'Quietly' })).toBeVisible();
  await member.goto(`/runs/${run.id}`);
  await expect(member.getByText('There is nothing here')).toBeVisible();
  errors.splice(0);
});

test('the pages fit a phone, and ask for little', async () => {
  await open(member, '/runs');
  const href = await member.getByRole('region', { name: 'Runs' }).locator('tbody a').first().getAttribute('href');
  const paths = ['/runs', '/approvals', '/self-service', href ?? '', '/self-service/action/scale_service'];
  await member.setViewportSize({ width: 390, height: 844 });
  for (const path of paths) {
    const asked: string[] = [];
    const note = (request: { url: () => string }) => {
      const { pathname } = new URL(request.url());
      if (/^\/(api|v1)\//.test(pathname) && !/\/(changes|viewed|events)$/.test(pathname)) asked.push(pathname);
    };
    member.on('request', note);
    await open(member, path);
    member.off('request', note);
    expect(await sideways(member), path).toEqual([0, 0]);
    expect(asked.length, `${path}: ${asked.join(' ')}`).toBeLessThanOrEqual(3);
    expect(asked.length).toBeGreaterThan(0);
    await member.goto('about:blank');
  }
});
