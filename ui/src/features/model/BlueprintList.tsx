import { Link } from '@tanstack/react-router';
import { useMemo } from 'react';
import type { Blueprint } from '~/api/types';
import { DataTable, type DataColumn } from '~/kit/DataTable';
import { Mono } from '~/kit/Mono';
import { Empty, Section } from '~/kit/Page';
import { formatNumber } from '~/lib/text';
import { BlueprintIcon } from '~/parts/BlueprintIcon';
import classes from './model.module.css';

interface BlueprintListProps {
  title: string;
  blueprints: Blueprint[];
  total: number;
  onChoose: (identifier: string) => void;
}

/** The graph as a table: for screen readers, for the keyboard, and for finding things by name. */
export function BlueprintList({ title, blueprints, total, onChoose }: BlueprintListProps) {
  const columns = useMemo((): DataColumn<Blueprint>[] => {
    return [
      {
        id: 'title',
        header: 'Blueprint',
        cell: (blueprint) => (
          <span className={classes.iconLine}>
            <BlueprintIcon blueprint={blueprint.identifier} icon={blueprint.icon} size={15} />
            <button type="button" className={classes.name} onClick={() => onChoose(blueprint.identifier)}>
              {blueprint.title}
            </button>
          </span>
        ),
      },
      { id: 'identifier', header: 'Identifier', cell: (blueprint) => <Mono dim>{blueprint.identifier}</Mono> },
      { id: 'kind', header: 'Kind', cell: (blueprint) => blueprint.kind },
      { id: 'count', header: 'Entities', align: 'right', cell: (blueprint) => formatNumber(blueprint.count) },
      { id: 'properties', header: 'Properties', align: 'right', cell: (blueprint) => Object.keys(blueprint.properties).length },
      {
        id: 'derived',
        header: 'Derived',
        align: 'right',
        cell: (blueprint) => Object.values(blueprint.properties).filter(({ derived }) => derived).length || '',
      },
      {
        id: 'edit',
        header: 'Definition',
        cell: ({ identifier, title: name }) => (
          <Link to="/model/$blueprint" params={{ blueprint: identifier }} className={classes.catalogLink} aria-label={`Definition of ${name}`}>
            Open
          </Link>
        ),
      },
      { id: 'relations', header: 'Relations', wide: true, cell: (blueprint) => <Targets blueprint={blueprint} /> },
    ];
  }, [onChoose]);
  if (total === 0) return null;
  return (
    <Section title={title} aside={blueprints.length < total ? `${total - blueprints.length} hidden by the search` : undefined}>
      {blueprints.length === 0 ? (
        <Empty title="No blueprint matches." />
      ) : (
        <DataTable natural label={title} columns={columns} rows={blueprints} rowId={(blueprint) => blueprint.identifier} />
      )}
    </Section>
  );
}

function Targets({ blueprint }: { blueprint: Blueprint }) {
  const targets = [...new Set(Object.values(blueprint.relations).map(({ target }) => target))];
  return <span className="sd-dim">{targets.join(', ')}</span>;
}
