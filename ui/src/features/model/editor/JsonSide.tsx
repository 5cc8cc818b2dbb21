import { useMemo, type Ref } from 'react';
import { CodeEditor, type CodeEditorHandle } from '~/kit/CodeEditor';
import { placeOf } from '~/lib/jsonText';
import { useEditing } from './context';

/** The blueprint as text, with everything that is wrong at its place. */
export function JsonSide({ handle }: { handle: Ref<CodeEditorHandle> }) {
  const { draft, why } = useEditing();
  const { read, preview, current } = draft;
  const diagnostics = useMemo(() => {
    if (read.error) return [read.error];
    if (!preview || !current) return undefined;
    return preview.problems.map(({ pointer, message, level }) => ({ ...placeOf(read, pointer), message, severity: level === 'warning' ? ('warning' as const) : ('error' as const) }));
  }, [read, preview, current]);
  return (
    <CodeEditor
      language="json"
      label="Blueprint as JSON"
      value={draft.text}
      onChange={draft.setText}
      diagnostics={diagnostics}
      readOnly={why !== undefined}
      handle={handle}
    />
  );
}
