import { IconX } from '@tabler/icons-react';
import { useMediaQuery } from '@mantine/hooks';
import { useState } from 'react';
import type { Rules } from '~/api/tables';
import type { Facet } from '~/api/types';
import { FacetFilter, type FacetOption } from '~/kit/FacetFilter';
import { facetFields, type Field } from './fields';
import { chosenOf, filtersOf, toggled, withChosen, type Chosen } from './rules';
import classes from './table.module.css';

interface FiltersProps {
  fields: Field[];
  rules: Rules | undefined;
  facets: Record<string, Facet>;
  total: number;
  /** The counts are on their way. */
  counting: boolean;
  onRules: (rules: Rules) => void;
}

/** The values of the telling fields with their exact counts. What is chosen is written into the query. */
export function Filters({ fields, rules, facets, total, counting, onRules }: FiltersProps) {
  const [all, setAll] = useState(false);
  const narrow = useMediaQuery('(max-width: 700px)');
  const chosen = (field: Field) => chosenOf(rules, field.id);
  const useful = facetFields(fields).filter((field) => chosen(field).length > 0 || isUseful(field, facets[field.id], total));
  const room = narrow ? 3 : 6;
  const shown = useful.filter((field, i) => all || i < room || chosen(field).length > 0);
  const hidden = useful.length - shown.length;
  const choose = (field: Field, values: Chosen[]) => onRules(withChosen(rules, field.id, values));
  return (
    <div className={classes.facets} aria-busy={counting}>
      {shown.map((field) => {
        const facet = facets[field.id];
        const values = chosen(field);
        return (
          <FacetFilter
            key={field.id}
            title={field.title}
            options={optionsOf(facet, values)}
            more={facet?.more ?? 0}
            selected={values.map(keyOf)}
            onToggle={(key) => choose(field, toggled(values, valueOf(key, facet, values)))}
            onClear={() => choose(field, [])}
          />
        );
      })}
      {(hidden > 0 || all) && (
        <button type="button" className={classes.quiet} onClick={() => setAll(!all)}>
          {all ? 'Fewer filters' : `${hidden} more`}
        </button>
      )}
    </div>
  );
}

/** What the filters have chosen, each with a way to take it back. */
export function FilterChips({ fields, rules, facets, onRules }: Omit<FiltersProps, 'total' | 'counting'>) {
  const filters = filtersOf(rules, facetFields(fields).map((field) => field.id));
  if (filters.length === 0) return null;
  return (
    <ul className={classes.chips} aria-label="Active filters">
      {filters.flatMap(({ field, values }) =>
        values.map((value) => {
          const name = fields.find((one) => one.id === field)?.title ?? field;
          const title = titleOf(facets[field], value);
          return (
            <li key={`${field} ${String(value)}`} className={classes.chip}>
              <span className="sd-dim">{name}:</span> <span className={classes.chipText}>{title}</span>
              <button type="button" aria-label={`Remove the filter ${name}: ${title}`} onClick={() => onRules(withChosen(rules, field, toggled(values, value)))}>
                <IconX size={13} aria-hidden />
              </button>
            </li>
          );
        }),
      )}
    </ul>
  );
}

/** A facet helps when it has values to choose from: not none, and not a different one for every row. */
function isUseful(field: Field, facet: Facet | undefined, total: number): boolean {
  if (!facet || facet.values.length === 0) return false;
  if (field.relation || field.id.startsWith('$') || field.property?.enum || field.property?.type === 'boolean') return true;
  return facet.more === 0 && (total < 5 || facet.values.length < total * 0.7);
}

// options are told apart by text; null is null
const keyOf = (value: Chosen): string | null => (value === null ? null : String(value));

function valueOf(key: string | null, facet: Facet | undefined, chosen: Chosen[]): Chosen {
  if (key === null) return null;
  const found = facet?.values.find((one) => String(one.value) === key)?.value ?? chosen.find((one) => String(one) === key);
  return (found ?? key) as Chosen;
}

function optionsOf(facet: Facet | undefined, selected: Chosen[]): FacetOption[] {
  const options: FacetOption[] = (facet?.values ?? []).map((one) => ({ value: String(one.value), title: displayTitle(one.value, one.title), count: one.count }));
  // what is chosen stays visible, so that it can be taken back
  for (const value of selected) {
    if (value !== null && !options.some((option) => option.value === String(value))) options.push({ value: String(value), title: String(value), count: 0 });
  }
  if ((facet?.missing ?? 0) > 0 || selected.includes(null)) options.push({ value: null, title: 'No value', count: facet?.missing ?? 0 });
  return options;
}

function titleOf(facet: Facet | undefined, value: Chosen): string {
  if (value === null) return 'no value';
  const found = facet?.values.find((one) => one.value === value);
  return found ? displayTitle(found.value, found.title) : displayTitle(value, String(value));
}

function displayTitle(value: unknown, title: string): string {
  if (value === true || title === 'true') return 'Yes';
  if (value === false || title === 'false') return 'No';
  return title;
}
