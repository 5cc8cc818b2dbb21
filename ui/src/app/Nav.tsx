import { IconAffiliate, IconFilePlus, IconHome, IconPlugConnected, type Icon } from '@tabler/icons-react';
import { useQuery, useSuspenseQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { sessionQuery, sourcesQuery } from '~/api/queries';
import type { Blueprint } from '~/api/types';
import { Hidden } from '~/kit/Mono';
import { formatNumber } from '~/lib/text';
import { BlueprintIcon } from '~/parts/BlueprintIcon';
import { useModel } from '~/parts/model';
import classes from './Shell.module.css';

export function Nav({ onNavigate }: { onNavigate: () => void }) {
  const { blueprints } = useModel();
  const { data: session } = useSuspenseQuery(sessionQuery);
  return (
    <>
      <div className={classes.nav} onClick={onNavigate}>
        <NavLink to="/" icon={IconHome} text="Home" />
        <NavLink to="/model" icon={IconAffiliate} text="Data model" />
        <NavLink to="/sources" icon={IconPlugConnected} text="Sources" aside={<SourceProblems />} />
        <NavLink to="/documents" icon={IconFilePlus} text="Add documents" />
        {blueprints.length > 0 && (
          <section className={classes.group} aria-labelledby="nav-catalog">
            <h2 className={classes.groupTitle} id="nav-catalog">
              Catalog
            </h2>
            <ul>
              {filledFirst(blueprints).map((blueprint) => (
                <li key={blueprint.identifier}>
                  <CatalogLink blueprint={blueprint} />
                </li>
              ))}
            </ul>
          </section>
        )}
      </div>
      <div className={classes.footer}>Stagedoor {session.version}</div>
    </>
  );
}

interface NavLinkProps {
  to: '/' | '/model' | '/sources' | '/documents';
  icon: Icon;
  text: string;
  aside?: ReactNode;
}

function NavLink({ to, icon: Icon, text, aside }: NavLinkProps) {
  return (
    <Link to={to} className={classes.item} activeOptions={{ exact: true, includeSearch: false }}>
      <Icon size={16} stroke={1.6} aria-hidden />
      <span className={classes.itemText}>{text}</span>
      {aside}
    </Link>
  );
}

function CatalogLink({ blueprint }: { blueprint: Blueprint }) {
  return (
    <Link
      to="/catalog/$blueprint"
      params={{ blueprint: blueprint.identifier }}
      className={classes.item}
      activeOptions={{ includeSearch: false }}
    >
      <BlueprintIcon blueprint={blueprint.identifier} icon={blueprint.icon} />
      <span className={classes.itemText}>{blueprint.title}</span>
      <span className={classes.itemCount}>{formatNumber(blueprint.count)}</span>
    </Link>
  );
}

function SourceProblems() {
  const { data } = useQuery(sourcesQuery);
  const problems = data?.sources.filter((source) => source.state !== 'fresh' || source.problems.length > 0).length ?? 0;
  if (problems === 0) return null;
  return (
    <span className={`${classes.itemCount} ${classes.problems}`}>
      {problems}
      <Hidden> with problems</Hidden>
    </span>
  );
}

function filledFirst(blueprints: Blueprint[]): Blueprint[] {
  return [...blueprints.filter((b) => b.count > 0), ...blueprints.filter((b) => b.count === 0)];
}
