/** A line of two texts beside each other. */
export interface DiffLine {
  kind: 'same' | 'before' | 'after';
  text: string;
  /** Number in the text before, from 1. */
  before?: number;
  /** Number in the text after, from 1. */
  after?: number;
}

/** Beyond this the middle of two texts is told as a whole. */
const most = 1_000_000;

/** Two texts line by line: what is in both, what goes, what comes. */
export function lineDiff(before: string, after: string): DiffLine[] {
  const a = before.replace(/\n$/, '').split('\n');
  const b = after.replace(/\n$/, '').split('\n');
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start += 1;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end += 1;
  const same = (i: number, j: number): DiffLine => ({ kind: 'same', text: a[i] ?? '', before: i + 1, after: j + 1 });
  const lines: DiffLine[] = [];
  for (let i = 0; i < start; i += 1) lines.push(same(i, i));
  lines.push(...middle(a.slice(start, a.length - end), b.slice(start, b.length - end), start));
  for (let i = end; i > 0; i -= 1) lines.push(same(a.length - i, b.length - i));
  return lines;
}

function middle(a: string[], b: string[], offset: number): DiffLine[] {
  const gone = (i: number): DiffLine => ({ kind: 'before', text: a[i] ?? '', before: offset + i + 1 });
  const come = (j: number): DiffLine => ({ kind: 'after', text: b[j] ?? '', after: offset + j + 1 });
  if (a.length * b.length > most) return [...a.map((_, i) => gone(i)), ...b.map((_, j) => come(j))];
  // lengths of the longest common rest
  const width = b.length + 1;
  const rest = new Uint32Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      const at = i * width + j;
      rest[at] = a[i] === b[j] ? rest[at + width + 1]! + 1 : Math.max(rest[at + width]!, rest[at + 1]!);
    }
  }
  const lines: DiffLine[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      lines.push({ kind: 'same', text: a[i] ?? '', before: offset + i + 1, after: offset + j + 1 });
      i += 1;
      j += 1;
    } else if (j >= b.length || (i < a.length && rest[(i + 1) * width + j]! >= rest[i * width + j + 1]!)) {
      lines.push(gone(i));
      i += 1;
    } else {
      lines.push(come(j));
      j += 1;
    }
  }
  return lines;
}

export interface DiffPart {
  lines: DiffLine[];
  /** Lines that are the same and left out before these. */
  skipped: number;
}

/** The lines that differ with some around them. */
export function around(lines: DiffLine[], context = 3): { parts: DiffPart[]; skipped: number } {
  const near = lines.map((_, i) => lines.slice(Math.max(0, i - context), i + context + 1).some(({ kind }) => kind !== 'same'));
  const parts: DiffPart[] = [];
  let skipped = 0;
  lines.forEach((line, i) => {
    if (!near[i]) {
      skipped += 1;
      return;
    }
    if (i === 0 || !near[i - 1]) {
      parts.push({ lines: [], skipped });
      skipped = 0;
    }
    parts.at(-1)?.lines.push(line);
  });
  return { parts, skipped };
}
