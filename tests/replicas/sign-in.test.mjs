// Two processes on one PostgreSQL database: who signs in at one is known to the other, and who is shut out at one is
// out at both, as soon as that is answered.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import test from 'node:test';
import { Portal, binary, scratch, skip } from '../clients/portal.mjs';
import { Postgres, programs } from './postgres.mjs';

const password = 'violet lamp over nine';

/** What a browser keeps. One address for both, as behind a load balancer. */
class Browser {
  async ask(portal, method, route, body) {
    const headers = { Origin: portal.url, 'Content-Type': 'application/json' };
    if (this.cookie) headers.Cookie = this.cookie;
    const options = { method, headers, body: body && JSON.stringify(body) };
    const response = await fetch(`${portal.url}/api/stagedoor/v1${route}`, options);
    const set = response.headers.get('set-cookie');
    if (set) this.cookie = set.split(';')[0];
    const text = await response.text();
    return { status: response.status, body: text ? JSON.parse(text) : undefined };
  }

  async isKnown(portal) {
    return Boolean((await this.ask(portal, 'GET', '/session')).body.viewer);
  }
}

const linkOf = (log) => /\/welcome#([\w-]{43})/.exec(log)?.[1];

test('signing in at replicas', { timeout: 120_000 }, async (t) => {
  if (!programs()) return skip(t, 'PostgreSQL is not installed: no initdb');
  const url = new Postgres(t).database('sign_in');
  const portals = [];
  for (let n = 0; n < 2; n += 1) {
    const portal = new Portal({ dataDir: scratch(t, 'unused'), args: ['--database-url', url] });
    t.after(() => portal.kill());
    await portal.start();
    portals.push(portal);
  }
  const [a, b] = portals;

  const token = await a.until('the link is printed', () => linkOf(a.log));
  const ada = new Browser();
  const accept = { token, email: 'ada@larkfell.example', password };
  assert.equal((await ada.ask(b, 'POST', '/links/accept', accept)).status, 200, 'the link of the one, at the other');
  assert.ok((await ada.isKnown(a)) && (await ada.isKnown(b)));

  // Ended where it is asked for: the very next request to the other one is refused.
  for (let n = 0; n < 20; n += 1) {
    const [here, there] = n % 2 ? [a, b] : [b, a];
    const phone = new Browser();
    assert.equal((await phone.ask(here, 'POST', '/session', { email: accept.email, password })).status, 200);
    assert.ok(await phone.isKnown(there), `round ${n}`);
    const sessions = (await phone.ask(here, 'GET', '/sessions')).body.sessions;
    const { id } = sessions.find((session) => session.current);
    assert.equal((await ada.ask(here, 'DELETE', `/sessions/${id}`)).status, 204);
    assert.ok(!(await phone.isKnown(there)), `round ${n}: a session that was ended goes on at the other replica`);
  }

  const back = execFileSync(binary(), ['admin-link', '--database-url', url], { encoding: 'utf8' });
  const again = { ...accept, token: linkOf(back), password: 'grey boat under bridge' };
  assert.equal((await new Browser().ask(b, 'POST', '/links/accept', again)).status, 200, 'the command, beside both');
  assert.ok(!(await ada.isKnown(a)) && !(await ada.isKnown(b)), 'another password ended the session');
  assert.equal((await new Browser().ask(a, 'POST', '/links/accept', again)).status, 404, 'once');
});
