import { useMemo, useRef } from 'react';
import { CodeBlock } from '~/kit/CodeBlock';
import { count } from '~/lib/text';
import classes from './viewer.module.css';

interface Found {
  kind: string;
  name: string;
  line: number;
}

const patterns = {
  graphql: /^\s*(?:extend\s+)?(type|input|interface|enum|union|scalar|directive)\s+@?(\w+)/,
  proto: /^\s*(message|service|enum|rpc)\s+(\w+)/,
};
const mostNamed = 200;

/** The source of a GraphQL or gRPC definition, and what it defines. */
export function ViewerTypes({ kind, text, label }: { kind: 'graphql' | 'proto'; text: string; label: string }) {
  const box = useRef<HTMLDivElement>(null);
  const found = useMemo(() => outline(text, patterns[kind]), [kind, text]);
  const lines = text.replace(/\n$/, '').split('\n').length;
  const show = (line: number) => {
    const region = box.current?.querySelector('[role=region]');
    region?.scrollTo({ top: (region.scrollHeight / Math.max(1, lines)) * (line - 1) });
  };
  return (
    <div className={classes.types} ref={box}>
      {found.length > 0 && (
        <nav aria-label={`What ${label} defines`}>
          <ul>
            {found.slice(0, mostNamed).map(({ kind: what, name, line }) => (
              <li key={`${line} ${name}`}>
                <button type="button" onClick={() => show(line)}>
                  <span className="sd-dim">{what}</span> {name}
                </button>
              </li>
            ))}
          </ul>
          {found.length > mostNamed && <p className="sd-dim">{count(found.length - mostNamed, 'more name')} hidden</p>}
        </nav>
      )}
      <CodeBlock text={text} language="text" label={label} maxHeight="460px" />
    </div>
  );
}

function outline(text: string, pattern: RegExp): Found[] {
  const found: Found[] = [];
  text.split('\n').forEach((line, i) => {
    // a line that long is no definition that anybody wrote
    const match = line.length < 400 ? pattern.exec(line) : null;
    if (match?.[1] && match[2]) found.push({ kind: match[1], name: match[2], line: i + 1 });
  });
  return found;
}
