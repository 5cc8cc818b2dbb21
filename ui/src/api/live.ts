/** What the UI reads of an event of the change feed. */
export interface Change {
  kind: 'entity' | 'blueprint' | 'record';
  action: 'created' | 'updated' | 'deleted';
  /** Of a record its collection. */
  blueprint: string;
  /** Null: something of it changed, and what is not said. */
  identifier: string | null;
}

interface Handlers {
  /** Changes in order; none when something moved on that is told nobody. */
  onChanges: (changes: Change[]) => void;
  /** The feed begins anew: what happened before is not told, so everything may be old. */
  onGap: () => void;
  /** The server does not let the viewer follow, or no longer. */
  onRefused?: () => void;
  /** Whether what is on screen is kept new. False as soon as a connection broke or was not made. */
  onConnection?: (connected: boolean) => void;
}

const address = '/api/stagedoor/v1/changes?values=false&records=true';
const longestPause = 30_000;

/**
 * Follows the change feed until `signal` aborts, from a revision on or from now on; comes again by itself when the
 * connection breaks, and at once when the browser says that the network is back.
 */
export async function follow(handlers: Handlers, signal: AbortSignal, from?: string): Promise<void> {
  let last = from;
  let pause = 0;
  while (!signal.aborted) {
    try {
      const stream = await open(last, signal);
      handlers.onConnection?.(true);
      for await (const block of blocks(stream)) {
        pause = 0;
        if (block.id === undefined) {
          if (block.changes.length > 0) handlers.onChanges(block.changes);
          continue;
        }
        if (last === undefined) handlers.onGap();
        else if (block.id !== last || block.changes.length > 0) handlers.onChanges(block.changes);
        last = block.id;
      }
    } catch (error) {
      if (signal.aborted) return;
      const status = error instanceof Refusal ? error.status : 0;
      if (status >= 400 && status < 500 && status !== 410 && status !== 422 && status !== 429) return handlers.onRefused?.();
      // the server has another log than the one we know: a restored backup, for instance
      if (status === 410 || status === 422) last = undefined;
      else handlers.onConnection?.(false);
      pause = Math.min(longestPause, Math.max(1_000, pause * 2));
    }
    await sleep(pause * (0.75 + Math.random() / 2), signal);
  }
}

// The one request that is not made by a generated client: it has no end, and the clients read answers whole.
async function open(last: string | undefined, signal: AbortSignal): Promise<ReadableStream<Uint8Array>> {
  const headers: Record<string, string> = { accept: 'text/event-stream' };
  if (last !== undefined) headers['last-event-id'] = last;
  const response = await fetch(address, { headers, signal, cache: 'no-store' });
  if (response.ok && response.body) return response.body;
  throw new Refusal(response.status);
}

class Refusal extends Error {
  constructor(readonly status: number) {
    super(`The change feed answered ${status}.`);
  }
}

interface Block {
  id?: string;
  changes: Change[];
}

/** The blocks of a stream; those that arrive together are one, with all their changes. */
async function* blocks(body: ReadableStream<Uint8Array>): AsyncGenerator<Block> {
  const reader = body.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>).getReader();
  let text = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    text += value;
    const end = text.lastIndexOf('\n\n');
    if (end < 0) continue;
    yield parseBlocks(text.slice(0, end));
    text = text.slice(end + 2);
  }
}

/** Reads `id:` and `data:` lines; comments and other fields say nothing here. */
export function parseBlocks(text: string): Block {
  const block: Block = { changes: [] };
  for (const line of text.split('\n')) {
    if (line.startsWith('id: ')) block.id = line.slice(4);
    else if (line.startsWith('data: ')) block.changes.push(JSON.parse(line.slice(6)) as Change);
  }
  return block;
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      globalThis.removeEventListener?.('online', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end);
    globalThis.addEventListener?.('online', end);
  });
}
