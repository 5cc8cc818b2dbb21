import { IconX } from '@tabler/icons-react';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import { askQuery, queryCheck, type QueryAnswer } from '~/api/tables';
import { CodeEditor, type CodeCompletion, type CodeCompletions, type CodeEditorHandle } from '~/kit/CodeEditor';
import classes from './table.module.css';

interface QueryBarProps {
  label: string;
  blueprint?: string;
  /** The query as the address has it. */
  query: string;
  onQuery: (query: string) => void;
}

type CompletionKind = NonNullable<QueryAnswer['completions']>['items'][number]['kind'];

const kinds: Record<string, CodeCompletion['type']> = {
  property: 'property',
  relation: 'variable',
  meta: 'property',
  operator: 'keyword',
  value: 'constant',
  keyword: 'keyword',
  function: 'function',
  blueprint: 'class',
  entity: 'class',
};

/** One line in the query language. Completion and mistakes come from the server, which alone knows the grammar. */
export function QueryBar({ label, blueprint, query, onQuery }: QueryBarProps) {
  const [draft, setDraft] = useState({ of: query, text: query });
  // another query in the address is another text here
  const text = draft.of === query ? draft.text : query;
  const [settled] = useDebouncedValue(text, 200);
  const { data } = useQuery({ ...queryCheck(settled, blueprint), enabled: settled !== '' && settled !== query });
  const bar = useRef<HTMLDivElement>(null);
  const editor = useRef<CodeEditorHandle>(null);
  const problem = settled === text && settled !== query ? data?.problem : undefined;
  const notes = settled === text && settled !== query ? (data?.notes ?? []) : [];
  const submit = () => onQuery(text.trim());
  return (
    <div
      ref={bar}
      className={classes.queryBar}
      data-search
      tabIndex={-1}
      onFocus={(event) => {
        if (event.target === event.currentTarget) editor.current?.focus();
      }}
    >
      <CodeEditor
        singleLine
        language="query"
        label={label}
        placeholder="Words, or tier = gold and $team in @myTeams"
        value={text}
        onChange={(next) => setDraft({ of: query, text: next })}
        onSubmit={submit}
        complete={(typed, position) => complete(typed, position, blueprint)}
        diagnostics={[...(problem ? [{ ...problem, severity: 'error' as const }] : []), ...notes.map((note) => ({ ...note, severity: 'warning' as const }))].map(
          ({ from, to, message, hint, severity }) => ({ from, to, severity, message: hint ? `${message} – ${hint}` : message }),
        )}
        handle={(there) => {
          editor.current = there;
          // who wanted to write before the editor had come
          if (there && bar.current === document.activeElement) there.focus();
        }}
      />
      {text !== '' && (
        <button
          type="button"
          className={classes.clear}
          aria-label="Clear the query"
          onClick={() => {
            setDraft({ of: query, text: '' });
            onQuery('');
          }}
        >
          <IconX size={14} aria-hidden />
        </button>
      )}
      {problem && (
        <p className={classes.queryProblem} role="status">
          {problem.message}
          {problem.hint && <span className="sd-dim"> – {problem.hint}</span>}
        </p>
      )}
    </div>
  );
}

async function complete(text: string, position: number, blueprint: string | undefined): Promise<CodeCompletions | null> {
  // the parenthesis that the editor has closed by itself: what is chosen brings its own, and one goes on behind it
  const own = text[position] === ')' && /\bscorecard\([^()]*$/i.test(text.slice(0, position));
  const { completions } = await askQuery(own ? text.slice(0, position) + text.slice(position + 1) : text, blueprint, position);
  if (!completions) return null;
  const options = completions.items.map(({ insert, kind, detail }) => ({ label: insert, apply: applied(insert, kind), detail: detail ?? undefined, type: kinds[kind] }));
  return { from: completions.from, to: own ? position + 1 : undefined, options };
}

/** What goes on after it gets its space. */
const applied = (insert: string, kind: CompletionKind) => (kind === 'operator' || kind === 'keyword' || (kind !== 'function' && kind !== 'value' && !insert.endsWith('.')) ? `${insert} ` : insert);
