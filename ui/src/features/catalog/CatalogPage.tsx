import { Button } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useState } from 'react';
import type { Blueprint } from '~/api/types';
import { Empty, Page } from '~/kit/Page';
import { BlueprintIcon } from '~/parts/BlueprintIcon';
import { useBlueprint, useDocumentTitle } from '~/parts/model';
import { defaultView, useViews } from '~/parts/table/views';
import { Explorer } from '~/parts/table/Explorer';
import classes from './catalog.module.css';
import { NewEntity } from './NewEntity';

const route = getRouteApi('/_in/catalog/$blueprint');

/** The table of all entities of one blueprint. */
export function CatalogPage() {
  const { blueprint: identifier } = route.useParams();
  const blueprint = useBlueprint(identifier);
  const documentTitle = useDocumentTitle(blueprint?.title ?? identifier);
  if (!blueprint) return <NoBlueprint identifier={identifier} documentTitle={documentTitle} />;
  return <Filled key={identifier} blueprint={blueprint} documentTitle={documentTitle} />;
}

function Filled({ blueprint, documentTitle }: { blueprint: Blueprint; documentTitle: string }) {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const views = useViews(blueprint.identifier);
  const [creating, setCreating] = useState(false);
  return (
    <Page
      fill
      documentTitle={documentTitle}
      title={blueprint.title}
      icon={<BlueprintIcon blueprint={blueprint.identifier} icon={blueprint.icon} size={19} />}
      subtitle={blueprint.description}
      actions={
        <>
          <Link to="/model" search={{ blueprint: blueprint.identifier }} className={classes.tool}>
            Blueprint
          </Link>
          <Button leftSection={<IconPlus size={14} aria-hidden />} onClick={() => setCreating(true)}>
            New
          </Button>
        </>
      }
    >
      <Explorer
        label={blueprint.title}
        blueprint={blueprint}
        search={search}
        view={defaultView(views)}
        views={views}
        onSearch={(next, replace) => void navigate({ search: (old) => ({ ...old, ...next }), replace })}
        empty={<NoRows blueprint={blueprint} onNew={() => setCreating(true)} />}
      />
      {creating && <NewEntity blueprint={blueprint} onClose={() => setCreating(false)} />}
    </Page>
  );
}

function NoRows({ blueprint, onNew }: { blueprint: Blueprint; onNew: () => void }) {
  return (
    <Empty title={`There is no ${blueprint.title.toLowerCase()} yet.`}>
      <p>
        <Link to="/documents">Add a document</Link>
        {blueprint.kind ? (
          <>
            {' '}
            with <code>kind: {blueprint.kind}</code>,
          </>
        ) : (
          ','
        )}{' '}
        send one through the API, or write the first one here.
      </p>
      <Button variant="default" mt={12} onClick={onNew}>
        New {blueprint.title.toLowerCase()}
      </Button>
    </Empty>
  );
}

function NoBlueprint({ identifier, documentTitle }: { identifier: string; documentTitle: string }) {
  return (
    <Page documentTitle={documentTitle} title={identifier}>
      <Empty title={`There is no blueprint “${identifier}”.`}>
        The <Link to="/model">data model</Link> lists the blueprints that there are. Those of Backstage’s kinds are installed by the first
        document that needs them.
      </Empty>
    </Page>
  );
}
