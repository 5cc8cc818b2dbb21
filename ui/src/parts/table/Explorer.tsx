import { Button } from '@mantine/core';
import { useMemo, useState, type ReactNode } from 'react';
import { ApiError } from '~/api/client';
import { textOf, type Rules, type SavedView } from '~/api/tables';
import type { Blueprint, LevelsOf, Row, TableRequest } from '~/api/types';
import { DataGrid, type GridColumn } from '~/kit/DataGrid';
import { ProblemLine } from '~/kit/Problem';
import { count } from '~/lib/text';
import { DerivedMark } from '../DerivedMark';
import { useFields } from '../EntityTable';
import { Cell } from './Cell';
import { CellEditor } from './CellEditor';
import { columnCandidates, facetFields, fieldNamed, usualColumns, type Field } from './fields';
import { FilterChips, Filters } from './Filters';
import { QueryBar } from './QueryBar';
import { RowMenu } from './RowMenu';
import { listOf, nextSort, sortsOf, sortText, widthsOf, widthsText, type TableSearch } from './search';
import { SelectionBar, useSelection } from './Selection';
import { ColumnChooser, ExportMenu, GroupChooser } from './Tools';
import { useScorecardFields } from './useScorecardFields';
import { useTable } from './useTable';
import { ViewMenu } from './ViewMenu';
import classes from './table.module.css';

interface ExplorerProps {
  label: string;
  /** One blueprint; all when absent. */
  blueprint?: Blueprint;
  search: TableSearch;
  /** A saved view, which says what the address does not. */
  view?: SavedView;
  /** Views to choose from. */
  views: SavedView[];
  onSearch: (next: Partial<TableSearch>, replace?: boolean) => void;
  /** In place of the table when nothing is there and nothing narrows it down. */
  empty?: ReactNode;
  /** Above the table, from what the server answered. */
  above?: (table: { facets: NonNullable<ReturnType<typeof useTable>['data']>['facets']; total: number; onRules: (rules: Rules) => void; rules: Rules }) => ReactNode;
}

/** A table of entities with all that narrows it down, orders it and changes it. Its state is in the address. */
export function Explorer({ label, blueprint, search, view: saved, views, onSearch, empty, above }: ExplorerProps) {
  const own = useFields(blueprint?.identifier);
  const scored = useScorecardFields(blueprint?.identifier);
  const fields = useMemo(() => [...own, ...scored], [own, scored]);
  const sort = search.sort === undefined ? sortsOf(saved?.sort ?? []) : sortsOf(listOf(search.sort === 'none' ? '' : search.sort));
  const group = search.group === 'none' ? undefined : (search.group ?? saved?.group ?? undefined);
  const request: TableRequest = {
    blueprint: blueprint?.identifier,
    query: search.query ?? saved?.query,
    sort,
    columns: search.cols === undefined ? (saved?.columns ?? undefined) : listOf(search.cols),
    usual: { fields: columnCandidates(fields).map((field) => field.id), most: usualColumns },
    facets: facetFields(fields).map((field) => field.id),
  };
  const table = useTable(request, group);
  const { data } = table;
  const [editing, setEditing] = useState<{ key: string; column: string }>();
  // what was just chosen is shown as chosen, before the answer has come
  const [ahead, setAhead] = useState<{ of: string | undefined; rules: Rules }>();
  const rules = ahead && ahead.of === data?.query ? ahead.rules : (data?.rules as unknown as Rules | undefined);
  const selection = useSelection(table.line, table.count, data, blueprint?.identifier);
  const shown = useStable(search.cols === undefined ? (data?.columns ?? []) : listOf(search.cols));
  const [pulled, setPulled] = useState<Record<string, number>>({});
  const widths = { ...saved?.widths, ...widthsOf(search.widths), ...pulled };
  const widthsKey = JSON.stringify(widths);
  const levelsKey = JSON.stringify(data?.levels ?? {});
  const columns = useMemo(() => {
    const known = JSON.parse(widthsKey) as Record<string, number>;
    const levels = JSON.parse(levelsKey) as LevelsOf;
    return shown.map((id) => columnOf(fieldNamed(fields, id, levels), known[id]));
  }, [shown, fields, widthsKey, levelsKey]);
  const onRules = (next: Rules) => {
    setAhead({ of: data?.query, rules: next });
    void textOf(next, blueprint?.identifier).then((query) => onSearch({ query: query || (saved?.query ? '*' : undefined) }));
  };
  const setColumns = (next: string[] | undefined) => onSearch({ cols: next?.join(',') });
  const onWidth = (id: string, width: number) => {
    setPulled((old) => ({ ...old, [id]: width }));
    window.clearTimeout(pulling);
    pulling = window.setTimeout(() => onSearch({ widths: widthsText({ ...widths, [id]: width }) }, true), 300);
  };
  const total = data?.total ?? 0;
  const narrowed = Boolean(data?.query) || Boolean(search.query && search.query !== '*');
  const current = { query: data?.query ?? '', sort: sort.map((one) => sortText([one])), columns: search.cols || saved?.columns ? shown : null, group: group ?? null, widths };
  return (
    <>
      <div className={classes.bar}>
        <QueryBar label={`Query ${label}`} blueprint={blueprint?.identifier} query={search.query ?? saved?.query ?? ''} onQuery={(query) => onSearch({ query: query || (saved?.query ? '*' : undefined) })} />
        <div className={classes.tools}>
          <Filters fields={own} rules={rules} facets={data?.facets ?? {}} total={total} counting={table.counting} onRules={onRules} />
          <div className={classes.right}>
            <GroupChooser fields={fields} group={group} onChange={(next) => onSearch({ group: next ?? (saved?.group ? 'none' : undefined) })} />
            <ColumnChooser fields={fields} shown={shown} onChange={setColumns} />
            <ViewMenu view={saved} views={views} blueprint={blueprint?.identifier} current={current} />
            <ExportMenu name={blueprint?.identifier ?? 'entities'} request={{ blueprint: blueprint?.identifier, query: data?.query, sort, columns: shown }} total={total} />
          </div>
        </div>
        <FilterChips fields={fields} rules={rules} facets={data?.facets ?? {}} onRules={onRules} />
        {data && rules && above?.({ facets: data.facets, total, rules, onRules })}
        <Notes table={table} />
      </div>
      {data && total === 0 && !table.busy ? (
        narrowed ? (
          <NoMatch onClear={() => onSearch({ query: saved?.query ? '*' : undefined })} />
        ) : (
          empty
        )
      ) : (
        (!table.error || data) && (
          <DataGrid<Row>
            label={label}
            columns={columns}
            count={table.count}
            line={table.line}
            rowId={idOf}
            rowName={(row) => row.title}
            sort={sort}
            onSort={(field, add) => onSearch({ sort: sortText(nextSort(sort, field, add)) || (saved?.sort.length ? 'none' : undefined) })}
            onWidth={onWidth}
            onMove={(id, before) => setColumns(moved(shown, id, before))}
            onRange={table.onRange}
            onGroup={table.toggle}
            selection={selection.grid}
            onEdit={(row, column) => setEditing({ key: idOf(row), column })}
            editor={(row, column) =>
              editing?.key === idOf(row) && editing.column === column ? <CellEditor row={row} field={fieldNamed(fields, column)} onClose={() => setEditing(undefined)} /> : undefined
            }
            menu={(row) => <RowMenu row={row} onEdit={() => setEditing({ key: idOf(row), column: shown.find((id) => id !== '$title') ?? '$title' })} />}
            waiting={table.waiting}
            busy={table.busy}
          />
        )
      )}
      <div className={classes.foot}>
        <span role="status" aria-label="Rows">
          {data ? (data.groups ? `${count(total, 'entity', 'entities')} in ${count(data.groups.total, 'group')}` : count(total, 'entity', 'entities')) : 'Loading…'}
        </span>
        <SelectionBar selection={selection} fields={own} blueprint={blueprint} />
      </div>
    </>
  );
}

