import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { Blueprint, EntityResult } from '~/api/types';
import { CopyButton } from '~/kit/CopyButton';
import { Chip, Mono } from '~/kit/Mono';
import { StateMark } from '~/kit/StateMark';
import { Time } from '~/kit/Time';
import { EntityLinks } from '~/parts/EntityLink';
import { Markdown } from '~/parts/Markdown';
import classes from './entity.module.css';

interface HeaderProps {
  data: EntityResult;
  blueprint: Blueprint | undefined;
  /** Its levels. */
  levels?: ReactNode;
}

/** Under the title: the ref, the owners, the state of the source, who changed it last, the description, the tags. */
export function Header({ data, blueprint, levels }: HeaderProps) {
  const { entity, source, owners } = data;
  const { description, tags } = entity.properties;
  return (
    <div className={classes.head}>
      <div className={classes.facts}>
        <span className={classes.ref}>
          <Mono wrap>{entity.ref}</Mono>
          <CopyButton value={entity.ref} label="Copy the ref" />
        </span>
        <Link to="/catalog/$blueprint" params={{ blueprint: entity.blueprint }} className={classes.quietLink}>
          {blueprint?.title ?? entity.blueprint}
        </Link>
        {owners.length > 0 ? (
          <span>
            Owned by <EntityLinks links={owners} max={4} inline />
          </span>
        ) : (
          entity.team.length > 0 && <span>Team {entity.team.join(', ')}</span>
        )}
        {source && source.kind !== 'api' && <StateMark state={source.state} />}
        <span className="sd-dim">
          changed <Time iso={entity.updatedAt} />
          {entity.updatedBy && ` by ${nameOf(entity.updatedBy)}`}
        </span>
      </div>
      {levels}
      {typeof description === 'string' && description !== '' && (
        <div className={classes.description}>
          <Markdown source={description} />
        </div>
      )}
      {Array.isArray(tags) && tags.length > 0 && (
        <div className={classes.tags} aria-label="Tags" role="group">
          {tags.map((tag, i) => (
            <Chip key={i}>{String(tag)}</Chip>
          ))}
        </div>
      )}
    </div>
  );
}

/** Sources are long: their last part says enough here. */
const nameOf = (name: string) => (name.includes('/') ? (name.split('/').at(-1) ?? name) : name);
