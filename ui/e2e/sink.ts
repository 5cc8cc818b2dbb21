import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';

/** A server that webhooks are sent to, and that says what it was sent. */
export class Sink {
  readonly got: { path: string; body: Record<string, unknown> }[] = [];
  private readonly server = http.createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      this.got.push({ path: request.url ?? '', body: text ? (JSON.parse(text) as Record<string, unknown>) : {} });
      // what is sent to /slow is never answered
      if (request.url !== '/slow') response.writeHead(200, { 'content-type': 'application/json' }).end('{"ok":true}');
    });
  });

  url = '';

  async start(): Promise<void> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    this.url = `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}
