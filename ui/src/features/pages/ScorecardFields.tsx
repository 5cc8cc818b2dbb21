import { Select } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { publishedQuery } from '~/api/scorecards';
import { useModel } from '~/parts/model';
import type { FieldProps } from './WidgetForm';

/** Which scorecard a widget is about. */
export function ScorecardField({ widget, onChange }: FieldProps) {
  const { data, error } = useQuery(publishedQuery);
  const options = (data?.scorecards ?? []).map(({ blueprint, blueprintTitle, identifier, title }) => ({ value: `${blueprint} ${identifier}`, label: `${title} (${blueprintTitle})` }));
  const choose = (next: string | null) => {
    const [blueprint = '', scorecard = ''] = (next ?? '').split(' ');
    onChange({ ...widget, blueprint, scorecard });
  };
  return (
    <Select
      label="Scorecard"
      searchable
      allowDeselect={false}
      error={error?.message}
      description={data && options.length === 0 ? 'There is no scorecard yet.' : undefined}
      data={options}
      value={widget.scorecard ? `${String(widget.blueprint)} ${String(widget.scorecard)}` : null}
      onChange={choose}
    />
  );
}

/** What the rows of a heat map are. */
export function GroupByField({ widget, onChange }: FieldProps) {
  const blueprint = useModel().blueprints.find(({ identifier }) => identifier === widget.blueprint);
  const relations = Object.entries(blueprint?.relations ?? {}).map(([key, { title }]) => ({ value: key, label: title ?? key }));
  const choices = Object.entries(blueprint?.properties ?? {}).flatMap(([key, { title, enum: values }]) => (values ? [{ value: key, label: title ?? key }] : []));
  return <Select label="Rows" searchable allowDeselect={false} data={[{ value: '$team', label: 'Owning team' }, ...relations, ...choices.filter(({ value }) => !relations.some((one) => one.value === value))]} value={String(widget.groupBy ?? '$team')} onChange={(groupBy) => onChange({ ...widget, groupBy: groupBy ?? '$team' })} />;
}
