import { Link } from '@tanstack/react-router';
import type { Blueprint, EntityDetail, EntityResult, LinkTo } from '~/api/types';
import { Section } from '~/kit/Page';
import { formatNumber, words } from '~/lib/text';
import { BlueprintIcon } from '~/parts/BlueprintIcon';
import { EntityLink } from '~/parts/EntityLink';
import { useModel } from '~/parts/model';
import classes from './entity.module.css';

const maxShown = 10;

/** Where the entity points to, by relation. */
export function Outgoing({ entity, blueprint }: { entity: EntityDetail; blueprint: Blueprint | undefined }) {
  const titles = Object.entries(entity.relations).map(([key, links]) => ({
    key,
    title: blueprint?.relations[key]?.title || words(key),
    links,
  }));
  const filled = titles.filter(({ links }) => links.length > 0);
  const unset = titles.filter(({ links }) => links.length === 0);
  return (
    <Section title="Relations">
      {filled.map(({ key, title, links }) => (
        <LinkGroup key={key} title={title} links={links} total={links.length} />
      ))}
      {filled.length === 0 && <p className={classes.unset}>Points at nothing.</p>}
      {unset.length > 0 && filled.length > 0 && (
        <p className={classes.unset}>Without a target: {unset.map(({ title }) => title).join(', ')}</p>
      )}
    </Section>
  );
}

/** Who points at the entity, by blueprint and relation. */
export function Incoming({ data }: { data: EntityResult }) {
  const { blueprints } = useModel();
  return (
    <Section title="Referenced by">
      {data.incoming.map((group) => {
        const from = blueprints.find((one) => one.identifier === group.blueprint);
        const relation = from?.relations[group.relation]?.title || words(group.relation);
        return (
          <LinkGroup
            key={`${group.blueprint} ${group.relation}`}
            title={`${from?.title ?? group.blueprint} · ${relation}`}
            links={group.links}
            total={group.total}
            all={{ blueprint: group.blueprint, field: `relations.${group.relation}`, value: data.entity.identifier }}
          />
        );
      })}
      {data.incoming.length === 0 && <p className={classes.unset}>Nothing points here.</p>}
    </Section>
  );
}

interface LinkGroupProps {
  title: string;
  links: LinkTo[];
  total: number;
  /** The table that lists all of them. */
  all?: { blueprint: string; field: string; value: string };
}

function LinkGroup({ title, links, total, all }: LinkGroupProps) {
  const shown = links.slice(0, maxShown);
  return (
    <div className={classes.linkGroup}>
      <h3>
        {title} {total > 1 && <span className={classes.number}>{formatNumber(total)}</span>}
      </h3>
      <ul>
        {shown.map((link) => (
          <li key={`${link.blueprint} ${link.identifier}`}>
            <BlueprintIcon blueprint={link.blueprint} icon={link.icon} size={14} />
            <EntityLink link={link} />
          </li>
        ))}
      </ul>
      {total > shown.length &&
        (all ? (
          <Link to="/catalog/$blueprint" params={{ blueprint: all.blueprint }} search={{ filters: { [all.field]: [all.value] } }}>
            Show all {formatNumber(total)}
          </Link>
        ) : (
          <span className="sd-dim">{formatNumber(total - shown.length)} more under Relations</span>
        ))}
    </div>
  );
}
