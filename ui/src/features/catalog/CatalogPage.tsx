import { getRouteApi, Link } from '@tanstack/react-router';
import type { Blueprint } from '~/api/types';
import { Empty, Page } from '~/kit/Page';
import { BlueprintIcon } from '~/parts/BlueprintIcon';
import { useBlueprint, useDocumentTitle } from '~/parts/model';
import classes from './catalog.module.css';
import { CatalogTable } from './CatalogTable';

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
  return (
    <Page
      fill
      documentTitle={documentTitle}
      title={blueprint.title}
      icon={<BlueprintIcon blueprint={blueprint.identifier} icon={blueprint.icon} size={19} />}
      subtitle={blueprint.description}
      actions={
        <Link to="/model" search={{ blueprint: blueprint.identifier }} className={classes.tool}>
          Blueprint
        </Link>
      }
    >
      <CatalogTable blueprint={blueprint} />
    </Page>
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
