import { CodeBlock } from '~/kit/CodeBlock';
import { count } from '~/lib/text';
import type { ViewerKind } from './viewer';
import { ViewerDocument } from './ViewerDocument';
import { ViewerEmbed } from './ViewerEmbed';
import { ViewerTypes } from './ViewerTypes';

interface ViewerProps {
  kind: ViewerKind;
  value: unknown;
  label: string;
}

/** A value that has a viewer of its own. */
export default function Viewer({ kind, value, label }: ViewerProps) {
  const text = typeof value === 'string' ? value : JSON.stringify(value, null, 2);
  if (kind === 'embed') return <ViewerEmbed url={text} title={label} />;
  if (kind === 'graphql' || kind === 'proto') return <ViewerTypes kind={kind} text={text} label={label} />;
  if (kind === 'openapi' || kind === 'asyncapi') return <ViewerDocument kind={kind} text={text} label={label} />;
  return (
    <>
      <p className="sd-dim">{count(text.replace(/\n$/, '').split('\n').length, 'line')}</p>
      <CodeBlock text={text} language={languageOf(text)} label={label} maxHeight="460px" />
    </>
  );
}

export function languageOf(text: string): 'json' | 'yaml' | 'text' {
  if (/^\s*[{[]/.test(text)) return 'json';
  return /^\s*(#.*\n\s*)*("?[\w$-]+"?\s*:|---)/.test(text) ? 'yaml' : 'text';
}
