import { IconAlertTriangle } from '@tabler/icons-react';
import type { Row } from '~/api/types';
import type { DataColumn } from '~/kit/DataTable';
import { Mono } from '~/kit/Mono';
import { Time } from '~/kit/Time';
import { count } from '~/lib/text';
import { DerivedMark } from '~/parts/DerivedMark';
import { EntityLink, EntityLinks } from '~/parts/EntityLink';
import { PropertyValue } from '~/parts/PropertyValue';
import classes from './catalog.module.css';
import { fieldValue, type Field } from './fields';

export function columnOf(field: Field): DataColumn<Row> {
  const numeric = field.property?.type === 'number' || field.property?.type === 'integer';
  return {
    id: field.id,
    header: field.title,
    note: field.property?.derived && <DerivedMark derived={field.property.derived} />,
    sortable: field.sortable,
    align: numeric ? 'right' : undefined,
    cell: (row) => <Cell row={row} field={field} />,
  };
}

function Cell({ row, field }: { row: Row; field: Field }) {
  const value = fieldValue(row, field);
  if (field.relation) return <EntityLinks links={row.relations[field.id.slice('relations.'.length)] ?? []} />;
  switch (field.id) {
    case 'title':
      return <TitleCell row={row} />;
    case 'identifier':
      return <Mono dim>{row.identifier}</Mono>;
    case 'createdAt':
    case 'updatedAt':
      return typeof value === 'string' ? <Time iso={value} /> : null;
    default:
      return <PropertyValue compact value={value} definition={field.property} />;
  }
}

function TitleCell({ row }: { row: Row }) {
  return (
    <span className={classes.title}>
      <EntityLink link={{ ...row, title: row.title || row.identifier, exists: true }} />
      {row.problems > 0 && (
        <span className={classes.problem} title={count(row.problems, 'problem')}>
          <IconAlertTriangle size={14} role="img" aria-label={count(row.problems, 'problem')} />
        </span>
      )}
    </span>
  );
}
