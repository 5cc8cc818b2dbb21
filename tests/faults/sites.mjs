// Web servers on loopback whose every path can be made to fail.
import { once } from 'node:events';
import http from 'node:http';

/** A Component as a YAML document. */
export function component(name, { owner = 'team-a', title } = {}) {
  const shown = title ? `, title: ${title}` : '';
  return `apiVersion: backstage.io/v1alpha1
kind: Component
metadata: { name: ${name}${shown} }
spec: { type: service, lifecycle: production, owner: ${owner} }
`;
}

/** Several of them in one file. */
export const components = (...names) => names.map((name) => component(name)).join('---\n');

/** A Location document with relative or absolute targets. */
export function location(name, targets, type = 'url') {
  const lines = targets.map((target) => `    - ${target}\n`).join('');
  return `apiVersion: backstage.io/v1alpha1
kind: Location
metadata: { name: ${name} }
spec:
  type: ${type}
  targets:
${lines}`;
}

/** Answers of a path. Each gets the request and the response. */
export const answers = {
  text: (body, headers = {}) => (request, response) => response.writeHead(200, headers).end(body),
  status: (status, headers = {}) => (request, response) => response.writeHead(status, headers).end('no'),
  json: (body, headers = {}) => (request, response) =>
    response.writeHead(200, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body)),
  /** Nothing ever comes. */
  hang: () => () => {},
  /** A byte now and then, without an end. */
  drip: () => (request, response) => {
    response.writeHead(200);
    const timer = setInterval(() => response.write('#'), 200);
    response.on('close', () => clearInterval(timer));
  },
  /** Half of it, of what was announced. */
  cut: (body) => (request, response) => {
    response.writeHead(200, { 'content-length': Buffer.byteLength(body) });
    response.write(body.slice(0, body.length / 2), () => response.destroy());
  },
  /** Half of it, in pieces without an announced length and without the last one. */
  cutPieces: (body) => (request, response) => {
    response.write(body.slice(0, body.length / 2), () => response.destroy());
  },
};

/** A server with `routes`: path to answer. What is not there is 404. Ends with the test. */
export async function site(t, routes = {}) {
  const asked = new Map();
  const server = http.createServer((request, response) => {
    const path = new URL(request.url, 'http://site').pathname;
    asked.set(path, (asked.get(path) ?? 0) + 1);
    const answer = routes[path] ?? answers.status(404);
    answer(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const host = `127.0.0.1:${server.address().port}`;
  const url = `http://${host}`;
  return { host, url, routes, asked, put: (path, text) => (routes[path] = answers.text(text)) };
}

/** The body of a request. */
export async function bodyOf(request) {
  const pieces = [];
  for await (const piece of request) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}
