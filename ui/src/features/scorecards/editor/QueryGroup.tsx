import { Button, SegmentedControl } from '@mantine/core';
import { IconPlus, IconTrash } from '@tabler/icons-react';
import type { Blueprint } from '~/api/types';
import { Hidden } from '~/kit/Mono';
import { ConditionRow } from './ConditionRow';
import { conditionsOf, type QueryJson } from './definition';
import classes from './editor.module.css';

interface QueryGroupProps {
  blueprint: Blueprint | undefined;
  query: QueryJson | undefined;
  onChange: (query: QueryJson) => void;
  label: string;
}

/** Conditions that all have to hold, or of which one has to. */
export function QueryGroup({ blueprint, query, onChange, label }: QueryGroupProps) {
  const conditions = conditionsOf(query);
  const put = (next: QueryJson['conditions']) => onChange({ combinator: 'and', ...query, conditions: next });
  return (
    <div className={classes.group} role="group" aria-label={label}>
      {conditions.length > 1 && (
        <SegmentedControl size="xs" aria-label={`${label}: how many`} value={query?.combinator === 'or' ? 'or' : 'and'} onChange={(combinator) => onChange({ ...query, combinator })} data={[{ value: 'and', label: 'All hold' }, { value: 'or', label: 'Any holds' }]} />
      )}
      {conditions.map((condition, i) => (
        // conditions have no names of their own
        <div key={i} className={classes.conditionLine}>
          <ConditionRow blueprint={blueprint} condition={condition} label={`${label}, condition ${i + 1}`} onChange={(next) => put(conditions.map((one, n) => (n === i ? next : one)))} />
          <button type="button" className={classes.tool} aria-label={`Remove condition ${i + 1} of ${label}`} onClick={() => put(conditions.filter((_, n) => n !== i))}>
            <IconTrash size={14} aria-hidden />
          </button>
        </div>
      ))}
      <Button variant="subtle" size="compact-xs" leftSection={<IconPlus size={13} aria-hidden />} onClick={() => put([...conditions, { property: '$team', operator: 'isNotEmpty' }])}>
        Condition<Hidden> of {label}</Hidden>
      </Button>
    </div>
  );
}
