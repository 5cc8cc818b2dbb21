import { Select, Textarea, TextInput } from '@mantine/core';
import type { WidgetData, WidgetJson } from '~/api/pages';
import type { Blueprint } from '~/api/types';
import { useModel } from '~/parts/model';
import type { Field } from '~/widgets';
import { ActionField, ActionsField } from './ActionFields';
import { QueryField } from './QueryField';
import { GroupByField, ScorecardField } from './ScorecardFields';

interface WidgetFormProps {
  fields: Field[];
  widget: WidgetJson;
  /** What it shows now: it knows the text of its query. */
  data: WidgetData | undefined;
  onChange: (widget: WidgetJson) => void;
}

/** The fields of a widget that most people need; the rest is in its JSON. */
export function WidgetForm({ fields, ...props }: WidgetFormProps) {
  return (
    <div style={{ display: 'grid', gap: 12 }}>
      {fields.map((field) => {
        const Shown = forms[field];
        return <Shown key={field} {...props} />;
      })}
    </div>
  );
}

export type FieldProps = Omit<WidgetFormProps, 'fields'>;

const textOf = (value: unknown) => (typeof value === 'string' ? value : '');
const ofBlueprint = (blueprint: string, ...rules: unknown[]) => ({ combinator: 'and', rules: [{ property: '$blueprint', operator: '=', value: blueprint }, ...rules] });

function useBlueprintOf(widget: WidgetJson): Blueprint | undefined {
  return useModel().blueprints.find((one) => one.identifier === widget.blueprint);
}

const forms: Record<Field, (props: FieldProps) => React.ReactNode> = {
  title: ({ widget, onChange }) => <TextInput label="Title" value={textOf(widget.title)} onChange={(event) => onChange({ ...widget, title: event.currentTarget.value })} data-autofocus />,
  blueprint: BlueprintField,
  query: ({ widget, data, onChange }) => {
    const blueprint = textOf(widget.blueprint);
    const text = data && 'query' in data ? (data.query ?? '') : data?.kind === 'table' ? (data.tabs[0]?.first.query ?? '') : '';
    return <QueryField key={blueprint} label="Only those for which" blueprint={blueprint} text={text} onRules={(rules) => onChange({ ...widget, dataset: ofBlueprint(blueprint, ...rules) })} />;
  },
  property: PropertyField,
  numberOf: NumberOfField,
  unit: ({ widget, onChange }) => (
    <>
      <Select label="Unit" data={['none', '$', '€', '£', '%', 'custom']} value={textOf(widget.unit)} allowDeselect={false} onChange={(unit) => onChange({ ...widget, unit: unit ?? 'none' })} />
      {widget.unit === 'custom' && <TextInput label="Name of the unit" value={textOf(widget.unitCustom)} onChange={(event) => onChange({ ...widget, unitCustom: event.currentTarget.value })} />}
    </>
  ),
  lineOf: LineOfField,
  markdown: ({ widget, onChange }) => <Textarea label="Text" description="Markdown. {{ .user.name }} stands for the reader." autosize minRows={6} maxRows={16} value={textOf(widget.markdown)} onChange={(event) => onChange({ ...widget, markdown: event.currentTarget.value })} />,
  url: ({ widget, onChange }) => <TextInput label="Address" type="url" value={textOf(widget.url)} onChange={(event) => onChange({ ...widget, url: event.currentTarget.value })} />,
  links: LinksField,
  actions: ActionsField,
  action: ActionField,
  scorecard: ScorecardField,
  groupBy: GroupByField,
};

