/** A stretch of a text, in offsets from its beginning. */
export interface Stretch {
  from: number;
  to: number;
}

export interface JsonText {
  /** Undefined where the text is no JSON. */
  value?: unknown;
  /** The first thing that is wrong. */
  error?: Stretch & { message: string };
  /** Where values stand, by JSON pointer with keys as they are written. */
  places: Map<string, Stretch>;
}

class Wrong extends Error {
  constructor(
    readonly from: number,
    readonly to: number,
    message: string,
  ) {
    super(message);
  }
}

/** Reads JSON and keeps where everything stands. */
export function readJson(text: string): JsonText {
  const reader = new Reader(text);
  try {
    const value = reader.document();
    return { value, places: reader.places };
  } catch (cause) {
    if (!(cause instanceof Wrong)) throw cause;
    const { from, to, message } = cause;
    return { error: { from, to, message }, places: reader.places };
  }
}

/** Where a pointer, or the nearest thing around it, stands. */
export function placeOf({ places }: Pick<JsonText, 'places'>, pointer: string): Stretch {
  let at = pointer;
  while (at !== '' && !places.has(at)) at = at.slice(0, at.lastIndexOf('/'));
  const { from, to } = places.get(at) ?? { from: 0, to: 0 };
  // a whole block would be marked line by line
  return { from, to: Math.min(to, from + 400) };
}

/** The offset of a line and column, both from 1. */
export function offsetOf(text: string, line: number, column = 1): number {
  let start = 0;
  for (let at = 1; at < line; at += 1) {
    const end = text.indexOf('\n', start);
    if (end < 0) return text.length;
    start = end + 1;
  }
  const end = text.indexOf('\n', start);
  return Math.min(start + Math.max(0, column - 1), end < 0 ? text.length : end);
}

/** From a place to the end of its word, or at least one character: to be underlined. */
export function wordAt(text: string, from: number): Stretch {
  const word = /^[\w$@.-]+/.exec(text.slice(from, from + 200));
  return { from, to: Math.min(text.length, from + Math.max(1, word?.[0].length ?? 1)) };
}

const deepest = 200;

class Reader {
  readonly places = new Map<string, Stretch>();
  private at = 0;

  constructor(private readonly text: string) {}

  document(): unknown {
    const value = this.value('', 0);
    this.space();
    if (this.at < this.text.length) this.fail('nothing is expected behind the end');
    return value;
  }

  private value(pointer: string, depth: number): unknown {
    if (depth > deepest) this.fail('this is nested too deep');
    this.space();
    const from = this.at;
    const value = this.bare(pointer, depth);
    this.places.set(pointer, { from, to: this.at });
    return value;
  }

  private bare(pointer: string, depth: number): unknown {
    const next = this.text[this.at];
    if (next === '{') return this.object(pointer, depth);
    if (next === '[') return this.list(pointer, depth);
    if (next === '"') return this.string();
    const word = /^(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)/.exec(this.text.slice(this.at, this.at + 64));
    if (!word) return this.fail(next === undefined ? 'a value is missing' : 'expected a value');
    this.at += word[0].length;
    return JSON.parse(word[0]) as unknown;
  }

  private object(pointer: string, depth: number): Record<string, unknown> {
    const found: Record<string, unknown> = {};
    this.at += 1;
    this.space();
    if (this.take('}')) return found;
    for (;;) {
      this.space();
      if (this.text[this.at] !== '"') this.fail('expected a key in double quotes');
      const from = this.at;
      const key = this.string();
      if (Object.hasOwn(found, key)) this.fail(`"${key}" is there twice`, from, this.at);
      this.space();
      if (!this.take(':')) this.fail('expected a colon');
      // not assigned: "__proto__" is a key like any other
      const value = this.value(`${pointer}/${key}`, depth + 1);
      Object.defineProperty(found, key, { value, enumerable: true, configurable: true, writable: true });
      this.space();
      if (this.take('}')) return found;
      if (!this.take(',')) this.fail('expected a comma or a closing brace');
    }
  }

  private list(pointer: string, depth: number): unknown[] {
    const found: unknown[] = [];
    this.at += 1;
    this.space();
    if (this.take(']')) return found;
    for (;;) {
      found.push(this.value(`${pointer}/${found.length}`, depth + 1));
      this.space();
      if (this.take(']')) return found;
      if (!this.take(',')) this.fail('expected a comma or a closing bracket');
    }
  }

  private string(): string {
    const from = this.at;
    const end = /"(?:[^"\\\n]|\\.)*"/y;
    end.lastIndex = from;
    const found = end.exec(this.text);
    if (!found) return this.fail('a closing quote is missing', from, this.lineEnd());
    this.at += found[0].length;
    try {
      return JSON.parse(found[0]) as string;
    } catch {
      return this.fail('this is no legal string', from, this.at);
    }
  }

  private lineEnd(): number {
    const end = this.text.indexOf('\n', this.at);
    return end < 0 ? this.text.length : end;
  }

  private space() {
    while (' \t\n\r'.includes(this.text[this.at] ?? '-')) this.at += 1;
  }

  private take(one: string): boolean {
    if (this.text[this.at] !== one) return false;
    this.at += 1;
    return true;
  }

  private fail(message: string, from = Math.min(this.at, Math.max(0, this.text.length - 1)), to = from + 1): never {
    throw new Wrong(from, to, message);
  }
}
