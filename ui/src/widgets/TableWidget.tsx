import { Tabs } from '@mantine/core';
import type { DataOf } from '~/api/pages';
import type { LinkTo } from '~/api/types';
import { DataTable, type DataColumn } from '~/kit/DataTable';
import { count } from '~/lib/text';
import { EntityLink, EntityLinks } from '~/parts/EntityLink';
import { PropertyValue } from '~/parts/PropertyValue';
import { useBlueprint } from '~/parts/model';
import { Drill } from './drill';
import { Nothing } from './Nothing';
import type { WidgetProps } from './types';
import classes from './widgets.module.css';

type Tab = DataOf<'table'>['tabs'][number];
type Row = Tab['rows'][number];

/** The first rows of what was found, a tab for each blueprint; the whole table is one click away. */
export function TableWidget({ widget, data }: WidgetProps<'table'>) {
  const [first] = data.tabs;
  if (first === undefined) return <Nothing widget={widget}>No entities match.</Nothing>;
  if (data.tabs.length === 1) return <TabTable widget={widget} tab={first} />;
  return (
    <Tabs defaultValue={first.blueprint} keepMounted={false}>
      <Tabs.List>
        {data.tabs.map((tab) => (
          <Tabs.Tab key={tab.blueprint} value={tab.blueprint} rightSection={<span className="sd-dim">{tab.total}</span>}>
            {tab.title}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      {data.tabs.map((tab) => (
        <Tabs.Panel key={tab.blueprint} value={tab.blueprint}>
          <TabTable widget={widget} tab={tab} />
        </Tabs.Panel>
      ))}
    </Tabs>
  );
}

function TabTable({ widget, tab }: { widget: WidgetProps['widget']; tab: Tab }) {
  const blueprint = useBlueprint(tab.blueprint);
  if (tab.total === 0) return <Nothing widget={widget}>No entities match.</Nothing>;
  const columns: DataColumn<Row>[] = [
    { id: 'entity', header: 'Title', cell: (row) => <EntityLink link={row.entity as LinkTo} /> },
    ...tab.columns.map((column, at): DataColumn<Row> => ({
      id: column.field,
      header: column.title,
      cell: (row) =>
        column.field.startsWith('relations.') ? (
          <EntityLinks links={(row.cells[at] ?? []) as LinkTo[]} />
        ) : (
          <PropertyValue value={row.cells[at]} definition={blueprint?.properties[column.field.replace('properties.', '')]} compact />
        ),
    })),
  ];
  const hidden = tab.total - tab.rows.length;
  return (
    <div className={classes.table}>
      <DataTable label={widget.title ?? tab.title} columns={columns} rows={tab.rows} rowId={(row) => row.entity.identifier} natural />
      <p className={classes.more}>
        <Drill blueprint={tab.blueprint} query={tab.query}>
          {hidden > 0 ? `All ${count(tab.total, 'entity', 'entities')} (${hidden} hidden here)` : `Open in the catalog`}
        </Drill>
      </p>
    </div>
  );
}
