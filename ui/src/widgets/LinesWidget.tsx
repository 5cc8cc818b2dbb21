import { Lines } from '~/kit/charts/Lines';
import { Drill } from './drill';
import { Nothing } from './Nothing';
import type { WidgetProps } from './types';
import classes from './widgets.module.css';

const formats: Record<string, Intl.DateTimeFormatOptions> = {
  hour: { month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' },
  month: { month: 'short', year: 'numeric' },
  quarter: { month: 'short', year: 'numeric' },
};

export function LinesWidget({ widget, data }: WidgetProps<'lines'>) {
  const format = new Intl.DateTimeFormat('en', { timeZone: 'UTC', ...(formats[data.interval] ?? { month: 'short', day: 'numeric' }) });
  const series = data.lines.map((line) => ({ title: line.title, values: line.values.map((value) => value ?? null) }));
  const any = series.some((line) => line.values.some((value) => value !== null && value !== 0));
  if (!any) return <Nothing widget={widget}>Nothing in this range of time.</Nothing>;
  return (
    <div className={classes.fill}>
      <Lines dates={data.dates.map((date) => format.format(new Date(date)))} series={series} label={widget.title ?? 'the chart'} yTitle={typeof widget.yAxisTitle === 'string' ? widget.yAxisTitle : undefined} />
      <p className="sd-dim">
        {data.more > 0 && `${data.more} more lines are not shown. `}
        {data.query !== null && data.query !== undefined && (
          <Drill blueprint={data.blueprint} query={data.query}>
            All its entities
          </Drill>
        )}
      </p>
    </div>
  );
}
