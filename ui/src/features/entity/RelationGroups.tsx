import { getRouteApi, Link } from '@tanstack/react-router';
import type { Blueprint, EntityResult, LinkTo } from '~/api/types';
import { Section } from '~/kit/Page';
import { formatNumber, words } from '~/lib/text';
import { BlueprintIcon } from '~/parts/BlueprintIcon';
import { EntityLink } from '~/parts/EntityLink';
import { useModel } from '~/parts/model';
import classes from './entity.module.css';
import { Provenance } from './Provenance';
import type { ReactNode } from 'react';

const route = getRouteApi('/_in/entity/$blueprint');
const maxShown = 8;

/** What the entity leads to, and what leads to it: the first of each, and their exact number. */
export function RelationGroups({ data, blueprint }: { data: EntityResult; blueprint: Blueprint | undefined }) {
  const { blueprints } = useModel();
  const filled = data.relations.filter(({ total }) => total > 0);
  const unset = data.relations.filter(({ total }) => total === 0);
  return (
    <>
      <Section title="Relations">
        {filled.map(({ key, title, links, total }) => {
          const name = blueprint?.relations[key]?.title || words(title);
          return (
            <Group
              key={key}
              title={name}
              mark={<Provenance name={name} origin={data.fields[`relations.${key}`]} source={data.source} />}
              links={links}
              total={total}
              path={key}
            />
          );
        })}
        {data.others.map(({ type, links, total }) => (
          <Group key={type} title={words(type)} links={links} total={total} path={`type:${type}`} />
        ))}
        {filled.length + data.others.length === 0 && <p className={classes.unset}>Leads to nothing.</p>}
        {unset.length > 0 && filled.length > 0 && (
          <p className={classes.unset}>Without a target: {unset.map(({ key, title }) => blueprint?.relations[key]?.title || words(title)).join(', ')}</p>
        )}
      </Section>
      <Section title="Referenced by">
        {data.incoming.map((group) => {
          const from = blueprints.find((one) => one.identifier === group.blueprint);
          const relation = from?.relations[group.relation]?.title || words(group.relation);
          return (
            <Group
              key={`${group.blueprint} ${group.relation}`}
              title={`${from?.title ?? group.blueprint} · ${relation}`}
              links={group.links}
              total={group.total}
              path={from?.relations[group.relation] ? `${group.blueprint} ${group.relation}` : undefined}
            />
          );
        })}
        {data.incoming.length === 0 && <p className={classes.unset}>Nothing points here.</p>}
      </Section>
    </>
  );
}

interface GroupProps {
  title: string;
  mark?: ReactNode;
  links: LinkTo[];
  total: number;
  /** Under which the related tab lists all of them. */
  path?: string;
}

function Group({ title, mark, links, total, path }: GroupProps) {
  const { id } = route.useSearch();
  const { blueprint } = route.useParams();
  const shown = links.slice(0, maxShown);
  return (
    <div className={classes.linkGroup}>
      <h3>
        {title} {total > 1 && <span className={classes.number}>{formatNumber(total)}</span>} {mark}
      </h3>
      <ul>
        {shown.map((link) => (
          <li key={`${link.blueprint} ${link.identifier}`}>
            <BlueprintIcon blueprint={link.blueprint} icon={link.icon} size={14} />
            <EntityLink link={link} />
          </li>
        ))}
      </ul>
      {total > shown.length && (
        <Link to="/entity/$blueprint" params={{ blueprint }} search={{ id, tab: 'related', path }}>
          Show all {formatNumber(total)}
        </Link>
      )}
    </div>
  );
}
