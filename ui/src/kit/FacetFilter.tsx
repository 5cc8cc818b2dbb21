import { Checkbox, Popover, TextInput } from '@mantine/core';
import { IconChevronDown } from '@tabler/icons-react';
import { useId, useState } from 'react';
import { formatNumber } from '~/lib/text';
import classes from './FacetFilter.module.css';

export interface FacetOption {
  /** Null stands for "has no value". */
  value: string | null;
  title: string;
  count: number;
}

interface FacetFilterProps {
  title: string;
  options: FacetOption[];
  selected: (string | null)[];
  onToggle: (value: string | null) => void;
  onClear: () => void;
  /** How many further values there are that are not listed. */
  more?: number;
}

/** A button that opens the values of one field, each with its count. */
export function FacetFilter({ title, options, selected, onToggle, onClear, more = 0 }: FacetFilterProps) {
  const [needle, setNeedle] = useState('');
  const id = useId();
  const shown = options.filter((option) => option.title.toLowerCase().includes(needle.toLowerCase()));
  return (
    <Popover position="bottom-start" width={270} trapFocus onClose={() => setNeedle('')}>
      <Popover.Target>
        <button
          type="button"
          className={classes.button}
          data-active={selected.length > 0 || undefined}
          aria-label={selected.length > 0 ? `Filter by ${title}, ${selected.length} chosen` : `Filter by ${title}`}
        >
          {title}
          {selected.length > 0 && <span className={classes.number}>{selected.length}</span>}
          <IconChevronDown size={13} aria-hidden />
        </button>
      </Popover.Target>
      <Popover.Dropdown p={0} aria-label={`Filter by ${title}`}>
        {options.length > 7 && (
          <TextInput
            className={classes.search}
            placeholder="Find a value"
            aria-label={`Find a value of ${title}`}
            value={needle}
            onChange={(event) => setNeedle(event.currentTarget.value)}
            data-autofocus
          />
        )}
        <div className={classes.list} role="group" aria-label={title}>
          {shown.map((option) => (
            <div className={classes.option} key={option.value ?? `${id}-missing`}>
              <Checkbox
                classNames={{ root: classes.check, body: classes.body, labelWrapper: classes.labelWrapper, label: classes.label }}
                checked={selected.includes(option.value)}
                onChange={() => onToggle(option.value)}
                label={
                  <>
                    <span className={classes.text} data-missing={option.value === null || undefined} title={option.title}>
                      {option.title}
                    </span>
                    <span className={classes.count}>{formatNumber(option.count)}</span>
                  </>
                }
              />
            </div>
          ))}
          {shown.length === 0 && <p className={classes.note}>No value matches.</p>}
          {more > 0 && <p className={classes.note}>{formatNumber(more)} more values are not listed; use the text filter.</p>}
        </div>
        {selected.length > 0 && (
          <button type="button" className={classes.clear} onClick={onClear}>
            Clear
          </button>
        )}
      </Popover.Dropdown>
    </Popover>
  );
}
