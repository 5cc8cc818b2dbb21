import { getRouteApi, Link } from '@tanstack/react-router';
import { Empty, Page } from '~/kit/Page';
import { useBlueprint, useDocumentTitle } from '~/parts/model';
import { Explorer } from '~/parts/table/Explorer';
import { useView, useViews } from '~/parts/table/views';

const route = getRouteApi('/_in/views/$id');

/** A table that was saved under a name. */
export function ViewPage() {
  const { id } = route.useParams();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const view = useView(id);
  const blueprint = useBlueprint(view?.blueprint ?? '');
  const documentTitle = useDocumentTitle(view?.title ?? 'View');
  const views = useViews(view?.blueprint ?? undefined);
  if (!view) {
    return (
      <Page documentTitle={documentTitle} title="View">
        <Empty title="There is no such view.">
          It was deleted, or it is somebody else’s own. <Link to="/query">All entities</Link>
        </Empty>
      </Page>
    );
  }
  if (view.blueprint && !blueprint) {
    return (
      <Page documentTitle={documentTitle} title={view.title}>
        <Empty title={`The blueprint “${view.blueprint}” of this view is gone.`}>
          The view stays as it is, for when the blueprint comes back. <Link to="/model">Data model</Link>
        </Empty>
      </Page>
    );
  }
  return (
    <Page fill documentTitle={documentTitle} title={view.title} subtitle={blueprint ? blueprint.title : 'Entities of all blueprints'}>
      <Explorer
        key={id}
        label={view.title}
        blueprint={blueprint}
        search={search}
        view={view}
        views={views}
        onSearch={(next, replace) => void navigate({ search: (old) => ({ ...old, ...next }), replace })}
        empty={<p>There is nothing here yet.</p>}
      />
    </Page>
  );
}
