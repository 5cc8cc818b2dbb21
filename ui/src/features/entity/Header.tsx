import { Link } from '@tanstack/react-router';
import type { Blueprint, EntityResult, LinkTo } from '~/api/types';
import { CopyButton } from '~/kit/CopyButton';
import { Chip, Mono } from '~/kit/Mono';
import { StateMark } from '~/kit/StateMark';
import { EntityLinks } from '~/parts/EntityLink';
import { Markdown } from '~/parts/Markdown';
import classes from './entity.module.css';

interface HeaderProps {
  data: EntityResult;
  blueprint: Blueprint | undefined;
}

/** Under the title: the ref, the owners, the state of the source, the description, the tags. */
export function Header({ data, blueprint }: HeaderProps) {
  const { entity, source } = data;
  const ref = entity.ref ?? entity.identifier;
  const owners = ownersOf(entity.relations);
  const { description, tags } = entity.properties;
  return (
    <div className={classes.head}>
      <div className={classes.facts}>
        <span className={classes.ref}>
          <Mono wrap>{ref}</Mono>
          <CopyButton value={ref} label="Copy the ref" />
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
      </div>
      {typeof description === 'string' && description !== '' && (
        <div className={classes.description}>
          <Markdown source={description} />
        </div>
      )}
      {Array.isArray(tags) && tags.length > 0 && (
        <div className={classes.tags} aria-label="Tags" role="group">
          {tags.map((tag) => (
            <Chip key={String(tag)}>{String(tag)}</Chip>
          ))}
        </div>
      )}
    </div>
  );
}

function ownersOf(relations: Record<string, LinkTo[]>): LinkTo[] {
  return ['owningGroup', 'owningUser', 'owner'].flatMap((key) => relations[key] ?? []);
}
