import { Button } from '@mantine/core';
import { useMemo, useState } from 'react';
import type { EntityResult } from '~/api/types';
import { DataTable, type DataColumn } from '~/kit/DataTable';
import { Mono } from '~/kit/Mono';
import { Empty } from '~/kit/Page';
import { count, formatNumber, words } from '~/lib/text';
import { BlueprintIcon } from '~/parts/BlueprintIcon';
import { EntityLink } from '~/parts/EntityLink';
import classes from './entity.module.css';

type Edge = EntityResult['edges'][number];

const columns: DataColumn<Edge>[] = [
  { id: 'type', header: 'Relation', cell: ({ type }) => <span title={type}>{words(type)}</span> },
  {
    id: 'target',
    header: 'Entity',
    cell: ({ link }) => (
      <span className={classes.iconLine}>
        <BlueprintIcon blueprint={link.blueprint} icon={link.icon} size={14} />
        <EntityLink link={link} />
      </span>
    ),
  },
  { id: 'kind', header: 'Kind', cell: ({ link }) => link.kind ?? link.blueprint },
  { id: 'ref', header: 'Ref', wide: true, cell: ({ link }) => <Mono dim>{link.ref ?? link.identifier}</Mono> },
  { id: 'state', header: 'State', cell: ({ link }) => (link.exists ? '' : <span className={classes.missing}>does not exist yet</span>) },
];
const firstShown = 200;

/** All relations in Backstage's terms, both those that leave and those that arrive. */
export function Relations({ edges }: { edges: Edge[] }) {
  const [all, setAll] = useState(false);
  const rows = useMemo(() => (all ? edges : edges.slice(0, firstShown)), [all, edges]);
  const dangling = edges.filter(({ link }) => !link.exists).length;
  if (edges.length === 0) return <Empty title="No relations.">Relations come from the entity’s own fields and from those that point at it.</Empty>;
  return (
    <>
      <p className={classes.unset}>
        {count(edges.length, 'relation')}
        {dangling > 0 && `, ${formatNumber(dangling)} to something that does not exist yet`}
      </p>
      <DataTable
        natural
        label="Relations"
        columns={columns}
        rows={rows}
        rowId={({ type, link }) => `${type} ${link.blueprint} ${link.ref ?? link.identifier}`}
      />
      {rows.length < edges.length && (
        <Button variant="default" mt={12} onClick={() => setAll(true)}>
          Show {formatNumber(edges.length - rows.length)} more
        </Button>
      )}
    </>
  );
}
