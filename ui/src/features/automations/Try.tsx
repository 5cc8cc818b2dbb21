import { Tabs } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { previewQuery, type Definition } from '~/api/definitions';
import { targetOptions } from '~/api/options';
import { CodeBlock } from '~/kit/CodeBlock';
import { Empty } from '~/kit/Page';
import { ProblemLine } from '~/kit/Problem';
import { SearchField } from '~/parts/form/fields/SearchField';
import { pagesOf, type UserInputs } from '~/parts/form/port';
import { SchemaForm } from '~/parts/form/SchemaForm';
import { isBlank, isObject, type Values } from '~/parts/form/types';
import classes from './automations.module.css';
import { isAutomation } from './definition';

/** Typing asks the server when it pauses. */
const pause = 500;

/** What people will be asked, and what would be sent with what is filled in. Nothing is kept and nothing is sent. */
export function Try({ definition }: { definition: Definition }) {
  const [tab, setTab] = useState<string | null>('form');
  const [values, setValues] = useState<Values>({});
  const [target, setTarget] = useState<string>();
  const [at, setAt] = useState(0);
  const filled = useMemo(() => Object.fromEntries(Object.entries(values).filter(([, value]) => !isBlank(value))), [values]);
  const [asked] = useDebouncedValue(useMemo(() => ({ definition, filled, target }), [definition, filled, target]), pause);
  const space = asked.target?.indexOf(' ') ?? -1;
  const entity = asked.target && space > 0 ? { blueprint: asked.target.slice(0, space), entity: asked.target.slice(space + 1) } : {};
  const automation = isAutomation(definition);
  const { data, error } = useQuery({ ...previewQuery(asked.definition, asked.filled, entity), enabled: !automation });
  const inputs = data?.userInputs as UserInputs | undefined;
  const pages = useMemo(() => (inputs ? pagesOf(inputs, values) : []), [inputs, values]);
  const trigger = isObject(definition.trigger) ? definition.trigger : {};
  if (automation) return <Empty title="It runs by itself.">Switch it on and change something that it waits for: its runs are under “Runs”.</Empty>;
  return (
    <Tabs value={tab} onChange={setTab} keepMounted={false} className={classes.side}>
      <Tabs.List>
        <Tabs.Tab value="form">What people see</Tabs.Tab>
        <Tabs.Tab value="sent">What would be sent</Tabs.Tab>
      </Tabs.List>
      <Tabs.Panel value="form" className={classes.panel}>
        {error && <ProblemLine level="warning" message={error.message} />}
        {trigger.operation !== 'CREATE' && trigger.operation !== undefined && (
          <SearchField path="/$try" name="$try" schema={{ type: 'string' }} label="Entity" description="To try it with." value={target} shown={target?.replace(/^\S+ /, '')} onChange={(next) => setTarget(typeof next === 'string' ? next : undefined)} required={false} disabled={false} find={(typed) => targetOptions(typeof trigger.blueprintIdentifier === 'string' ? trigger.blueprintIdentifier : undefined, typed)} />
        )}
        <SchemaForm pages={pages} values={values} onValues={setValues} at={at} onAt={setAt} quiet labels={{ submit: 'See what would be sent' }} onSubmit={() => setTab('sent')} />
      </Tabs.Panel>
      <Tabs.Panel value="sent" className={classes.panel}>
        {error && <ProblemLine level="error" message={error.message} />}
        {data?.problems.map((one) => <ProblemLine key={one} level="warning" message={one} />)}
        {data?.faults.map((fault, i) => <ProblemLine key={i} level="error" message={fault.message} />)}
        {isObject(data?.invocation) ? <CodeBlock text={JSON.stringify(data.invocation, null, 2)} language="json" label="What would be sent" /> : !error && <p className="sd-dim">Nothing would be sent as it is.</p>}
      </Tabs.Panel>
    </Tabs>
  );
}
