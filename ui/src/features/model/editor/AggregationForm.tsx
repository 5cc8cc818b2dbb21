import { NativeSelect, Select } from '@mantine/core';
import { useModel } from '~/parts/model';
import { QueryField } from './QueryField';
import { useEditing } from './context';
import { patched, text, type Definition } from './draft';
import classes from './editor.module.css';
import { metaProperties, propertiesOf } from './fields';
import { LiveValue } from './LiveValue';
import { PathPicker } from './PathPicker';
import { Titles, type DefinitionFormProps } from './PropertyForm';

const functions = [
  { value: 'entities/count', label: 'How many there are' },
  { value: 'entities/average', label: 'How many in a time, on average' },
  { value: 'property/sum', label: 'Sum of a property' },
  { value: 'property/average', label: 'Average of a property' },
  { value: 'property/min', label: 'Least of a property' },
  { value: 'property/max', label: 'Greatest of a property' },
  { value: 'property/median', label: 'Median of a property' },
];
const intervals = [
  { value: 'hour', label: 'an hour' },
  { value: 'day', label: 'a day' },
  { value: 'week', label: 'a week' },
  { value: 'month', label: 'a month' },
  { value: 'total', label: 'in all' },
];

/** A number over related entities. */
export function AggregationForm({ name, definition, onChange }: DefinitionFormProps) {
  const model = useModel();
  const { blueprint, draft } = useEditing();
  const own = { identifier: blueprint, body: draft.body };
  const put = (patch: Definition) => onChange(patched(definition, patch));
  const target = text(definition.target);
  const spec = (definition.calculationSpec ?? { calculationBy: 'entities', func: 'count' }) as Record<string, string>;
  const fields = propertiesOf(model, target, own);
  const numbers = fields.filter(({ type }) => type === 'number');
  const dates = [...metaProperties.filter(({ value }) => value.endsWith('At')), ...fields.filter(({ format }) => format === 'date-time')];
  const choose = (chosen: string) => {
    const [calculationBy = 'entities', func = 'count'] = chosen.split('/');
    const kept = calculationBy === 'property' ? { property: spec.property ?? numbers[0]?.value ?? '' } : {};
    const timed = func === 'average' ? { averageOf: spec.averageOf ?? (calculationBy === 'property' ? 'total' : 'day') } : {};
    put({ calculationSpec: { calculationBy, func, ...kept, ...timed } });
  };
  const set = (patch: Record<string, string>) => put({ calculationSpec: { ...spec, ...patch } });
  return (
    <>
      <Titles definition={definition} put={put} />
      <div className={classes.row}>
        <Select
          label="Over entities of"
          data={model.blueprints.map(({ identifier, title }) => ({ value: identifier, label: title }))}
          value={target || null}
          onChange={(next) => next && put({ target: next })}
          searchable
          allowDeselect={false}
        />
        <Select label="What" data={functions} value={`${spec.calculationBy}/${spec.func}`} onChange={(next) => next && choose(next)} allowDeselect={false} />
      </div>
      <div className={classes.row}>
        {spec.calculationBy === 'property' && (
          <Select
            label="Property"
            data={numbers.some(({ value }) => value === spec.property) || !spec.property ? numbers : [...numbers, { value: spec.property, label: spec.property }]}
            value={spec.property || null}
            onChange={(property) => property && set({ property })}
            placeholder={numbers.length === 0 ? 'it has no number' : 'choose a number'}
            allowDeselect={false}
          />
        )}
        {spec.func === 'average' && <NativeSelect size="xs" label="For" data={intervals} value={spec.averageOf} onChange={(event) => set({ averageOf: event.currentTarget.value })} />}
        {spec.func === 'average' && spec.averageOf !== 'total' && (
          <Select label="By the date of" data={dates} value={spec.measureTimeBy ?? '$createdAt'} onChange={(next) => next && set({ measureTimeBy: next })} allowDeselect={false} />
        )}
      </div>
      <QueryField label="Only those that match" blueprint={target} rules={definition.query} onChange={(query) => put({ query })} />
      <Through definition={definition} target={target} put={put} />
      <LiveValue name={name} />
    </>
  );
}

interface Filter {
  path: string[];
  fromBlueprint?: string;
}

/** Which relations lead to them: any, or one path from here or from there. */
function Through({ definition, target, put }: { definition: Definition; target: string; put: (patch: Definition) => void }) {
  const { blueprint } = useEditing();
  const filters = Array.isArray(definition.pathFilter) ? (definition.pathFilter as Filter[]) : [];
  const filter = filters[0];
  const back = filter?.fromBlueprint === target && target !== blueprint;
  const way = filter === undefined ? 'any' : back ? 'back' : 'forth';
  const set = (path: string[], isBack: boolean) => put({ pathFilter: [{ path, ...(isBack && { fromBlueprint: target }) }] });
  return (
    <>
      <NativeSelect
        size="xs"
        label="Related"
        data={[
          { value: 'any', label: 'in any way, over any relations' },
          { value: 'forth', label: 'over relations from here' },
          { value: 'back', label: 'over relations of theirs that lead here' },
        ]}
        value={way}
        onChange={(event) => (event.currentTarget.value === 'any' ? put({ pathFilter: undefined }) : set([], event.currentTarget.value === 'back'))}
        maw={360}
      />
      {filter && <PathPicker label="Over" from={back ? target : blueprint} path={filter.path} onChange={(path) => set(path, back)} />}
      {filters.length > 1 && <p className="sd-dim">{filters.length - 1} more paths: see the JSON.</p>}
    </>
  );
}
