import { Checkbox, Select } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { jqQuery, type JqResult } from '~/api/blueprints';
import { CodeBlock } from '~/kit/CodeBlock';
import { CodeEditor, type Complete } from '~/kit/CodeEditor';
import { Mono } from '~/kit/Mono';
import { ProblemLine } from '~/kit/Problem';
import { offsetOf, wordAt } from '~/lib/jsonText';
import { Choices } from './Choices';
import { useEditing } from './context';
import { definitions, patched, text, type Definition } from './draft';
import classes from './editor.module.css';
import { Value } from './LiveValue';
import { Titles, type DefinitionFormProps } from './PropertyForm';

const types = [
  { value: 'string', label: 'Text' },
  { value: 'string/url', label: 'URL' },
  { value: 'string/date-time', label: 'Date and time' },
  { value: 'string/markdown', label: 'Markdown' },
  { value: 'string/user', label: 'Person' },
  { value: 'string/team', label: 'Team' },
  { value: 'string/email', label: 'E-mail' },
  { value: 'number', label: 'Number' },
  { value: 'boolean', label: 'Yes or no' },
  { value: 'object', label: 'Object' },
  { value: 'array', label: 'List' },
];

/** A JQ program, run on a real entity while it is written. */
export function CalculationForm({ name, definition, onChange }: DefinitionFormProps) {
  const { blueprint, entity, draft, why } = useEditing();
  const put = (patch: Definition) => onChange(patched(definition, patch));
  const program = text(definition.calculation);
  const [settled] = useDebouncedValue(program, 250);
  const asked = useQuery({ ...jqQuery(settled, blueprint, entity ?? ''), enabled: entity !== undefined && settled.trim() !== '' && why === undefined });
  const current = settled === program && !asked.isPlaceholderData;
  const problem = current ? asked.data?.problem : undefined;
  const diagnostics = useMemo(() => {
    if (!problem) return [];
    const place = problem.line ? wordAt(program, offsetOf(program, problem.line, problem.column ?? 1)) : { from: 0, to: program.length };
    return [{ ...place, message: problem.message }];
  }, [problem, program]);
  const type = [text(definition.type) || 'string', definition.format].filter(Boolean).join('/');
  return (
    <>
      <Titles definition={definition} put={put} />
      <div className={classes.row}>
        <Select
          label="Its result is"
          data={types.some(({ value }) => value === type) ? types : [...types, { value: type, label: type }]}
          value={type}
          onChange={(next) => {
            const [kind, format] = (next ?? 'string').split('/');
            onChange(patched({ ...definition, type: kind }, { format }));
          }}
          allowDeselect={false}
        />
        <Checkbox
          label="Coloured"
          checked={definition.colorized === true}
          onChange={(event) => put({ colorized: event.currentTarget.checked || undefined, colors: event.currentTarget.checked ? (definition.colors ?? {}) : undefined })}
        />
      </div>
      <div>
        <div className={classes.label}>JQ program</div>
        <CodeEditor
          language="jq"
          label={`Program of ${name}`}
          value={program}
          onChange={(next) => onChange({ ...definition, calculation: next })}
          diagnostics={diagnostics}
          complete={completer(definitionKeys(draft.body))}
          height="120px"
          readOnly={why !== undefined}
          placeholder=".properties.name"
        />
      </div>
      {entity === undefined ? (
        <p className="sd-dim">Choose an entity above to run it.</p>
      ) : (
        asked.data && settled.trim() !== '' && <Outcome result={asked.data} entity={entity} type={text(definition.type)} waiting={!current} />
      )}
      {asked.error && <ProblemLine level="error" message={asked.error.message} />}
      {definition.colorized === true && <ResultColours definition={definition} onChange={onChange} />}
    </>
  );
}

interface OutcomeProps {
  result: JqResult;
  entity: string;
  type: string;
  waiting: boolean;
}

function Outcome({ result: { outputs, more, problem, input }, entity, type, waiting }: OutcomeProps) {
  const first = outputs[0];
  const kind = Array.isArray(first) ? 'array' : first === null ? 'null' : typeof first;
  const unfit = !problem && first !== undefined && kind !== 'null' && kind !== type;
  return (
    <div className={classes.live} aria-live="polite" data-waiting={waiting || undefined}>
      <span className={classes.label}>
        Result for <Mono>{entity}</Mono>
      </span>
      {problem && <ProblemLine level="error" message={problem.message} line={problem.line} />}
      {!problem && <Value value={first} />}
      {unfit && <ProblemLine level="warning" message={`This is of type ${kind}, not ${type}: the property will have no value.`} />}
      {outputs.length > 1 && <p className="sd-dim">{more ? 'It goes on' : `${outputs.length - 1} more`}; only the first counts.</p>}
      <details className={classes.details}>
        <summary>What it runs on</summary>
        <CodeBlock text={JSON.stringify(input, null, 2)} language="json" label="Input" maxHeight="260px" />
      </details>
    </div>
  );
}

/** Colours by value: its keys are the choices. */
function ResultColours({ definition, onChange }: Omit<DefinitionFormProps, 'name'>) {
  const colors = (definition.colors ?? {}) as Record<string, string>;
  const shown = { enum: Object.keys(colors), colors };
  const change = (next: Definition) => {
    const chosen = (next.colors ?? {}) as Record<string, string>;
    const keys = (next.enum as string[]).map((key): [string, string] => [key, chosen[key] ?? 'lightGray']);
    onChange({ ...definition, colors: Object.fromEntries(keys) });
  };
  return <Choices definition={shown} colours="colors" onChange={change} />;
}

function definitionKeys(body: Parameters<typeof definitions>[0]) {
  const of = (part: Parameters<typeof definitions>[1], path: string) => Object.keys(definitions(body, part)).map((key) => ({ path, key }));
  return [
    ...of('properties', '.properties'),
    ...of('mirrorProperties', '.properties'),
    ...of('aggregationProperties', '.properties'),
    ...of('relations', '.relations'),
  ];
}

const ofEntity = ['.identifier', '.title', '.team', '.icon', '.blueprint', '.properties', '.relations', '.createdAt', '.updatedAt'];
const plain = /^[A-Za-z_]\w*$/;

/** Completes paths into the entity. */
function completer(keys: { path: string; key: string }[]): Complete {
  const paths = keys.map(({ path, key }) => ({ label: plain.test(key) ? `${path}.${key}` : `${path}["${key}"]`, type: 'property' as const }));
  const all = [...ofEntity.map((label) => ({ label, type: 'property' as const })), ...paths];
  return (written, position) => {
    const before = /\.[\w.]*$/.exec(written.slice(0, position));
    return before ? { from: position - before[0].length, options: all } : null;
  };
}
