import { Bars, type Part } from '~/kit/charts/Bars';
import { restColor } from '~/kit/charts/colors';
import { Pie } from '~/kit/charts/Pie';
import { count } from '~/lib/text';
import { linkParts } from './drill';
import { Nothing } from './Nothing';
import type { WidgetProps } from './types';

/** Counts by value: as a pie or as bars, by the widget's type. */
export function SlicesWidget({ widget, data }: WidgetProps<'slices'>) {
  if (data.total === 0) return <Nothing widget={widget}>No entities match.</Nothing>;
  const queries = new Map(data.slices.map((slice) => [slice.value ?? ' none', slice.query]));
  const parts: Part[] = data.slices.map((slice) => ({
    key: slice.value ?? ' none',
    title: slice.title,
    count: slice.count,
    none: slice.value === null || slice.value === undefined,
  }));
  if (data.more > 0) parts.push({ key: ' more', title: `${count(data.more, 'other value')}, not shown`, count: data.others, color: restColor });
  const Chart = widget.type === 'bar-chart' ? Bars : Pie;
  return <Chart parts={parts} total={data.total} unit={data.total === 1 ? 'entity' : 'entities'} link={linkParts(data.blueprint, queries)} />;
}
