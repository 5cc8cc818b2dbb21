export type TokenKind = 'key' | 'string' | 'number' | 'literal' | 'comment' | 'punctuation' | 'plain';
export interface Token {
  kind: TokenKind;
  text: string;
}

const yamlLine = /^(\s*(?:- +)*)((?:"[^"]*"|'[^']*'|[^\s#'"{[\-][^#:]*?|-[^\s#:][^#:]*?))(:)(?=\s|$)(.*)$/;
const yamlScalar = /^(\s*(?:- +)*)(.*?)(\s+#.*|^#.*)?$/;
const jsonToken = /("(?:\\.|[^"\\])*")(\s*:)?|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|\b(true|false|null)\b|([{}[\],:])|(\s+|.)/g;

/** Colours one line of JSON. */
export function jsonLine(line: string): Token[] {
  const tokens: Token[] = [];
  for (const match of line.matchAll(jsonToken)) {
    const [text, string, colon, number, literal, punctuation] = match;
    if (string !== undefined && colon !== undefined) {
      tokens.push({ kind: 'key', text: string }, { kind: 'punctuation', text: colon });
    } else if (string !== undefined) tokens.push({ kind: 'string', text });
    else if (number !== undefined) tokens.push({ kind: 'number', text });
    else if (literal !== undefined) tokens.push({ kind: 'literal', text });
    else tokens.push({ kind: punctuation === undefined ? 'plain' : 'punctuation', text });
  }
  return tokens;
}

/** Colours one line of YAML, well enough for reading; block scalars are not tracked. */
export function yamlLineTokens(line: string): Token[] {
  if (/^\s*#/.test(line)) return [{ kind: 'comment', text: line }];
  if (/^(---|\.\.\.)\s*$/.test(line)) return [{ kind: 'punctuation', text: line }];
  const keyed = yamlLine.exec(line);
  if (keyed) {
    const [, indent = '', key = '', colon = '', rest = ''] = keyed;
    const before: Token[] = indent ? [{ kind: 'punctuation', text: indent }] : [];
    return [...before, { kind: 'key', text: key }, { kind: 'punctuation', text: colon }, ...scalar(rest)];
  }
  return scalar(line);
}

function scalar(text: string): Token[] {
  const [, indent = '', value = '', comment = ''] = yamlScalar.exec(text) ?? [];
  const tokens: Token[] = [];
  if (indent) tokens.push({ kind: 'punctuation', text: indent });
  if (value) tokens.push({ kind: scalarKind(value), text: value });
  if (comment) tokens.push({ kind: 'comment', text: comment });
  return tokens;
}

function scalarKind(value: string): TokenKind {
  const text = value.trim();
  if (/^(true|false|null|~)$/.test(text)) return 'literal';
  if (/^-?\d+(\.\d+)?$/.test(text)) return 'number';
  if (/^[|>][+-]?\d*$/.test(text)) return 'punctuation';
  return 'string';
}
