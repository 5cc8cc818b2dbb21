import { IconAlertTriangle } from '@tabler/icons-react';
import type { CheckStatus } from '~/api/scorecards';
import type { Row } from '~/api/types';
import { Mono } from '~/kit/Mono';
import { Time } from '~/kit/Time';
import { count } from '~/lib/text';
import { EntityLink, EntityLinks } from '~/parts/EntityLink';
import { useModel } from '~/parts/model';
import { PropertyValue } from '~/parts/PropertyValue';
import { LevelBadge } from '~/parts/scorecards/Level';
import { StatusMark, statusLooks } from '~/parts/scorecards/Status';
import { isLinks, type Field } from './fields';
import classes from './table.module.css';

/** A value of an entity in a table. */
export function Cell({ row, field }: { row: Row; field: Field }) {
  const value = row.cells[field.id];
  if (field.levels) return typeof value === 'string' ? <LevelBadge level={value} of={field.levels} /> : null;
  if (field.check && typeof value === 'string' && value in statusLooks) return <StatusMark status={value as CheckStatus} />;
  if (isLinks(value)) return <EntityLinks links={value} />;
  switch (field.id) {
    case '$title':
      return <TitleCell row={row} />;
    case '$identifier':
      return <Mono dim>{row.identifier}</Mono>;
    case '$blueprint':
      return <BlueprintName identifier={row.blueprint} />;
    case '$createdAt':
    case '$updatedAt':
      return typeof value === 'string' ? <Time iso={value} /> : null;
    default:
      return <PropertyValue compact value={value} definition={field.property} />;
  }
}

function BlueprintName({ identifier }: { identifier: string }) {
  const known = useModel().blueprints.find((blueprint) => blueprint.identifier === identifier);
  return <>{known?.title ?? identifier}</>;
}

/** The name of an entity, leading to its page. */
export function TitleCell({ row }: { row: Row }) {
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
