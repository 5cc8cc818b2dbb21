import { Button, Chip, Group } from '@mantine/core';
import { IconLock, IconPencil, IconUsers } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { lazy, Suspense, useState } from 'react';
import { createPage, deletePage, pageDataQuery, patchPage, type PageFilter, type PageJson } from '~/api/pages';
import { Confirm } from '~/kit/Confirm';
import { Explained } from '~/kit/Explained';
import { Empty, Page, Waiting } from '~/kit/Page';
import { BlueprintIcon } from '~/parts/BlueprintIcon';
import { useDocumentTitle } from '~/parts/model';
import { useWhyNot } from '~/parts/session';
import { useChange } from '~/parts/useChange';
import { Widgets } from '~/widgets';
import { leavesOf } from './draft';
import classes from './pages.module.css';

const Editor = lazy(() => import('./Editor'));
const RightsWindow = lazy(() => import('./RightsWindow'));
const route = getRouteApi('/_in/pages/$page');

/** A page of widgets, and its editor. */
export function PageScreen() {
  const { page: id } = route.useParams();
  // a new page is a new screen: nothing of the last one stays
  return <Screen key={id} id={id} />;
}

function Screen({ id }: { id: string }) {
  const { edit, filter = [] } = route.useSearch();
  const navigate = route.useNavigate();
  const [deleted, setDeleted] = useState<PageJson>();
  const { data, error } = useQuery({ ...pageDataQuery({ page: id, chosen: filter.length > 0 ? filter : undefined }), enabled: deleted === undefined });
  const page = data?.page ?? undefined;
  const title = useDocumentTitle(page?.title ?? id);
  if (deleted) return <Deleted page={deleted} onBack={() => setDeleted(undefined)} />;
  if (error) {
    return (
      <Page documentTitle={title} title={id}>
        <Empty title="This page cannot be shown.">{error.message}</Empty>
      </Page>
    );
  }
  if (!page || !data) {
    return (
      <Page documentTitle={title} title={id}>
        <Waiting />
      </Page>
    );
  }
  if (edit && data.mayChange) {
    return (
      <Suspense
        fallback={
          <Page documentTitle={title} title={page.title ?? page.identifier}>
            <Waiting />
          </Page>
        }
      >
        <Editor page={page} onDone={() => void navigate({ search: (old) => ({ ...old, edit: undefined }) })} />
      </Suspense>
    );
  }
  const setFilter = (chosen: string[]) => void navigate({ search: (old) => ({ ...old, filter: chosen.length > 0 ? chosen : undefined }), replace: true });
  return (
    <Page
      documentTitle={title}
      title={page.title ?? page.identifier}
      icon={<BlueprintIcon blueprint={page.blueprint ?? page.identifier} icon={page.icon} size={18} />}
      subtitle={page.description}
      actions={<Actions page={page} mayChange={data.mayChange} onEdit={() => void navigate({ search: (old) => ({ ...old, edit: true }) })} onDeleted={setDeleted} />}
    >
      <Filters filters={page.pageFilters ?? []} chosen={filter} onChange={setFilter} />
      <div className={classes.content}>
        {leavesOf(page.widgets).length === 0 ? (
          <Empty title="There is nothing on this page yet.">{data.mayChange ? 'Choose “Edit” and add a widget.' : 'Whoever may change it can add widgets.'}</Empty>
        ) : (
          <Widgets widgets={page.widgets} data={data.widgets} />
        )}
      </div>
    </Page>
  );
}

function Filters({ filters, chosen, onChange }: { filters: PageFilter[]; chosen: string[]; onChange: (chosen: string[]) => void }) {
  if (filters.length === 0) return null;
  return (
    <Chip.Group multiple value={chosen} onChange={onChange}>
      <Group gap={8} className={classes.filters} role="group" aria-label="Filters of the page">
        <span className="sd-dim">Only</span>
        {filters.map((filter) => (
          <Chip key={filter.identifier} value={filter.identifier} size="xs" variant="outline">
            {filter.title}
          </Chip>
        ))}
      </Group>
    </Chip.Group>
  );
}

interface ActionsProps {
  page: PageJson;
  mayChange: boolean;
  onEdit: () => void;
  onDeleted: (page: PageJson) => void;
}

function Actions({ page, mayChange, onEdit, onDeleted }: ActionsProps) {
  const whyNot = useWhyNot('DeletePage');
  const whyNoRights = useWhyNot('UpdatePage');
  const [sharing, setSharing] = useState(false);
  const lock = useChange((locked: boolean) => patchPage(page.identifier, { locked }));
  const why = mayChange ? undefined : 'Only administrators may change this page, and whom they name in its permissions.';
  const mayGo = page.type === 'dashboard' || page.type === 'blueprint-entities';
  return (
    <>
      <Explained why={whyNoRights}>
        <Button variant="default" leftSection={<IconUsers size={14} aria-hidden />} onClick={() => setSharing(true)}>
          Who may…
        </Button>
      </Explained>
      {sharing && (
        <Suspense fallback={null}>
          <RightsWindow page={page} onClose={() => setSharing(false)} />
        </Suspense>
      )}
      {mayGo && (
        <Confirm label="Delete…" title={`Delete “${page.title ?? page.identifier}”?`} confirm="Delete the page" why={whyNot} run={() => deletePage(page.identifier).then(() => onDeleted(page))}>
          The page goes for everybody. It can be brought back as long as you stay on it.
        </Confirm>
      )}
      {page.locked ? (
        <Explained why={why}>
          <Button variant="default" leftSection={<IconLock size={14} aria-hidden />} loading={lock.isPending} onClick={() => lock.mutate(false)}>
            Unlock
          </Button>
        </Explained>
      ) : (
        <Explained why={why}>
          <Button leftSection={<IconPencil size={14} aria-hidden />} onClick={onEdit}>
            Edit
          </Button>
        </Explained>
      )}
    </>
  );
}

/** Keys of a page that are not its own to say again. */
const stamps = ['createdAt', 'createdBy', 'updatedAt', 'updatedBy', 'after'];

function Deleted({ page, onBack }: { page: PageJson; onBack: () => void }) {
  const back = useChange(() => createPage(Object.fromEntries(Object.entries(page).filter(([key]) => !stamps.includes(key))) as Partial<PageJson>), onBack);
  const title = useDocumentTitle('Deleted');
  return (
    <Page documentTitle={title} title={page.title ?? page.identifier}>
      <Empty title="This page was deleted.">
        <p>It is gone from the sidebar. What it showed is untouched.</p>
        {back.error && <p role="alert">{back.error.message}</p>}
        <Button mt={14} onClick={() => back.mutate(undefined)} loading={back.isPending}>
          Undo
        </Button>
      </Empty>
    </Page>
  );
}
