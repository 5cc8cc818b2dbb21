import { Button, Modal } from '@mantine/core';
import { getRouteApi } from '@tanstack/react-router';
import { lazy, Suspense } from 'react';
import { Page, Waiting } from '~/kit/Page';
import { Allowed } from '~/parts/Allowed';
import { useDocumentTitle } from '~/parts/model';
import { NewPage } from './NewPage';

const Tree = lazy(() => import('./Tree'));
const route = getRouteApi('/_in/pages');

/** The pages of the sidebar, and how they are arranged. */
export function PagesScreen() {
  const { create } = route.useSearch();
  const navigate = route.useNavigate();
  const setCreate = (open: boolean) => void navigate({ search: { create: open || undefined }, replace: true });
  return (
    <Page
      documentTitle={useDocumentTitle('Pages')}
      title="Pages"
      subtitle="What the sidebar lists: dashboards, the tables of blueprints, and the folders that they are in."
      actions={
        <Allowed action="CreatePage">
          <Button onClick={() => setCreate(true)}>New dashboard…</Button>
        </Allowed>
      }
    >
      <Suspense fallback={<Waiting />}>
        <Tree />
      </Suspense>
      <Modal opened={create === true} onClose={() => setCreate(false)} title="New dashboard" size="lg">
        <NewPage />
      </Modal>
    </Page>
  );
}
