import { useMediaQuery } from '@mantine/hooks';
import { useState } from 'react';
import type { Blueprint, Facet, TableRequest, TableResult } from '~/api/types';
import { FacetFilter, type FacetOption } from '~/kit/FacetFilter';
import { SearchField } from '~/kit/SearchField';
import { setFilter, toggleFilter, type FilterValue } from '~/lib/search';
import classes from './catalog.module.css';
import { ColumnChooser } from './ColumnChooser';
import { ExportButton } from './ExportButton';
import type { Facets } from './facets';
import { facetFields, type Field } from './fields';
import { FilterChips } from './FilterChips';
import type { CatalogSearch } from './search';

interface ToolbarProps {
  blueprint: Blueprint;
  fields: Field[];
  visible: Field[];
  search: CatalogSearch;
  request: TableRequest;
  data: TableResult | undefined;
  facets: Facets;
  onChange: (next: Partial<CatalogSearch>, replace?: boolean) => void;
}

/** What narrows the table down, above it. */
export function Toolbar({ blueprint, fields, visible, search, request, data, facets, onChange }: ToolbarProps) {
  const [all, setAll] = useState(false);
  const narrow = useMediaQuery('(max-width: 700px)');
  const filters = search.filters ?? {};
  const setFilters = (next: typeof filters) => onChange({ filters: Object.keys(next).length > 0 ? next : undefined });
  const useful = facetFields(fields).filter((field) => filters[field.id] || isUseful(field, facets[field.id], data?.total ?? 0));
  const room = narrow ? 3 : 6;
  const shown = useful.filter((field, i) => all || i < room || filters[field.id]);
  const hidden = useful.length - shown.length;
  return (
    <div className={classes.toolbar}>
      <div className={classes.tools}>
        <div className={classes.find}>
          <SearchField label={`Filter ${blueprint.title}`} value={search.q ?? ''} onChange={(q) => onChange({ q: q || undefined }, true)} />
        </div>
        <div className={classes.facets}>
          {shown.map((field) => (
            <FacetFilter
              key={field.id}
              title={field.title}
              options={optionsOf(facets[field.id], filters[field.id] ?? [])}
              more={facets[field.id]?.more ?? 0}
              selected={filters[field.id] ?? []}
              onToggle={(value) => setFilters(toggleFilter(filters, field.id, value))}
              onClear={() => setFilters(setFilter(filters, field.id, []))}
            />
          ))}
          {(hidden > 0 || all) && (
            <button type="button" className={classes.quiet} onClick={() => setAll(!all)}>
              {all ? 'Fewer filters' : `${hidden} more`}
            </button>
          )}
        </div>
        <div className={classes.right}>
          <ColumnChooser fields={fields} visible={visible} onChange={(cols) => onChange({ cols, page: search.page })} />
          <ExportButton blueprint={blueprint} fields={visible} request={request} total={data?.total ?? 0} />
        </div>
      </div>
      <FilterChips
        fields={fields}
        search={search}
        titleOf={(field, value) => titleOf(facets[field], value)}
        onChange={onChange}
      />
    </div>
  );
}

/** A facet helps when it has values to choose from: not none, and not a different one for every row. */
function isUseful(field: Field, facet: Facet | undefined, total: number): boolean {
  if (!facet || facet.values.length === 0) return false;
  if (field.relation || field.id === 'team' || field.property?.enum || field.property?.type === 'boolean') return true;
  return facet.more === 0 && (total < 5 || facet.values.length < total * 0.7);
}

function optionsOf(facet: Facet | undefined, selected: FilterValue[]): FacetOption[] {
  const options: FacetOption[] = (facet?.values ?? []).map((one) => ({
    value: String(one.value),
    title: displayTitle(one.value, one.title),
    count: one.count,
  }));
  // what is chosen stays visible, so that it can be taken back
  for (const value of selected) {
    if (value !== null && !options.some((option) => option.value === value)) options.push({ value, title: value, count: 0 });
  }
  if ((facet?.missing ?? 0) > 0 || selected.includes(null)) {
    options.push({ value: null, title: 'No value', count: facet?.missing ?? 0 });
  }
  return options;
}

function titleOf(facet: Facet | undefined, value: FilterValue): string {
  if (value === null) return 'no value';
  const found = facet?.values.find((one) => String(one.value) === value);
  return found ? displayTitle(found.value, found.title) : value;
}

function displayTitle(value: unknown, title: string): string {
  if (value === true || title === 'true') return 'Yes';
  if (value === false || title === 'false') return 'No';
  return title;
}
