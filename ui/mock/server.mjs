// A small stand-in for the server, for working on the UI without one. Serves ui/dist when it is
// there, with the same content security policy as the real server.
import { createReadStream, existsSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { detail, model, suggest, table } from './catalog.mjs';
import { documents } from './documents.mjs';
import { entities, sources } from './fixtures.mjs';

const port = Number(process.env.PORT ?? 7017);
const dist = fileURLToPath(new URL('../dist', import.meta.url));
const mime = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.woff2': 'font/woff2' };
if (process.env.EMPTY) entities.length = 0;

const error = (status, code, message) => ({ status, body: { error: { code, message } } });
const ok = (body) => ({ status: 200, body });

async function read(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

async function answer(request, url) {
  const query = url.searchParams;
  switch (url.pathname.replace('/api/stagedoor/v1', '')) {
    case '/session':
      return ok({
        viewer: { name: 'administrator', email: null, principal: 'development', firstName: null, lastName: null, role: 'Admin', moderated: [], teams: [], via: 'none' },
        setup: false, devMode: true, title: 'Acme portal', organization: { name: 'Acme', title: 'Acme portal' }, version: '0.1.0', revision: 123, may: {},
      });
    case '/blueprints':
      return ok(process.env.EMPTY ? { blueprints: [], edges: [] } : model());
    case '/sources':
      return ok({ sources: process.env.EMPTY ? [] : sources });
    case '/suggest':
      return ok(suggest(query.get('q') ?? '', Number(query.get('limit') ?? 20)));
    case '/tables': {
      const body = table(JSON.parse(await read(request)));
      return body ? ok(body) : error(404, 'not_found', 'there is no such blueprint');
    }
    case '/entity': {
      const body = detail(query.get('blueprint'), query.get('identifier'));
      return body ? ok(body) : error(404, 'not_found', 'there is no such entity');
    }
    case '/documents':
      return documents(await read(request), query.get('dryRun') === 'true');
    default:
      return error(404, 'not_found', 'there is no such route');
  }
}

/** A feed in which nothing happens. */
function feed(request, response) {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.write('id: 123\n\n');
  request.on('close', () => response.end());
}

function file(pathname, response) {
  const wanted = join(dist, normalize(pathname));
  const path = extname(wanted) && existsSync(wanted) ? wanted : join(dist, 'index.html');
  if (!existsSync(path)) return response.writeHead(404).end('run `npm run build` first');
  response.writeHead(200, {
    'content-type': mime[extname(path)] ?? 'application/octet-stream',
    'content-security-policy': "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'",
  });
  return createReadStream(path).pipe(response);
}

createServer(async (request, response) => {
  const url = new URL(request.url, 'http://mock');
  if (!url.pathname.startsWith('/api/')) return file(url.pathname, response);
  if (url.pathname === '/api/stagedoor/v1/changes') return feed(request, response);
  const { status, body } = await answer(request, url);
  response.writeHead(status, { 'content-type': 'application/json' });
  return response.end(JSON.stringify(body));
}).listen(port, '127.0.0.1', () => console.log(`mock server on http://127.0.0.1:${port}`));
