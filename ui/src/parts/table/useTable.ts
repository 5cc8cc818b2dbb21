import { keepPreviousData, useQueries, useQuery } from '@tanstack/react-query';
import { useDebouncedValue } from '@mantine/hooks';
import { useMemo, useState } from 'react';
import { tablePageQuery } from '~/api/tables';
import type { Row, TableRequest, TableResult } from '~/api/types';
import type { GridLine } from '~/kit/DataGrid';

/** Rows of one request. */
const pageSize = 100;
/** Further requests at once: what is on screen, not what was scrolled past. */
const mostPages = 8;
const mostGroups = 1000;

/** Lines that belong together: all rows, or a group with its heading. */
interface Segment {
  start: number;
  rows: number;
  /** Which rows: all, or those of a group. */
  within?: NonNullable<TableRequest['within']>;
  group?: NonNullable<TableResult['groups']>['values'][number];
  key: string;
}

/** A table of any length: its first page, then the counts of its facets, and the pages that are looked at. */
export function useTable(request: TableRequest, group: string | undefined) {
  const [range, setRange] = useState({ from: 0, to: 40 });
  const [open, setOpen] = useState<string[]>([]);
  const [wanted] = useDebouncedValue(range, 60);
  const body = { ...request, facets: [], offset: 0, limit: pageSize, group: group ? { field: group, limit: mostGroups } : undefined };
  const { data: first, isPending, isPlaceholderData, error } = useQuery({ ...tablePageQuery(body), placeholderData: keepPreviousData });
  // counting takes longer than finding the first rows, so nobody waits for it
  const { data: counted, isPlaceholderData: isOld, isLoading: isFirst } = useQuery({
    ...tablePageQuery({ blueprint: request.blueprint, query: request.query, facets: request.facets, offset: 0, limit: 0 }),
    placeholderData: keepPreviousData,
    enabled: first !== undefined && !isPlaceholderData && (request.facets?.length ?? 0) > 0,
  });
  const data = useMemo(() => first && { ...first, facets: counted?.facets ?? {} }, [first, counted]);
  const segments = useMemo(() => segmentsOf(data, group, open), [data, group, open]);
  const count = segments.reduce((sum, segment) => sum + lines(segment), 0);
  // what the first answer says holds for all further pages
  const further: TableRequest = { ...request, columns: data?.columns ?? request.columns, usual: undefined, facets: [] };
  const pages = pagesIn(segments, wanted.from, wanted.to).slice(0, mostPages);
  const asked = pages.filter(({ segment, page }) => segment.group || page > 0);
  const results = useQueries({
    queries: asked.map(({ segment, page }) => ({
      ...tablePageQuery({ ...further, within: segment.within, offset: page * pageSize, limit: pageSize }),
      enabled: data !== undefined && !isPlaceholderData,
    })),
  });
  const loaded = new Map<string, Row[]>();
  if (data && !group) loaded.set(' 0', data.rows);
  asked.forEach(({ segment, page }, i) => {
    const rows = results[i]?.data?.rows;
    if (rows) loaded.set(`${segment.key} ${page}`, rows);
  });
  const line = (index: number): GridLine<Row> => {
    const segment = segmentAt(segments, index);
    if (!segment) return undefined;
    const at = index - segment.start - (segment.group ? 1 : 0);
    if (at < 0 && segment.group) {
      const { title, value, count: size } = segment.group;
      return { group: { key: segment.key, title: value === null ? 'No value' : displayed(title), count: size, open: segment.rows > 0 } };
    }
    const row = loaded.get(`${segment.key} ${Math.floor(at / pageSize)}`)?.[at % pageSize];
    return row && { row };
  };
  return {
    data,
    waiting: isPending,
    busy: isPlaceholderData,
    /** The facets are not those of the rows yet. */
    counting: first === undefined || isPlaceholderData || isOld || isFirst,
    error: error ?? results.find((result) => result.error)?.error ?? null,
    count,
    line,
    onRange: (from: number, to: number) => {
      // by pages, so that scrolling within one asks for nothing
      const next = { from: Math.floor(from / 20) * 20, to: Math.ceil(to / 20) * 20 };
      setRange((old) => (old.from === next.from && old.to === next.to ? old : next));
    },
    toggle: (key: string) => setOpen((old) => (old.includes(key) ? old.filter((one) => one !== key) : [...old, key])),
  };
}

const displayed = (title: string) => (title === 'true' ? 'Yes' : title === 'false' ? 'No' : title);

const lines = (segment: Segment) => segment.rows + (segment.group ? 1 : 0);

function segmentsOf(data: TableResult | undefined, group: string | undefined, open: string[]): Segment[] {
  if (!data) return [];
  if (!group || !data.groups) return [{ start: 0, rows: data.total, key: '' }];
  let start = 0;
  return data.groups.values.map((one) => {
    const key = JSON.stringify(one.value);
    const segment = { start, key, group: one, rows: open.includes(key) ? one.count : 0, within: [{ field: group, value: one.value }] };
    start += lines(segment);
    return segment;
  });
}

function segmentAt(segments: Segment[], index: number): Segment | undefined {
  let [low, high] = [0, segments.length - 1];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((segments[middle]?.start ?? 0) <= index) low = middle;
    else high = middle - 1;
  }
  return segments[low];
}

function pagesIn(segments: Segment[], from: number, to: number): { segment: Segment; page: number }[] {
  return segments.flatMap((segment) => {
    const first = segment.start + (segment.group ? 1 : 0);
    const [low, high] = [Math.max(0, from - first), Math.min(segment.rows - 1, to - first)];
    if (segment.rows === 0 || high < low) return [];
    const pages = Array.from({ length: Math.floor(high / pageSize) - Math.floor(low / pageSize) + 1 }, (_, i) => Math.floor(low / pageSize) + i);
    return pages.map((page) => ({ segment, page }));
  });
}
