// What webhooks are sent to: counts requests by their idempotency key, and holds them open when it is told to.
import http from 'node:http';

export class Sink {
  /** Idempotency key -> how often a request with it came. */
  seen = new Map();
  /** Requests that wait for an answer. */
  held = [];
  /** Whether to hold what comes: a function of the body. */
  holds = () => false;
  #waiting = [];

  async start(t) {
    this.server = http.createServer((request, response) => this.#take(request, response));
    this.server.keepAliveTimeout = 60_000;
    await new Promise((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    t.after(() => this.server.closeAllConnections() ?? this.server.close());
    this.url = `http://127.0.0.1:${this.server.address().port}/`;
    return this;
  }

  async #take(request, response) {
    const parts = [];
    for await (const part of request) parts.push(part);
    const key = request.headers['idempotency-key'];
    this.seen.set(key, (this.seen.get(key) ?? 0) + 1);
    const body = JSON.parse(Buffer.concat(parts).toString() || '{}');
    for (const wake of this.#waiting.splice(0)) wake();
    if (this.holds(body)) {
      this.held.push(response);
    } else {
      answer(response);
    }
  }

  /** Resolves when `count` requests are held. */
  async holding(count) {
    while (this.held.length < count) await new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Answers what was held, as far as somebody still waits. */
  release() {
    for (const response of this.held.splice(0)) answer(response);
  }

  get requests() {
    return [...this.seen.values()].reduce((sum, count) => sum + count, 0);
  }
}

function answer(response) {
  response.writeHead(200, { 'content-type': 'application/json' }).end('{"ok":true}');
}
