import { afterEach, expect, test, vi } from 'vitest';
import { follow, parseBlocks, type Change } from './live';

const change = (identifier: string): Change => ({ kind: 'entity', action: 'created', blueprint: 'service', identifier });
const event = (id: string, identifier: string) => `id: ${id}\ndata: ${JSON.stringify(change(identifier))}\n\n`;

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

test('events, places without events and comments are read', () => {
  expect(parseBlocks(`retry: 2000\nid: 7`)).toEqual({ id: '7', changes: [] });
  expect(parseBlocks(`${event('8-0', 'a')}${event('8-1', 'b')}id: 8`)).toEqual({ id: '8', changes: [change('a'), change('b')] });
  expect(parseBlocks(': nothing new')).toEqual({ changes: [] });
});

/** A server that gives each caller the next of some answers, and keeps what it was asked. */
function serve(answers: (Response | Error)[]): { asked: (string | null)[]; done: Promise<void> } {
  const asked: (string | null)[] = [];
  let finish = () => {};
  const done = new Promise<void>((resolve) => (finish = resolve));
  vi.stubGlobal('fetch', (_: string, { headers }: { headers: Record<string, string> }) => {
    asked.push(headers['last-event-id'] ?? null);
    const answer = answers.shift();
    if (answer instanceof Response) return Promise.resolve(answer);
    if (answer) return Promise.reject(answer);
    finish();
    return new Promise(() => {});
  });
  return { asked, done };
}

function listen() {
  const seen: string[] = [];
  const stop = new AbortController();
  const handlers = {
    onChanges: (changes: Change[]) => seen.push(...changes.map(({ identifier }) => identifier ?? '')),
    onGap: () => seen.push('gap'),
  };
  return { seen, stop, ended: follow(handlers, stop.signal) };
}

test('a broken connection is made again where it broke', async () => {
  vi.useFakeTimers();
  const { asked, done } = serve([
    new Response(`retry: 2000\nid: 3\n\n${''}`),
    new Response(event('4-0', 'a') + 'id: 4\n\n'),
    new TypeError('network'),
    new Response(event('5-0', 'b')),
  ]);
  const { seen, stop } = listen();
  await vi.advanceTimersByTimeAsync(10_000);
  await done;
  stop.abort();
  expect(asked).toEqual([null, '3', '4', '4', '5-0']);
  expect(seen).toEqual(['gap', 'a', 'b']);
});

test('events without a place of their own are told, and are not forgotten', async () => {
  vi.useFakeTimers();
  const { asked } = serve([new Response('id: 3\n\n'), new Response(`data: ${JSON.stringify(change('a'))}\n\ndata: ${JSON.stringify(change('b'))}\n\nid: 3\n\n`)]);
  const { seen, stop } = listen();
  await vi.advanceTimersByTimeAsync(5_000);
  stop.abort();
  expect(asked).toEqual([null, '3', '3']);
  expect(seen).toEqual(['gap', 'a', 'b']);
});

test('it is told whether the connection stands', async () => {
  vi.useFakeTimers();
  serve([new TypeError('network'), new Response('id: 1\n\n'), new Response('{}', { status: 503 })]);
  const seen: boolean[] = [];
  const stop = new AbortController();
  void follow({ onChanges: () => {}, onGap: () => {}, onConnection: (now) => seen.push(now) }, stop.signal);
  await vi.advanceTimersByTimeAsync(20_000);
  stop.abort();
  expect(seen).toEqual([false, true, false]);
});

test('a log that is gone is a gap, a refusal the end', async () => {
  vi.useFakeTimers();
  const refused = (status: number) => new Response('{}', { status });
  const { asked } = serve([new Response('id: 9\n\n'), refused(410), new Response('id: 1\n\n'), refused(403), refused(500)]);
  const { seen, ended } = listen();
  await vi.advanceTimersByTimeAsync(10_000);
  await ended;
  expect(asked).toEqual([null, '9', null, '1']);
  expect(seen).toEqual(['gap', 'gap']);
});
