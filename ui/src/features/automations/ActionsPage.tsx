import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { definitionsQuery, type Definition } from '~/api/definitions';
import { DataTable, type DataColumn } from '~/kit/DataTable';
import { Mono } from '~/kit/Mono';
import { Empty, Page, Waiting } from '~/kit/Page';
import { ProblemLine } from '~/kit/Problem';
import { SearchField } from '~/kit/SearchField';
import { count } from '~/lib/text';
import { Allowed } from '~/parts/Allowed';
import { isObject } from '~/parts/form/types';
import { useDocumentTitle } from '~/parts/model';
import classes from './automations.module.css';
import { fresh, isAutomation } from './definition';
import { Editor } from './Editor';

const route = getRouteApi('/_in/actions');

const columns: DataColumn<Definition>[] = [
  {
    id: 'title',
    header: 'Title',
    wide: true,
    cell: (definition) => (
      <Link to="/actions" search={{ edit: definition.identifier }} className={classes.link}>
        {definition.title || definition.identifier}
      </Link>
    ),
  },
  { id: 'identifier', header: 'Identifier', cell: ({ identifier }) => <Mono>{identifier}</Mono> },
  { id: 'when', header: 'Begins', cell: (definition) => beginsOf(definition) },
  { id: 'of', header: 'For', cell: ({ trigger }) => (isObject(trigger) ? String((isObject(trigger.event) ? (trigger.event.blueprintIdentifier ?? trigger.event.actionIdentifier) : trigger.blueprintIdentifier) ?? '') : '') },
  { id: 'does', header: 'Does', cell: ({ invocationMethod }) => (isObject(invocationMethod) ? <Mono>{String(invocationMethod.type ?? '')}</Mono> : '') },
];

function beginsOf(definition: Definition): string {
  if (!isAutomation(definition)) return 'when somebody runs it';
  const { trigger, publish } = definition;
  const event = isObject(trigger) && isObject(trigger.event) ? String(trigger.event.type ?? '') : '';
  return `${event.toLowerCase().replaceAll('_', ' ')}${publish === false ? ' (off)' : ''}`;
}

/** Definitions of actions and automations, and their editor. */
export function ActionsPage() {
  const { q, edit, create } = route.useSearch();
  const navigate = route.useNavigate();
  const documentTitle = useDocumentTitle('Actions and automations');
  const { data, error } = useQuery(definitionsQuery);
  if (create) return <Editor key={create} start={fresh[create]} isNew />;
  const found = data?.find(({ identifier }) => identifier === edit);
  if (found) return <Editor key={edit} start={found} isNew={false} />;
  const shown = (data ?? []).filter(({ identifier, title }) => !q || `${title ?? ''} ${identifier ?? ''}`.toLowerCase().includes(q.toLowerCase()));
  return (
    <Page
      documentTitle={documentTitle}
      title="Actions and automations"
      subtitle={data ? `${count(shown.length, 'definition')}${shown.length < data.length ? `, ${data.length - shown.length} hidden by the filter` : ''}` : undefined}
      actions={
        <>
          {data && data.length > 0 && <SearchField label="Find one" value={q ?? ''} onChange={(next) => void navigate({ search: { q: next || undefined }, replace: true })} />}
          <Allowed action="CreateAction">
            <Button variant="default" onClick={() => void navigate({ search: { create: 'automation' } })}>
              New automation…
            </Button>
          </Allowed>
          <Allowed action="CreateAction">
            <Button onClick={() => void navigate({ search: { create: 'action' } })}>New action…</Button>
          </Allowed>
        </>
      }
    >
      {error && <ProblemLine level="error" message={error.message} />}
      {edit && data && !found && <ProblemLine level="warning" message={`There is no “${edit}” any more.`} />}
      {!data && !error && <Waiting />}
      {data?.length === 0 && (
        <Empty title="Nobody has defined an action yet.">An action lets people do something by a form: it calls a webhook, runs a workflow or changes the catalog. An automation does the same when something happens.</Empty>
      )}
      {shown.length > 0 && <DataTable natural label="Actions and automations" columns={columns} rows={shown} rowId={({ identifier }) => String(identifier)} />}
      {data && data.length > 0 && shown.length === 0 && <Empty title="Nothing matches." />}
    </Page>
  );
}
