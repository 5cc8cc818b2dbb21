// Ocean, unmodified, executes actions: it takes runs on, acknowledges them, reports on them and brings them to their end.
import assert from 'node:assert/strict';
import test from 'node:test';
import { skip, startPortal } from '../portal.mjs';
import { Integration, missing } from './ocean.mjs';

/** Asks until the answer is as wanted. */
async function until(portal, path, wanted, seconds = 60) {
  const end = performance.now() + seconds * 1000;
  for (;;) {
    const { body } = await portal.ask(path);
    if (wanted(body)) return body;
    if (performance.now() > end) assert.fail(`${path}: ${JSON.stringify(body)}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

test('Ocean executes actions', { timeout: 180_000 }, async (t) => {
  const why = missing();
  if (why) return skip(t, why);
  const portal = await startPortal(t);
  const env = { OCEAN__ACTIONS_PROCESSOR__ENABLED: 'true', OCEAN__ACTIONS_PROCESSOR__POLL_CHECK_INTERVAL_SECONDS: '1' };
  const ocean = new Integration(t, portal, 'my-files', env);
  ocean.set({ team: [], service: [], deployment: [] });
  const action = (identifier, type, properties) => ({
    identifier,
    trigger: { type: 'self-service', operation: 'CREATE', userInputs: { properties: { version: { type: 'string' } } } },
    invocationMethod: { type: 'INTEGRATION_ACTION', installationId: 'my-files', integrationActionType: type, integrationActionExecutionProperties: properties },
  });
  for (const body of [
    action('deploy', 'deploy', { version: '{{ .inputs.version }}' }),
    action('break', 'deploy', { fail: true }),
    action('unknown', 'nope', {}),
  ]) {
    const { status, text } = await portal.ask('/v1/actions', { json: body });
    assert.equal(status, 201, text);
  }
  const begin = async (action, properties = {}) => (await portal.ask(`/v1/actions/${action}/runs`, { json: { properties } })).body.run.id;
  const runs = { deploy: await begin('deploy', { version: 'v7' }), break: await begin('break'), unknown: await begin('unknown') };
  const running = await ocean.start({ type: 'POLLING', interval: 5 });
  const ended = (id) => until(portal, `/v1/actions/runs/${id}?version=v2`, (body) => ['SUCCESS', 'FAILURE'].includes(body.run?.status));

  const { run } = await ended(runs.deploy);
  assert.equal(run.status, 'SUCCESS', running.log.slice(-3000));
  assert.equal(run.externalRunId, `ext-${run.id}`);
  assert.deepEqual(run.link, ['https://ci.example.com/1']);
  const { runLogs } = (await portal.ask(`/v1/actions/runs/${run.id}/logs`)).body;
  assert.ok(runLogs.some(({ message }) => message === `deploying v7 as ${run.id}`), JSON.stringify(runLogs));

  assert.equal((await ended(runs.break)).run.status, 'FAILURE');
  assert.equal((await ended(runs.unknown)).run.status, 'FAILURE', 'what nothing executes fails');
});
