import { formatNumber } from '~/lib/text';
import { Drill } from './drill';
import type { WidgetProps } from './types';
import classes from './widgets.module.css';

interface Condition {
  operator: string;
  value: number;
  message?: string;
  description?: string;
  color?: string;
}

/** A number with its unit, and what it means. */
export function NumberWidget({ widget, data }: WidgetProps<'number'>) {
  const value = typeof data.value === 'number' ? data.value : null;
  const condition = value === null ? undefined : conditions(widget.conditionalFormatting).find((one) => holds(value, one));
  const unit = unitOf(widget.unit, widget.unitCustom);
  const left = widget.unitAlignment === 'left' || (widget.unitAlignment === undefined && /^[$€£]$/.test(unit));
  const text = value === null ? (data.text ?? '–') : shown(value, widget.displayFormatting, widget.decimalPlaces);
  return (
    <div className={classes.number} data-chart="number">
      <Drill blueprint={data.blueprint} query={data.query} className={classes.figure}>
        {left && unit && <span className={classes.unit}>{unit}</span>}
        {text}
        {!left && unit && <span className={classes.unit}>{unit === '%' ? '%' : ` ${unit}`}</span>}
      </Drill>
      {value === null && !data.text && <p className="sd-dim">{data.total === 0 ? String(widget.emptyStateText ?? 'No entities match.') : 'There is no value.'}</p>}
      {condition && (
        <p className={classes.condition} data-color={condition.color}>
          {condition.message ?? `${condition.operator} ${condition.value}`}
          {condition.description && <span className="sd-dim"> {condition.description}</span>}
        </p>
      )}
      {data.query !== null && data.query !== undefined && widget.calculationBy === 'property' && <p className="sd-dim">of {formatNumber(data.total)} entities</p>}
    </div>
  );
}

const unitOf = (unit: unknown, custom: unknown) => (unit === 'custom' ? String(custom ?? '') : typeof unit === 'string' && unit !== 'none' ? unit : '');

function shown(value: number, formatting: unknown, places: unknown): string {
  if (formatting === 'round') return formatNumber(Math.round(value));
  if (formatting === 'custom' && typeof places === 'string') {
    const digits = places.replace('.', '').length;
    return value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
  }
  return value.toLocaleString('en', { maximumFractionDigits: 2 });
}

const conditions = (said: unknown): Condition[] => (Array.isArray(said) ? (said as Condition[]).filter((one) => typeof one?.value === 'number') : []);

function holds(value: number, { operator, value: limit }: Condition): boolean {
  switch (operator) {
    case '>':
      return value > limit;
    case '>=':
      return value >= limit;
    case '<':
      return value < limit;
    case '<=':
      return value <= limit;
    case '!=':
      return value !== limit;
    default:
      return value === limit;
  }
}
