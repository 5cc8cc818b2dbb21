import { SegmentedControl } from '@mantine/core';
import { useEffect, useState } from 'react';
import { CodeBlock } from '~/kit/CodeBlock';
import { Waiting } from '~/kit/Page';
import { ProblemLine } from '~/kit/Problem';
import type { Definition } from './definition';
import { ViewerOperations } from './ViewerOperations';
import { languageOf } from './Viewer';
import classes from './viewer.module.css';

interface ViewerDocumentProps {
  kind: 'openapi' | 'asyncapi';
  text: string;
  label: string;
}

/** Longer ones are shown as text. */
const largest = 4_000_000;
const patience = 8_000;

type Read = { definition?: Definition; error?: string };

/** A definition of an API as operations or channels, and as text. */
export function ViewerDocument({ kind, text, label }: ViewerDocumentProps) {
  const [view, setView] = useState<'read' | 'source'>('read');
  const read = useDefinition(kind, text);
  const failed = read?.error !== undefined;
  return (
    <div className={classes.viewer}>
      <SegmentedControl
        size="xs"
        aria-label={`${label}, shown as`}
        value={failed ? 'source' : view}
        onChange={(value) => setView(value as typeof view)}
        data={[
          { value: 'read', label: kind === 'openapi' ? 'Operations' : 'Channels', disabled: failed },
          { value: 'source', label: 'Source' },
        ]}
      />
      {failed && <ProblemLine level="warning" message={`It cannot be laid out: ${read.error}`} />}
      {failed || view === 'source' ? (
        <CodeBlock text={text} language={languageOf(text)} label={label} maxHeight="560px" />
      ) : read?.definition ? (
        <ViewerOperations kind={kind} definition={read.definition} />
      ) : (
        <Waiting lines={6} />
      )}
    </div>
  );
}

function useDefinition(kind: 'openapi' | 'asyncapi', text: string): Read | null {
  const [read, setRead] = useState<Read | null>(null);
  useEffect(() => {
    setRead(null);
    if (text.length > largest) {
      setRead({ error: `${Math.round(text.length / 1e6)} MB are more than a page can lay out.` });
      return;
    }
    const worker = new Worker(new URL('./document.worker.ts', import.meta.url), { type: 'module' });
    const stop = (result: Read) => {
      clearTimeout(timer);
      worker.terminate();
      setRead(result);
    };
    const timer = setTimeout(() => stop({ error: 'reading it takes too long.' }), patience);
    worker.onmessage = ({ data }: MessageEvent<Read>) => stop(data);
    worker.onerror = () => stop({ error: 'it cannot be read.' });
    worker.postMessage({ kind, text });
    return () => {
      clearTimeout(timer);
      worker.terminate();
    };
  }, [kind, text]);
  return read;
}