function BlueprintField({ widget, onChange }: FieldProps) {
  const { blueprints } = useModel();
  return (
    <Select
      label="Of what"
      searchable
      allowDeselect={false}
      data={blueprints.map((one) => ({ value: one.identifier, label: `${one.title} (${one.count})` }))}
      value={textOf(widget.blueprint)}
      onChange={(blueprint) => {
        const known = blueprints.find((one) => one.identifier === blueprint);
        if (!known) return;
        const property = textOf(widget.property).replace(/^.*#/, '');
        const kept = property === '' || property.startsWith('$') || property in known.properties || property in known.relations;
        onChange({ ...widget, blueprint: known.identifier, dataset: ofBlueprint(known.identifier), ...(kept ? {} : { property: '$team' }) });
      }}
    />
  );
}

function choices(blueprint: Blueprint | undefined, only?: (type: string | undefined) => boolean) {
  if (!blueprint) return [];
  const properties = Object.entries(blueprint.properties).filter(([, definition]) => (only ? only(definition.type) : definition.type !== 'object'));
  const items = properties.map(([key, definition]) => ({ value: key, label: definition.title ?? key }));
  if (only) return [{ group: 'Properties', items }];
  const relations = Object.entries(blueprint.relations).map(([key, relation]) => ({ value: key, label: relation.title ?? key }));
  return [
    { group: 'Properties', items },
    { group: 'Relations', items: relations },
    { group: 'Everything has', items: [{ value: '$team', label: 'Owning team' }, { value: '$createdBy', label: 'Created by' }] },
  ];
}

function PropertyField({ widget, onChange }: FieldProps) {
  const blueprint = useBlueprintOf(widget);
  return <Select label="By" searchable allowDeselect={false} data={choices(blueprint)} value={textOf(widget.property).replace(/^.*#/, '')} onChange={(property) => onChange({ ...widget, property: property ?? '$team' })} />;
}

function NumberOfField({ widget, onChange }: FieldProps) {
  const blueprint = useBlueprintOf(widget);
  const isNumber = (type: string | undefined) => type === 'number';
  const [group] = choices(blueprint, isNumber);
  const numbers = group?.items ?? [];
  const by = widget.calculationBy === 'property' ? textOf(widget.func) : 'count';
  const set = (func: string | null) =>
    onChange(
      func === 'count' || func === null
        ? { ...widget, chartType: 'countEntities', calculationBy: 'entities', func: 'count', property: undefined }
        : { ...widget, chartType: 'aggregateByProperty', calculationBy: 'property', func, property: textOf(widget.property) || numbers[0]?.value },
    );
  return (
    <>
      <Select
        label="Shows"
        allowDeselect={false}
        description={numbers.length === 0 ? 'This blueprint has no numbers: entities are counted.' : undefined}
        data={[{ value: 'count', label: 'How many there are' }, ...(numbers.length > 0 ? ['sum', 'average', 'min', 'max', 'median'].map((func) => ({ value: func, label: `The ${func} of a property` })) : [])]}
        value={by}
        onChange={set}
      />
      {widget.calculationBy === 'property' && <Select label="Of the property" allowDeselect={false} data={numbers} value={textOf(widget.property)} onChange={(property) => onChange({ ...widget, property: property ?? '' })} />}
    </>
  );
}

const ranges = { lastWeek: 'the last week', lastMonth: 'the last month', last3Months: 'the last 3 months', last6Months: 'the last 6 months', last12Months: 'the last 12 months' };
const intervals = { hour: 'hour', day: 'day', isoWeek: 'week', month: 'month', quarter: 'quarter' };
const items = (of: Record<string, string>) => Object.entries(of).map(([value, label]) => ({ value, label }));

function LineOfField({ widget, onChange }: FieldProps) {
  const blueprint = useBlueprintOf(widget);
  const dates = Object.entries(blueprint?.properties ?? {}).filter(([, definition]) => definition.format === 'date-time');
  const range = (widget.timeRange as { preset?: string } | undefined)?.preset ?? 'lastMonth';
  return (
    <>
      <Select label="By the time of" allowDeselect={false} data={[{ value: '$createdAt', label: 'Creation' }, { value: '$updatedAt', label: 'Last change' }, ...dates.map(([key, definition]) => ({ value: key, label: definition.title ?? key }))]} value={textOf(widget.measureTimeBy)} onChange={(by) => onChange({ ...widget, measureTimeBy: by ?? '$createdAt' })} />
      <Select label="Range" allowDeselect={false} data={items(ranges)} value={range} onChange={(preset) => onChange({ ...widget, timeRange: { preset } })} />
      <Select label="A point for each" allowDeselect={false} data={items(intervals)} value={textOf(widget.timeInterval)} onChange={(interval) => onChange({ ...widget, timeInterval: interval ?? 'day' })} />
      <Select label="A line for each" clearable placeholder="one line for all" data={choices(blueprint)} value={textOf(widget.breakdownProperty) || null} onChange={(property) => onChange({ ...widget, breakdownProperty: property ?? undefined })} />
    </>
  );
}

interface LinkJson {
  title: string;
  url: string;
}

function LinksField({ widget, onChange }: FieldProps) {
  const links = Array.isArray(widget.links) ? (widget.links as LinkJson[]) : [];
  const write = (text: string) =>
    onChange({
      ...widget,
      links: text.split('\n').flatMap((line) => {
        const [title, url] = line.split('|').map((part) => part.trim());
        return title ? [{ title, url: url ?? '' }] : [];
      }),
    });
  return <Textarea label="Links" description="One on each line: title | address" autosize minRows={4} defaultValue={links.map((link) => `${link.title} | ${link.url}`).join('\n')} onBlur={(event) => write(event.currentTarget.value)} />;
}
