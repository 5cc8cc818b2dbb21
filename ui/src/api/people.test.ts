import { afterEach, describe, expect, it, vi } from 'vitest';

vi.stubGlobal('window', { location: { origin: 'http://portal.test' } });
// the clients take the one that is there when they are made
const fetch = vi.fn<(request: Request) => Promise<Response>>();
vi.stubGlobal('fetch', fetch);
const { times } = await import('./audit');
const { ApiError, client, port, toApiError, unwrap } = await import('./client');
const { moderatedBy, moderatorOf, rolesToSend, roleOf } = await import('./people');
const { nameOf, readSession, why } = await import('./session');
const { sendDocuments } = await import('./queries');
const { scopesByNoun } = await import('./tokens');

const user = (roles: string[]) => ({
  email: 'elsa@larkfell.example', firstName: 'Elsa', lastName: '', status: 'ACTIVE' as const, type: 'MEMBER' as const,
  teams: [], teamsIdentifiers: [], roles: roles.map((name) => ({ name })), createdAt: '2026-11-01T00:00:00Z',
});

describe('the session', () => {
  it('is nobody’s where nobody is signed in', () => {
    const session = readSession({ viewer: null, setup: true, devMode: false, frames: [], title: 'Portal', organization: { name: 'Larkfell', title: 'Portal' }, version: null, revision: null, approvals: 0, may: {} });
    expect(session).toMatchObject({ viewer: null, setup: true, title: 'Portal', organization: 'Larkfell', revision: null });
  });

  it('says in a sentence why something may not be done', () => {
    const session = { may: { ReadTeams: true, CreateTeam: 'only administrators may create teams' } } as const;
    expect(why(session, 'ReadTeams')).toBeUndefined();
    expect(why(session, 'CreateTeam')).toBe('Only administrators may create teams.');
  });

  it('names a person by what is known', () => {
    expect(nameOf({ firstName: 'Ada', lastName: 'Brandt', email: 'a@b.example' })).toBe('Ada Brandt');
    expect(nameOf({ firstName: null, lastName: '', email: 'a@b.example' })).toBe('a@b.example');
  });
});

describe('roles', () => {
  const blueprints = ['service', 'Team_x'];
  it('are written as Port writes them', () => {
    expect(moderatorOf('service')).toBe('Service-moderator');
    expect(roleOf(user(['Member', 'Service-moderator']))).toBe('Member');
    expect(moderatedBy(user(['Member', 'Service-moderator']), blueprints)).toEqual(['service']);
  });

  it('keeps what the form does not show', () => {
    const sent = rolesToSend(user(['Member', 'Gone-moderator', 'Service-moderator']), 'Admin', ['Team_x'], blueprints);
    expect(sent).toEqual(['Admin', 'Team_x-moderator', 'Gone-moderator']);
  });
});

describe('requests', () => {
  afterEach(() => void fetch.mockReset());

  const sent = () => fetch.mock.calls.map(([request]) => request);

  it('go to the native API, or to Port’s', async () => {
    fetch.mockImplementation(async () => new Response('{"a":1}'));
    expect(await unwrap(client.GET('/session'))).toEqual({ a: 1 });
    await unwrap(port.PATCH('/users/{user}', { params: { path: { user: 'x/y' } }, body: { teams: [] } }));
    const [session, user] = sent();
    expect(session?.url).toBe('http://portal.test/api/stagedoor/v1/session');
    expect([user?.method, user?.url, await user?.text()]).toEqual(['PATCH', 'http://portal.test/v1/users/x%2Fy', '{"teams":[]}']);
  });

  it('have no body to read when there is none', async () => {
    fetch.mockResolvedValue(new Response(null, { status: 204 }));
    expect(await unwrap(client.DELETE('/session'))).toBeUndefined();
  });

  it('fail with the words of either API, and how long to wait', async () => {
    fetch.mockResolvedValue(new Response('{"error":{"code":"too_many_attempts","message":"slowly"}}', { status: 429, headers: { 'retry-after': '20' } }));
    await expect(unwrap(client.DELETE('/session'))).rejects.toMatchObject({ status: 429, code: 'too_many_attempts', message: 'slowly', retryAfter: 20 });
    expect(toApiError(422, { ok: false, error: 'last_administrator', message: 'no' })).toMatchObject({ code: 'last_administrator', message: 'no' });
    expect(toApiError(500, undefined)).toBeInstanceOf(ApiError);
    expect(toApiError(500, 'text').message).toBe('The server answered 500.');
  });

  it('take documents as they are written, and what was rejected as an answer', async () => {
    fetch.mockImplementation(async () => new Response('{"rejected":[]}', { status: 422 }));
    expect(await sendDocuments('kind: Component', true)).toEqual({ rejected: [] });
    const [request] = sent();
    expect([request?.url, request?.headers.get('content-type'), await request?.text()]).toEqual([
      'http://portal.test/api/stagedoor/v1/documents?dryRun=true', 'application/yaml', 'kind: Component',
    ]);
  });
});

describe('the audit log', () => {
  it('is asked for whole days of the reader', () => {
    const { from, to } = times({ from: '2026-11-02', to: '2026-11-02' });
    expect(Date.parse(to ?? '') - Date.parse(from ?? '')).toBe(86_400_000 - 1);
    expect(times({ from: 'soon' })).toEqual({ from: undefined, to: undefined });
  });
});

describe('scopes', () => {
  it('are grouped by what they are about', () => {
    const scope = (name: string) => ({ scope: name, words: [] });
    const groups = scopesByNoun([scope('read:entities'), scope('read:teams'), scope('create:entities')]);
    expect(groups.map(([noun, scopes]) => [noun, scopes.length])).toEqual([['entities', 2], ['teams', 1]]);
  });
});
