import { Button, Tabs, TextInput } from '@mantine/core';
import { IconArrowBackUp, IconArrowForwardUp } from '@tabler/icons-react';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useBlocker } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import { pageDataQuery, patchPage, type Group, type PageFilter, type PageJson, type WidgetData, type WidgetJson } from '~/api/pages';
import { Page } from '~/kit/Page';
import { ProblemLine } from '~/kit/Problem';
import { useDocumentTitle } from '~/parts/model';
import { useChange } from '~/parts/useChange';
import { Widget } from '~/widgets';
import { BoardEditor } from './BoardEditor';
import { groupsOf, isBoard, leavesOf, newBoard, withIds } from './draft';
import { FiltersWindow } from './FiltersWindow';
import classes from './pages.module.css';
import { useHistory } from './useHistory';

interface Draft {
  title: string;
  widgets: WidgetJson[];
  filters: PageFilter[];
}

/** Changes a page: nothing is stored before “Save”, and every step can be taken back. */
export default function Editor({ page, onDone }: { page: PageJson; onDone: () => void }) {
  const start = useMemo<Draft>(() => ({ title: page.title ?? '', widgets: boarded(withIds(page.widgets)), filters: page.pageFilters ?? [] }), [page]);
  const { value: draft, set, undo, redo, changed } = useHistory(start);
  const [filtering, setFiltering] = useState(false);
  const leaves = useMemo(() => leavesOf(draft.widgets), [draft.widgets]);
  const { data, error } = useQuery({ ...pageDataQuery({ widgets: leaves, page: page.identifier }), placeholderData: keepPreviousData });
  const save = useChange(() => patchPage(page.identifier, { title: draft.title, widgets: draft.widgets, ...(draft.filters.length > 0 || page.pageFilters ? { pageFilters: draft.filters } : {}) }), onDone);
  useBlocker({
    shouldBlockFn: ({ current, next }) => changed && !save.isPending && !save.isSuccess && current.pathname !== next.pathname && !window.confirm('Leave without saving the page?'),
    enableBeforeUnload: () => changed,
  });
  return (
    <Page
      documentTitle={useDocumentTitle(`Edit ${page.title ?? page.identifier}`)}
      title={<TextInput aria-label="Title of the page" size="sm" value={draft.title} onChange={(event) => set({ ...draft, title: event.currentTarget.value })} maxLength={100} />}
      actions={
        <>
          <Button variant="default" onClick={undo} disabled={!undo} leftSection={<IconArrowBackUp size={14} aria-hidden />}>
            Undo
          </Button>
          <Button variant="default" onClick={redo} disabled={!redo} leftSection={<IconArrowForwardUp size={14} aria-hidden />}>
            Redo
          </Button>
          <Button variant="default" onClick={() => setFiltering(true)}>
            Filters…
          </Button>
          <Button variant="default" onClick={onDone}>
            {changed ? 'Discard' : 'Close'}
          </Button>
          <Button onClick={() => save.mutate(undefined)} loading={save.isPending} disabled={!changed}>
            Save
          </Button>
        </>
      }
    >
      <div className={classes.content}>
        <div aria-live="assertive">{(save.error ?? error) && <ProblemLine level="error" message={(save.error ?? error)?.message ?? ''} />}</div>
        <EditList widgets={draft.widgets} data={data?.widgets} onChange={(widgets) => set({ ...draft, widgets })} />
      </div>
      <FiltersWindow opened={filtering} filters={draft.filters} onClose={() => setFiltering(false)} onChange={(filters) => set({ ...draft, filters })} />
    </Page>
  );
}

/** With a board to put things on. */
const boarded = (widgets: WidgetJson[]) => (widgets.some((widget) => isBoard(widget) || groupsOf(widget)) ? widgets : [...widgets, newBoard()]);

interface EditListProps {
  widgets: WidgetJson[];
  data: Record<string, WidgetData> | undefined;
  onChange: (widgets: WidgetJson[]) => void;
}

function EditList({ widgets, data, onChange }: EditListProps) {
  const replace = (at: number, widget: WidgetJson) => onChange(widgets.map((one, n) => (n === at ? widget : one)));
  return (
    <div className={classes.stack}>
      {widgets.map((widget, at) => {
        if (isBoard(widget)) return <BoardEditor key={widget.id} board={widget} data={data} onChange={(board) => replace(at, board)} />;
        const groups = groupsOf(widget);
        if (groups) return <EditGroups key={widget.id} groups={groups} data={data} onChange={(changed) => replace(at, { ...widget, groups: changed })} />;
        return <Widget key={widget.id} widget={widget} data={data?.[widget.id ?? '']} />;
      })}
    </div>
  );
}

function EditGroups({ groups, data, onChange }: { groups: Group[]; data: EditListProps['data']; onChange: (groups: Group[]) => void }) {
  return (
    <Tabs defaultValue="0" keepMounted={false}>
      <Tabs.List>
        {groups.map((group, n) => (
          <Tabs.Tab key={n} value={`${n}`}>
            {group.title}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      {groups.map((group, at) => (
        <Tabs.Panel key={at} value={`${at}`} pt={14}>
          <EditList widgets={boarded(group.widgets ?? [])} data={data} onChange={(widgets) => onChange(groups.map((one, n) => (n === at ? { ...one, widgets } : one)))} />
        </Tabs.Panel>
      ))}
    </Tabs>
  );
}
