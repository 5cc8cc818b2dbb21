export type Inline =
  | { kind: 'text' | 'strong' | 'em' | 'code'; text: string }
  | { kind: 'link'; text: string; href: string };
export type Block =
  | { kind: 'heading' | 'paragraph'; inlines: Inline[] }
  | { kind: 'list'; ordered: boolean; items: Inline[][] }
  | { kind: 'code'; text: string };

/** The common part of Markdown as data. HTML is text like any other, so nothing can be smuggled in. */
export function parseMarkdown(source: string): Block[] {
  const blocks: Block[] = [];
  const lines = source.replace(/\r\n?/g, '\n').split('\n');
  let i = 0;
  while (i < lines.length) {
    const line = lines[i] ?? '';
    if (line.trim() === '') {
      i += 1;
    } else if (line.startsWith('```')) {
      const end = lines.findIndex((other, j) => j > i && other.startsWith('```'));
      const stop = end === -1 ? lines.length : end;
      blocks.push({ kind: 'code', text: lines.slice(i + 1, stop).join('\n') });
      i = stop + 1;
    } else if (/^#{1,6}\s/.test(line)) {
      blocks.push({ kind: 'heading', inlines: parseInline(line.replace(/^#+\s+/, '')) });
      i += 1;
    } else {
      const taken = takeWhile(lines, i);
      const item = /^\s*([-*+]|\d+\.)\s+/;
      if (item.test(line)) {
        const items = joinItems(taken, item).map(parseInline);
        blocks.push({ kind: 'list', ordered: /^\s*\d/.test(line), items });
      } else blocks.push({ kind: 'paragraph', inlines: parseInline(taken.join(' ')) });
      i += taken.length;
    }
  }
  return blocks;
}

function takeWhile(lines: string[], from: number): string[] {
  const rest = lines.slice(from);
  const end = rest.findIndex((line, i) => i > 0 && (line.trim() === '' || /^(#{1,6}\s|```)/.test(line)));
  return end === -1 ? rest : rest.slice(0, end);
}

function joinItems(lines: string[], item: RegExp): string[] {
  const items: string[] = [];
  for (const line of lines) {
    if (item.test(line)) items.push(line.replace(item, ''));
    else items.push(`${items.pop() ?? ''} ${line.trim()}`);
  }
  return items;
}

const inline = /`([^`]+)`|\*\*([^*]+)\*\*|\*([^*\s][^*]*)\*|\[([^\]]+)\]\(([^)\s]+)[^)]*\)|(https?:\/\/[^\s<>)\]]+[^\s<>)\].,;:!?])/g;

export function parseInline(text: string): Inline[] {
  const out: Inline[] = [];
  let last = 0;
  for (const match of text.matchAll(inline)) {
    if (match.index > last) out.push({ kind: 'text', text: text.slice(last, match.index) });
    const [whole, code, strong, em, label, href, url] = match;
    if (code !== undefined) out.push({ kind: 'code', text: code });
    else if (strong !== undefined) out.push({ kind: 'strong', text: strong });
    else if (em !== undefined) out.push({ kind: 'em', text: em });
    else if (label !== undefined && href !== undefined) out.push({ kind: 'link', text: label, href });
    else if (url !== undefined) out.push({ kind: 'link', text: url, href: url });
    last = match.index + whole.length;
  }
  if (last < text.length) out.push({ kind: 'text', text: text.slice(last) });
  return out;
}
