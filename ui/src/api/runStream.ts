import type { LogLine } from './runs';

interface Handlers {
  onLine: (line: LogLine) => void;
  /** Something else of the run is another now. */
  onChange: () => void;
  /** Whether lines come as they are written. */
  onConnection: (connected: boolean) => void;
}

/** Streams that were opened before there was a page for them, with what they have brought. */
const ahead = new Map<string, { handlers?: Handlers; kept: ((to: Handlers) => void)[]; stop: () => void }>();

/** How long such a stream waits for its page. */
const patience = 10_000;

/** Opens the stream of a run that has just begun: its first lines come while its page is being made. */
export function followAhead(id: string): void {
  if (ahead.has(id)) return;
  const kept: ((to: Handlers) => void)[] = [];
  const tell = (what: (to: Handlers) => void) => {
    const to = entry.handlers;
    if (to) what(to);
    else kept.push(what);
  };
  const close = openStream(id, { onLine: (line) => tell((to) => to.onLine(line)), onChange: () => tell((to) => to.onChange()), onConnection: (connected) => tell((to) => to.onConnection(connected)) });
  const timer = setTimeout(() => {
    if (entry.handlers === undefined) entry.stop();
  }, patience);
  const entry: { handlers?: Handlers; kept: typeof kept; stop: () => void } = {
    kept,
    stop: () => {
      clearTimeout(timer);
      ahead.delete(id);
      close();
    },
  };
  ahead.set(id, entry);
}

/** Follows a run until it is told to stop; the browser comes again by itself where the connection breaks. */
export function followRun(id: string, handlers: Handlers): () => void {
  const entry = ahead.get(id);
  if (!entry || entry.handlers) return openStream(id, handlers);
  entry.handlers = handlers;
  for (const told of entry.kept.splice(0)) told(handlers);
  return entry.stop;
}

function openStream(id: string, handlers: Handlers): () => void {
  const source = new EventSource(`/api/stagedoor/v1/runs/${encodeURIComponent(id)}/events`);
  source.addEventListener('open', () => handlers.onConnection(true));
  source.addEventListener('error', () => handlers.onConnection(false));
  source.addEventListener('log', (event) => handlers.onLine(JSON.parse((event as MessageEvent<string>).data) as LogLine));
  source.addEventListener('run', () => handlers.onChange());
  source.addEventListener('end', () => {
    handlers.onChange();
    source.close();
  });
  return () => source.close();
}
