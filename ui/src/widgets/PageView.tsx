import { Tabs } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { BoardJson, Group, PageAsk, WidgetData, WidgetJson } from '~/api/pages';
import { pageDataQuery } from '~/api/pages';
import { Empty, Waiting } from '~/kit/Page';
import { keyOf } from './keys';
import { Widget } from './Widget';
import classes from './widgets.module.css';

type Data = Record<string, WidgetData> | undefined;

/** The widgets of a stored page with what they show: one call. */
export function PageView({ ask }: { ask: PageAsk }) {
  const { data, error } = useQuery(pageDataQuery(ask));
  if (error) return <Empty title="This page cannot be shown.">{error.message}</Empty>;
  if (!data) return <Waiting />;
  return <Widgets widgets={ask.widgets ?? data.page?.widgets ?? []} data={data.widgets} />;
}

/** Widgets under each other, boards and tabs with what is in them. */
export function Widgets({ widgets, data, way = '' }: { widgets: WidgetJson[]; data: Data; way?: string }) {
  return (
    <div className={classes.board}>
      {widgets.map((widget, at) => {
        const here = way === '' ? `${at}` : `${way}/${at}`;
        return <Placed key={keyOf(widget, here)} widget={widget} data={data} way={here} />;
      })}
    </div>
  );
}

function Placed({ widget, data, way }: { widget: WidgetJson; data: Data; way: string }) {
  if (widget.type === 'dashboard-widget' && Array.isArray(widget.widgets)) return <Board board={widget as BoardJson} data={data} way={way} />;
  if (widget.type === 'grouper' && Array.isArray(widget.groups)) return <Groups groups={widget.groups as Group[]} data={data} way={way} />;
  return (
    <div className={classes.cell}>
      <Widget widget={widget} data={data?.[keyOf(widget, way)]} />
    </div>
  );
}

/** Rows of widgets; a widget that no row names comes after them. */
function Board({ board, data, way }: { board: BoardJson; data: Data; way: string }) {
  const at = (id: string) => board.widgets.findIndex((widget) => widget.id === id);
  const named = new Set(board.layout?.flatMap((row) => row.columns.map((column) => column.id)));
  const rest = board.widgets.map((widget, n) => ({ widget, n })).filter(({ widget }) => !widget.id || !named.has(widget.id));
  return (
    <div className={classes.board}>
      {(board.layout ?? []).map((row, n) => (
        <div key={n} className={classes.row}>
          {row.columns.map((column) => {
            const widget = board.widgets[at(column.id)];
            if (!widget) return null;
            return (
              <div key={column.id} className={classes.cell} style={{ gridColumn: `span ${Math.min(12, Math.max(1, Math.round(column.size)))}`, minHeight: row.height, maxHeight: Math.max(row.height, 200) }}>
                <Widget widget={widget} data={data?.[keyOf(widget, `${way}/widgets/${at(column.id)}`)]} />
              </div>
            );
          })}
        </div>
      ))}
      {rest.map(({ widget, n }) => (
        <Placed key={keyOf(widget, `${way}/widgets/${n}`)} widget={widget} data={data} way={`${way}/widgets/${n}`} />
      ))}
    </div>
  );
}

function Groups({ groups, data, way }: { groups: Group[]; data: Data; way: string }) {
  if (groups.length === 0) return null;
  return (
    <Tabs defaultValue="0" keepMounted={false}>
      <Tabs.List>
        {groups.map((group, n) => (
          <Tabs.Tab key={n} value={`${n}`}>
            {group.title}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      {groups.map((group, n) => (
        <Tabs.Panel key={n} value={`${n}`} className={classes.panel}>
          <Widgets widgets={group.widgets ?? []} data={data} way={`${way}/groups/${n}/widgets`} />
        </Tabs.Panel>
      ))}
    </Tabs>
  );
}
