import type { BrowserContext, Page } from '@playwright/test';
import { ask, join, visitor, type Person } from './people';
import { binary, Portal } from './portal';
import { check, expect, open, sideways, test } from './support';

// A workflow asks people: whoever it asks answers in the browser.
test.describe.configure({ mode: 'serial' });
test.skip(binary() === null, 'needs a built server');

const ada: Person = { email: 'ada@larkfell.example', password: 'paper kettle under the stairs', firstName: 'Ada' };
const elsa: Person = { email: 'elsa@larkfell.example', password: 'seven quiet boats at noon', firstName: 'Elsa' };

const portal = new Portal();
const contexts: BrowserContext[] = [];
const errors: string[] = [];
let admin: Page;
let member: Page;

const workflow = {
  identifier: 'deploy',
  title: 'Deploy a service',
  nodes: [
    { identifier: 'form', title: 'What', config: { type: 'SELF_SERVE_TRIGGER', userInputs: { properties: { service: { type: 'string', title: 'Service' } }, required: ['service'] } } },
    {
      identifier: 'ask',
      title: 'Ask the platform team',
      config: {
        type: 'INPUT',
        description: 'May **{{ .outputs.form.service }}** go out?',
        userInputs: {
          properties: { why: { type: 'string', title: 'Why' } },
          required: ['why'],
          buttons: [{ identifier: 'yes', label: 'Let it go' }, { identifier: 'no', label: 'Keep it' }],
        },
        outlets: [{ identifier: 'yes', numOfResponders: 1 }, { identifier: 'no' }],
        responders: { users: [elsa.email] },
      },
    },
    { identifier: 'note', title: 'Write it down', config: { type: 'UPSERT_ENTITY', blueprintIdentifier: 'environment', mapping: { identifier: 'asked', title: '{{ .outputs.ask.responses[0].inputs.why }}', properties: { stage: 'staging' } } } },
  ],
  connections: [
    { sourceIdentifier: 'form', targetIdentifier: 'ask' },
    { sourceIdentifier: 'ask', targetIdentifier: 'note', sourceOutletIdentifier: 'yes' },
  ],
};

const status = (page: Page, words: string) => page.locator('header').filter({ has: page.getByRole('heading', { level: 1 }) }).getByText(words, { exact: true });
let run = '';

test.beforeAll(async ({ browser }) => {
  test.setTimeout(60_000);
  await portal.start();
  for (const set of [(page: Page) => (admin = page), (page: Page) => (member = page)]) {
    const { context, page } = await visitor(browser, portal, errors);
    contexts.push(context);
    set(page);
  }
  await join(admin, await portal.setupLink(), ada);
  const { link } = await ask<{ link: string }>(admin, 'POST', '/api/stagedoor/v1/invitations', { email: elsa.email, role: 'Member' });
  await join(member, link, elsa);
  await ask(admin, 'POST', '/v1/workflows', workflow);
});

test.afterAll(async () => {
  for (const context of contexts) await context.close();
  await portal.stop();
});

test.afterEach(() => {
  expect(errors.splice(0), 'errors in the console').toEqual([]);
});

test('who is not asked sees why, and whom it waits for', async () => {
  const begun = await ask<{ run?: { id?: string; identifier?: string }; workflowRun?: { identifier: string } }>(admin, 'POST', '/v1/workflows/deploy/runs', { inputs: { service: 'orders' } });
  await open(admin, '/runs?all=true');
  await admin.getByRole('link', { name: 'Deploy a service' }).first().click();
  await expect(admin.getByRole('heading', { level: 1, name: 'Deploy a service' })).toBeVisible();
  run = new URL(admin.url()).pathname.split('/').at(-1) ?? '';
  expect(run, JSON.stringify(begun)).toMatch(/\S/);
  const asked = admin.getByRole('region', { name: 'Ask the platform team' });
  await expect(asked).toContainText('May orders go out?');
  await expect(asked.getByRole('button')).toHaveCount(0);
  await check(admin, 'a run that asks somebody else');
});

test('whoever is asked finds it among the approvals, and answers', async () => {
  await open(member, '/approvals');
  const line = member.getByRole('region', { name: 'Waiting for you' }).getByRole('row').filter({ hasText: 'Deploy a service' });
  await expect(line).toContainText('Ask the platform team');
  await check(member, 'approvals with a question');
  await line.getByRole('link', { name: 'Deploy a service' }).click();
  const asked = member.getByRole('region', { name: 'Ask the platform team' });
  await asked.getByRole('button', { name: 'Let it go' }).click();
  await expect(asked.getByText('This has to be filled in.')).toBeVisible();
  await check(member, 'a question');
  await member.setViewportSize({ width: 390, height: 844 });
  expect(await sideways(member)).toEqual([0, 0]);
  await member.setViewportSize({ width: 1440, height: 900 });
  await asked.getByRole('textbox', { name: 'Why' }).fill('Tested on staging');
  await asked.getByRole('button', { name: 'Let it go' }).click();
  await expect(status(member, 'Succeeded')).toBeVisible();
  await expect(asked).toHaveCount(0);
  // whoever has the page open sees it, too
  await expect(status(admin, 'Succeeded')).toBeVisible();
  await open(member, '/approvals');
  await expect(member.getByText('Nothing waits for you.')).toBeVisible();
  const { entity } = await ask<{ entity: { title: string } }>(admin, 'GET', '/v1/blueprints/environment/entities/asked');
  expect(entity.title).toBe('Tested on staging');
});
