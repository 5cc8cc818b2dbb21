import { Tabs } from '@mantine/core';
import type { DataOf } from '~/api/pages';
import { count } from '~/lib/text';
import { TabTable } from '~/parts/EntityTable';
import { Drill } from './drill';
import { Nothing } from './Nothing';
import type { WidgetProps } from './types';
import classes from './widgets.module.css';

type Tab = DataOf<'table'>['tabs'][number];

/** What was found, page by page, a tab for each blueprint; the whole table is one click away. */
export function TableWidget({ widget, data }: WidgetProps<'table'>) {
  const [first] = data.tabs;
  if (first === undefined) return <Nothing widget={widget}>No entities match.</Nothing>;
  if (data.tabs.length === 1) return <Shown widget={widget} tab={first} />;
  return (
    <Tabs defaultValue={first.blueprint ?? ''} keepMounted={false}>
      <Tabs.List>
        {data.tabs.map((tab) => (
          <Tabs.Tab key={tab.blueprint} value={tab.blueprint ?? ''} rightSection={<span className="sd-dim">{tab.first.total}</span>}>
            {tab.title}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      {data.tabs.map((tab) => (
        <Tabs.Panel key={tab.blueprint} value={tab.blueprint ?? ''}>
          <Shown widget={widget} tab={tab} />
        </Tabs.Panel>
      ))}
    </Tabs>
  );
}

function Shown({ widget, tab }: { widget: WidgetProps['widget']; tab: Tab }) {
  const { blueprint, title, first } = tab;
  if (first.total === 0) return <Nothing widget={widget}>No entities match.</Nothing>;
  return (
    <div className={classes.table}>
      <TabTable label={widget.title || title} table={tab} />
      <p className={classes.more}>
        <Drill blueprint={blueprint} query={first.query}>
          {first.total > first.rows.length ? `All ${count(first.total, 'entity', 'entities')}` : 'Open in the catalog'}
        </Drill>
      </p>
    </div>
  );
}
