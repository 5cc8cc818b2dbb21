import { getRouteApi, Link } from '@tanstack/react-router';
import { useCallback } from 'react';
import { Mono } from '~/kit/Mono';
import { Empty, Page } from '~/kit/Page';
import { GraphView } from '~/parts/graph/GraphView';
import type { GraphStart, GraphState } from '~/parts/graph/state';
import { formatNumber } from '~/lib/text';
import { BlueprintIcon } from '~/parts/BlueprintIcon';
import { useBlueprint, useCatalogBlueprints, useDocumentTitle } from '~/parts/model';
import classes from './graph.module.css';

const route = getRouteApi('/_in/graph');

/** The graph around an entity, or around all that a query finds. */
export function GraphPage() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const blueprint = useBlueprint(search.blueprint ?? '');
  const start = startOf(search);
  const onState = useCallback((change: Partial<GraphState>) => void navigate({ search: (old) => ({ ...old, ...change }), replace: true }), [navigate]);
  const name = search.query ?? search.entity ?? search.id ?? blueprint?.title ?? '';
  return (
    <Page documentTitle={useDocumentTitle('Graph', name)} title="Graph" subtitle={name ? <Mono wrap>{name}</Mono> : undefined} fill>
      {start ? (
        <GraphView key={JSON.stringify(start)} start={start} state={search} onState={onState} depth={search.query ? 1 : 2} />
      ) : (
        <Empty title="Nothing is chosen yet.">
          <p>
            Open an entity and its tab Graph, see the <Link to="/model">data model</Link>, or begin with all of one kind:
          </p>
          <Kinds />
        </Empty>
      )}
    </Page>
  );
}

/** All entities of a blueprint, as a place to begin. */
function Kinds() {
  const filled = useCatalogBlueprints().filter(({ count }) => count > 0);
  return (
    <ul className={classes.kinds}>
      {filled.map(({ identifier, title, icon, count }) => (
        <li key={identifier}>
          <Link to="/graph" search={{ query: `$blueprint = ${JSON.stringify(identifier)}` }}>
            <BlueprintIcon blueprint={identifier} icon={icon} size={15} /> {title} <span className="sd-dim">{formatNumber(count)}</span>
          </Link>
        </li>
      ))}
    </ul>
  );
}

function startOf({ entity, blueprint, id, query }: ReturnType<typeof route.useSearch>): GraphStart | null {
  if (query) return { query };
  if (entity) return { ref: entity };
  return blueprint && id ? { blueprint, identifier: id } : null;
}
