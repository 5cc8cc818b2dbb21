// Two processes on one PostgreSQL database: what is taken back at one is back at the other, what happens at one is told
// to the pages that are open at the other, and reading again what has not changed writes no row of any table.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import test from 'node:test';
import { Portal, scratch, skip } from '../clients/portal.mjs';
import { Catalog } from '../faults/catalog.mjs';
import { components } from '../faults/sites.mjs';
import { Postgres, programs } from './postgres.mjs';

const FILES = 20;
const EACH = 25;

/** The socket of a page at a portal; every message that comes is passed on. */
async function listen(t, portal, channel, heard) {
  // Sockets take tokens of users only.
  const guest = await fetch(`${portal.url}/api/auth/guest/refresh`).then((response) => response.json());
  return new Promise((resolve, reject) => {
    const request = http.get(`${portal.url}/api/signals`, {
      headers: {
        Connection: 'Upgrade',
        Upgrade: 'websocket',
        'Sec-WebSocket-Version': '13',
        'Sec-WebSocket-Key': Buffer.alloc(16, 7).toString('base64'),
        'Sec-WebSocket-Protocol': guest.backstageIdentity.token,
      },
    });
    request.on('error', reject);
    request.on('response', (response) => reject(new Error(`no socket: ${response.statusCode}`)));
    request.on('upgrade', (response, socket) => {
      t.after(() => socket.destroy());
      socket.on('error', () => {});
      let bytes = Buffer.alloc(0);
      socket.on('data', (more) => {
        bytes = Buffer.concat([bytes, more]);
        for (;;) {
          if (bytes.length < 2) return;
          const short = bytes[1] & 0x7f;
          const from = short === 126 ? 4 : 2;
          if (bytes.length < from) return;
          const length = short === 126 ? bytes.readUInt16BE(2) : short;
          if (bytes.length < from + length) return;
          const text = bytes.subarray(from, from + length).toString();
          if ((bytes[0] & 0x0f) === 1) heard(JSON.parse(text));
          else if ((bytes[0] & 0x0f) === 10) resolve();
          bytes = bytes.subarray(from + length);
        }
      });
      const send = (first, text) => {
        const payload = Buffer.from(text);
        // Masked with zeros, as a client has to.
        socket.write(Buffer.concat([Buffer.from([first, 0x80 | payload.length, 0, 0, 0, 0]), payload]));
      };
      send(0x81, JSON.stringify({ action: 'subscribe', channel }));
      send(0x89, '?');
    });
  });
}

test('two replicas', { timeout: 120_000 }, async (t) => {
  if (!programs()) return skip(t, 'PostgreSQL is not installed: no initdb');
  const postgres = new Postgres(t);
  const url = postgres.database('together');
  const folder = scratch(t, 'together');
  const write = (file, text) => fs.writeFileSync(path.join(folder, `${file}.yaml`), text);
  const names = (file) => Array.from({ length: EACH }, (_, n) => `f${file}-c${n}`);
  for (let file = 0; file < FILES; file += 1) write(file, components(...names(file)));
  const config = path.join(scratch(t, 'config'), 'app-config.yaml');
  const guests = 'auth: { providers: { guest: { dangerouslyAllowOutsideDevelopment: true } } }\n';
  fs.writeFileSync(config, `${guests}catalog:\n  locations:\n    - { type: file, target: '${folder}/*.yaml' }\n`);
  const portals = [];
  for (let n = 0; n < 2; n += 1) {
    const portal = new Portal({ dataDir: scratch(t, 'unused'), configs: [config], args: ['--database-url', url] });
    t.after(() => portal.kill());
    await portal.start();
    portals.push(portal);
  }
  const [a, b] = portals.map((portal) => new Catalog(portal));
  for (const catalog of [a, b]) await catalog.portal.until('all is there', async () => (await catalog.count()) === FILES * EACH);

  await t.test('what is taken back at one is back at the other', async () => {
    const before = await a.entities();
    const revision = await b.revision();
    write(3, components(...names(3).slice(0, 15)));
    for (const catalog of [a, b]) await catalog.portal.until('ten have gone', async () => (await catalog.count()) === FILES * EACH - 10);
    const [removal] = (await b.portal.ask('/api/stagedoor/v1/removals')).body.removals;
    assert.equal(removal.count, 10);
    const since = new Date(new Date(removal.at).getTime()).toISOString();
    const undone = await b.portal.ask('/api/stagedoor/v1/undo', { json: { by: removal.actor.name, since, until: since } });
    assert.equal(undone.status, 200, undone.text);
    assert.equal(undone.body.restored.length, 10);
    for (const catalog of [a, b]) {
      const after = await catalog.entities();
      assert.equal(after.size, before.size);
      for (const [key, entity] of before) assert.equal(after.get(key).metadata.uid, entity.metadata.uid);
    }
    assert.ok((await a.revision()) > revision);
    // The file says them again, and they are its own again.
    write(3, components(...names(3)));
    await a.portal.until('it is as before', async () => (await a.source(`file:${folder}/*.yaml`)).entities === FILES * EACH + 1);
  });

  await t.test('what happens at one is told to a page that is open at the other', async (t) => {
    const heard = [];
    await listen(t, b.portal, 'notifications', (message) => heard.push(message));
    const recipients = { type: 'broadcast' };
    const sent = await a.portal.ask('/api/notifications/notifications', { json: { recipients, payload: { title: 'Deployed' } } });
    assert.ok(sent.status < 300, sent.text);
    await b.portal.until('it is told', () => heard.length > 0, 10_000);
    assert.equal(heard[0].channel, 'notifications');
    assert.equal(heard[0].message.action, 'new_notification');
  });

  await t.test('reading again what has not changed writes no row', async () => {
    const rows = () =>
      postgres.query(
        'together',
        "SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) FROM pg_stat_user_tables WHERE relname NOT IN ('replicas', 'leases')",
      );
    // Counters come a moment later, up to a second.
    const settled = async () => {
      const before = rows();
      await new Promise((resolve) => setTimeout(resolve, 1500));
      return before === rows() && before;
    };
    const before = await a.portal.until('all is counted', settled);
    const started = performance.now();
    for (const catalog of [a, b, a]) await catalog.read(`file:${folder}/*.yaml`);
    t.diagnostic(`read three times in ${Math.round(performance.now() - started)} ms`);
    assert.equal(await a.portal.until('all is counted', settled), before);
    // And the counters count.
    write(3, components(...names(3).slice(1)));
    await a.portal.until('one has gone', async () => (await a.count()) === FILES * EACH - 1);
    assert.notEqual(await a.portal.until('it is counted', async () => (rows() === before ? false : rows())), before);
  });
});
