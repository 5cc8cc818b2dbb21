import { useMemo } from 'react';
import { jsonLine, yamlLineTokens, type Token } from '~/lib/highlight';
import { CopyButton } from './CopyButton';
import classes from './Code.module.css';

// colouring makes several elements a line; beyond this plain text is kinder
const maxColoured = 4000;

interface CodeBlockProps {
  text: string;
  language: 'yaml' | 'json' | 'text';
  label: string;
  /** Keeps the block low enough to leave the rest of the page in sight. */
  maxHeight?: string;
}

export function CodeBlock({ text, language, label, maxHeight }: CodeBlockProps) {
  const lines = useMemo(() => text.replace(/\n$/, '').split('\n'), [text]);
  const tokens = language === 'json' ? jsonLine : yamlLineTokens;
  const plain = language === 'text' || lines.length > maxColoured;
  return (
    <div className={classes.frame}>
      <div className={classes.copy}>
        <CopyButton value={text} label={`Copy ${label}`} />
      </div>
      <pre className={classes.pre} tabIndex={0} role="region" aria-label={label} style={{ maxHeight }}>
        {plain ? text : lines.map((line, i) => <Line key={i} tokens={tokens(line)} />)}
      </pre>
    </div>
  );
}

function Line({ tokens }: { tokens: Token[] }) {
  return (
    <>
      {tokens.map((token, i) =>
        token.kind === 'plain' || token.kind === 'punctuation' ? (
          token.text
        ) : (
          <span key={i} className={classes[token.kind]}>
            {token.text}
          </span>
        ),
      )}
      {'\n'}
    </>
  );
}
