import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import { relatedQuery } from '~/api/entity';
import type { EntityResult } from '~/api/types';
import { DataTable, type DataColumn } from '~/kit/DataTable';
import { Mono } from '~/kit/Mono';
import { Empty, Waiting } from '~/kit/Page';
import { Pager } from '~/kit/Pager';
import { ProblemLine } from '~/kit/Problem';
import { SearchField } from '~/kit/SearchField';
import { Time } from '~/kit/Time';
import { formatNumber, words } from '~/lib/text';
import { BlueprintIcon } from '~/parts/BlueprintIcon';
import { EntityLink } from '~/parts/EntityLink';
import { useModel } from '~/parts/model';
import classes from './entity.module.css';
import { PathBuilder } from './PathBuilder';
import { nameOfPath, pathOf, textOf } from './paths';

const route = getRouteApi('/_in/entity/$blueprint');
const pageSize = 50;

interface Group {
  path: string;
  title: string;
  total: number;
}

/** Tables by relation, in both directions, and over several of them. */
export function Related({ data, saved }: { data: EntityResult; saved: { title: string; path: string }[] }) {
  const model = useModel();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const [building, setBuilding] = useState(false);
  const groups = useMemo(() => groupsOf(data, model.blueprints), [data, model]);
  const path = search.path ?? groups.out[0]?.path ?? groups.into[0]?.path ?? saved[0]?.path;
  const choose = (next: string) => void navigate({ search: { id: search.id, tab: 'related', path: next }, replace: true });
  const known = [...groups.out, ...groups.into].some((group) => group.path === path) || saved.some((one) => one.path === path);
  const list = (title: string, all: { path: string; title: string; total?: number }[]) =>
    all.length > 0 && (
      <section className={classes.pathGroup}>
        <h2>{title}</h2>
        <ul>
          {all.map((group) => (
            <li key={group.path}>
              <button type="button" aria-current={group.path === path} onClick={() => choose(group.path)}>
                <span>{group.title}</span>
                {group.total !== undefined && <span className={classes.number}>{formatNumber(group.total)}</span>}
              </button>
            </li>
          ))}
        </ul>
      </section>
    );
  return (
    <div className={classes.related}>
      <nav className={classes.paths} aria-label="Relations">
        {list('Leads to', groups.out)}
        {list('Referenced by', groups.into)}
        {list('Paths', [...saved, ...(path && !known ? [{ path, title: nameOfPath(path, model.blueprints) }] : [])])}
        <Button variant="subtle" size="compact-xs" mt={8} aria-expanded={building} onClick={() => setBuilding(!building)}>
          Over several relations…
        </Button>
      </nav>
      <div>
        {building && (
          <PathBuilder
            blueprint={data.entity.blueprint}
            onPath={(steps) => {
              setBuilding(false);
              choose(textOf(steps));
            }}
          />
        )}
        {path ? <Ends key={path} data={data} path={path} /> : <Empty title="Related to nothing.">Relations come from its source or from Edit; whatever points at it is listed here, too.</Empty>}
      </div>
    </div>
  );
}

function groupsOf(data: EntityResult, blueprints: ReturnType<typeof useModel>['blueprints']): { out: Group[]; into: Group[] } {
  const own = blueprints.find(({ identifier }) => identifier === data.entity.blueprint);
  const out = data.relations
    .filter(({ total }) => total > 0)
    .map(({ key, title, total }) => ({ path: key, title: own?.relations[key]?.title || words(title), total }));
  const others = data.others.map(({ type, total }) => ({ path: `type:${type}`, title: words(type), total }));
  const into = data.incoming.flatMap(({ blueprint, relation, total }) => {
    const from = blueprints.find(({ identifier }) => identifier === blueprint);
    if (!from?.relations[relation]) return [];
    return [{ path: `${blueprint} ${relation}`, title: `${from.title} · ${from.relations[relation]?.title || words(relation)}`, total }];
  });
  return { out: [...out, ...others], into };
}

type Row = { link: EntityResult['owners'][number]; team: string[]; updatedAt?: string | null };

const columns: DataColumn<Row>[] = [
  {
    id: 'entity',
    header: 'Entity',
    wide: true,
    cell: ({ link }) => (
      <span className={classes.iconLine}>
        <BlueprintIcon blueprint={link.blueprint} icon={link.icon} size={14} />
        <EntityLink link={link} />
      </span>
    ),
  },
  { id: 'blueprint', header: 'Blueprint', cell: ({ link }) => link.kind ?? link.blueprint },
  { id: 'ref', header: 'Ref', wide: true, cell: ({ link }) => <Mono dim>{link.ref}</Mono> },
  { id: 'team', header: 'Team', cell: ({ team }) => team.join(', ') },
  {
    id: 'changed',
    header: 'Changed',
    cell: ({ link, updatedAt }) => (updatedAt ? <Time iso={updatedAt} /> : link.exists ? '' : <span className={classes.missing}>does not exist yet</span>),
  },
];

function Ends({ data, path }: { data: EntityResult; path: string }) {
  const { page = 1, q, id } = route.useSearch();
  const navigate = route.useNavigate();
  const key = { blueprint: data.entity.blueprint, identifier: data.entity.identifier };
  const asked = { offset: (page - 1) * pageSize, limit: pageSize, q: q || undefined };
  const found = useQuery(relatedQuery(key, pathOf(path), asked));
  const go = (change: { page?: number; q?: string }) => void navigate({ search: { id, tab: 'related', path, q, ...change }, replace: true });
  if (found.error) return <ProblemLine level="error" message={found.error.message} />;
  if (!found.data) return <Waiting />;
  const { rows, total, steps } = found.data;
  return (
    <>
      <div className={classes.relatedBar}>
        <SearchField value={q ?? ''} onChange={(text) => go({ q: text || undefined, page: undefined })} label="Find among these" />
        {steps.length > 1 && (
          <span className="sd-dim" aria-label="Entities after each step">
            {steps.map(formatNumber).join(' → ')}
          </span>
        )}
      </div>
      <DataTable natural label="Related entities" columns={columns} rows={rows as Row[]} rowId={({ link }) => `${link.blueprint} ${link.ref}`} />
      {total === 0 ? <Empty title={q ? 'Nothing fits.' : 'Nothing is there.'} /> : <Pager page={page} pageSize={pageSize} total={total} onPage={(next) => go({ page: next })} />}
    </>
  );
}
