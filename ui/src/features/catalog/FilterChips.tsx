import { IconX } from '@tabler/icons-react';
import { toggleFilter, type FilterValue } from '~/lib/search';
import classes from './catalog.module.css';
import type { Field } from './fields';
import type { CatalogSearch } from './search';

interface FilterChipsProps {
  fields: Field[];
  search: CatalogSearch;
  titleOf: (field: string, value: FilterValue) => string;
  onChange: (next: Partial<CatalogSearch>) => void;
}

/** The filters that are on, each with a way to take it back. */
export function FilterChips({ fields, search, titleOf, onChange }: FilterChipsProps) {
  const filters = search.filters ?? {};
  const chips = Object.entries(filters).flatMap(([field, values]) => values.map((value) => ({ field, value })));
  if (chips.length === 0) return null;
  const remove = (field: string, value: FilterValue) => {
    const next = toggleFilter(filters, field, value);
    onChange({ filters: Object.keys(next).length > 0 ? next : undefined });
  };
  return (
    <ul className={classes.chips} aria-label="Active filters">
      {chips.map(({ field, value }) => {
        const name = fields.find((one) => one.id === field)?.title ?? field;
        const title = titleOf(field, value);
        return (
          <li key={`${field} ${value}`} className={classes.chip}>
            <span className="sd-dim">{name}:</span> <span className={classes.chipText}>{title}</span>
            <button type="button" aria-label={`Remove the filter ${name}: ${title}`} onClick={() => remove(field, value)}>
              <IconX size={13} aria-hidden />
            </button>
          </li>
        );
      })}
      <li>
        <button type="button" className={classes.quiet} onClick={() => onChange({ filters: undefined, q: undefined })}>
          Clear all
        </button>
      </li>
    </ul>
  );
}