let pulling = 0;

const idOf = (row: Row) => `${row.blueprint} ${row.identifier}`;

/** The same list while its items are. */
function useStable(list: string[]): string[] {
  const key = JSON.stringify(list);
  return useMemo(() => JSON.parse(key) as string[], [key]);
}

function moved(shown: string[], id: string, before: string): string[] {
  const rest = shown.filter((one) => one !== id);
  rest.splice(rest.indexOf(before), 0, id);
  return rest;
}

function columnOf(field: Field, width: number | undefined): GridColumn<Row> {
  const numeric = field.property?.type === 'number' || field.property?.type === 'integer';
  return {
    id: field.id,
    header: field.title,
    note: field.property?.derived && <DerivedMark derived={field.property.derived} />,
    sortable: field.sortable,
    align: numeric ? 'right' : undefined,
    width: width ?? usualWidth(field),
    cell: (row) => <Cell row={row} field={field} />,
  };
}

function usualWidth(field: Field): number {
  if (field.id === '$title') return 260;
  if (field.id === '$identifier') return 240;
  if (field.relation) return field.relation.many ? 220 : 180;
  const { type, format } = field.property ?? {};
  if (type === 'number' || type === 'boolean') return 110;
  if (type === 'array' || format === 'url') return 220;
  return 160;
}

function Notes({ table }: { table: ReturnType<typeof useTable> }) {
  const { data, error } = table;
  const notes = data?.notes ?? [];
  const gone = data?.unknownFields ?? [];
  if (!error && notes.length === 0 && gone.length === 0) return null;
  return (
    <div className={classes.notes} role="status">
      {error && <ProblemLine level="error" message={error instanceof ApiError ? error.message : String(error)} />}
      {notes.map(({ message, hint }) => (
        <ProblemLine key={message} level="warning" message={`The query: ${message}${hint ? ` – ${hint}` : ''}.`} />
      ))}
      {gone.length > 0 && <ProblemLine level="warning" message={`Nothing has ${gone.map((field) => `“${field}”`).join(', ')} any more.`} />}
    </div>
  );
}

function NoMatch({ onClear }: { onClear: () => void }) {
  return (
    <div className={classes.noMatch}>
      <p>Nothing matches the query.</p>
      <Button variant="default" onClick={onClear}>
        Clear the query
      </Button>
    </div>
  );
}
