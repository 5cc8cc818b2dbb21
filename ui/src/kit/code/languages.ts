import { json } from '@codemirror/lang-json';
import { yaml } from '@codemirror/lang-yaml';
import { StreamLanguage, type StringStream } from '@codemirror/language';
import type { Extension } from '@codemirror/state';
import type { CodeLanguage } from '../CodeEditor';

/** `in` and what ends it, where a token goes on behind the end of its line. */
interface Open {
  inside?: string;
}

const jqWords = /^(?:def|reduce|foreach|if|then|elif|else|end|as|and|or|not|try|catch|label|break|import|include|limit|first|last|until|while|repeat)\b/;
const queryWords = /^(?:and|or|not|in|is|has|contains|between|empty|where|order|by|asc|desc|begins|ends|with|like|any|of|team|true|false|null)\b/i;

function string(stream: StringStream, quote: string): boolean {
  let escaped = false;
  while (!stream.eol()) {
    const next = stream.next();
    if (next === quote && !escaped) return true;
    escaped = next === '\\' && !escaped;
  }
  return false;
}

const jq = StreamLanguage.define<Open>({
  name: 'jq',
  startState: () => ({}),
  languageData: { commentTokens: { line: '#' }, closeBrackets: { brackets: ['(', '[', '{', '"', "'"] } },
  token(stream, state) {
    if (state.inside) {
      if (string(stream, state.inside)) state.inside = undefined;
      return 'string';
    }
    if (stream.eatSpace()) return null;
    if (stream.match('#')) return stream.skipToEnd(), 'comment';
    const quote = stream.peek();
    if (quote === '"' || quote === "'") {
      stream.next();
      if (!string(stream, quote)) state.inside = quote;
      return 'string';
    }
    if (stream.match(/^\.\.?(?:[A-Za-z_]\w*)?/)) return 'propertyName';
    if (stream.match(/^\$[A-Za-z_]\w*/)) return 'variableName';
    if (stream.match(/^@[a-z0-9]+/)) return 'atom';
    if (stream.match(/^\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/)) return 'number';
    if (stream.match(jqWords)) return 'keyword';
    if (stream.match(/^(?:true|false|null)\b/)) return 'atom';
    if (stream.match(/^[A-Za-z_][\w:]*/)) return 'variableName.function';
    stream.next();
    return null;
  },
});

const query = StreamLanguage.define<Open>({
  name: 'query',
  startState: () => ({}),
  languageData: { closeBrackets: { brackets: ['(', '[', '"', "'"] } },
  token(stream) {
    if (stream.eatSpace()) return null;
    const quote = stream.peek();
    if (quote === '"' || quote === "'") {
      stream.next();
      string(stream, quote);
      return 'string';
    }
    if (stream.match(/^-?\d+(?:\.\d+)?(?=[\s,)\]]|$)/)) return 'number';
    if (stream.match(queryWords)) return 'keyword';
    if (stream.match(/^(?:[<>]=?|!?=|[:~]+)/)) return 'operator';
    if (stream.match(/^[$@A-Za-z_][\w.@$:/-]*/)) return 'propertyName';
    stream.next();
    return null;
  },
});

const markdown = StreamLanguage.define<Open>({
  name: 'markdown',
  startState: () => ({}),
  token(stream, state) {
    if (stream.sol() && stream.match(/^(?:```|~~~)/)) {
      state.inside = state.inside ? undefined : 'fence';
      return stream.skipToEnd(), 'monospace';
    }
    if (state.inside) return stream.skipToEnd(), 'monospace';
    if (stream.sol() && stream.match(/^#{1,6}\s/)) return stream.skipToEnd(), 'heading';
    if (stream.sol() && stream.match(/^\s*(?:[-*+]|\d+\.|>)\s/)) return 'keyword';
    if (stream.match(/^`[^`]*`/)) return 'monospace';
    if (stream.match(/^\*\*[^*]+\*\*/)) return 'strong';
    if (stream.match(/^[*_][^*_\s][^*_]*[*_]/)) return 'emphasis';
    if (stream.match(/^!?\[[^\]]*\]\([^)]*\)/)) return 'link';
    if (!stream.match(/^[^`*_!#[]+/)) stream.next();
    return null;
  },
});

const languages: Record<CodeLanguage, () => Extension> = {
  json,
  yaml,
  jq: () => jq,
  query: () => query,
  markdown: () => markdown,
  text: () => [],
};

export const languageOf = (name: CodeLanguage): Extension => languages[name]();
