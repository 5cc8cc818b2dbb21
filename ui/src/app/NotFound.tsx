import { useQuery } from '@tanstack/react-query';
import { Link, useRouterState } from '@tanstack/react-router';
import { suggestQuery } from '~/api/queries';
import { Empty, Page } from '~/kit/Page';
import { findBest } from '~/lib/fuzzy';
import { EntityLink } from '~/parts/EntityLink';
import { useModel } from '~/parts/model';
import { administrationPages, mainPages, ownPages, standardsPages } from './pages';
import classes from './Shell.module.css';

const pages = [...mainPages, ...standardsPages, ...administrationPages, ...ownPages];
const shown = 5;

/** There is no such page; perhaps the last words of the address say what was meant. */
export function NotFound() {
  const path = useRouterState({ select: ({ location }) => location.pathname });
  const wanted = lastWords(path);
  const { blueprints } = useModel();
  const { data } = useQuery({ ...suggestQuery(wanted), enabled: wanted !== '' });
  const near = wanted === '' ? [] : findBest(pages, wanted, ({ title }) => [title]).slice(0, shown);
  const kinds = wanted === '' ? [] : findBest(blueprints, wanted, ({ title, identifier }) => [title, identifier]).slice(0, shown);
  const entities = wanted === '' ? [] : (data?.links ?? []).slice(0, shown);
  const nothing = near.length + kinds.length + entities.length === 0;
  return (
    <Page documentTitle="Not found" title="Not found">
      <Empty title="There is no page at this address.">
        {!nothing && (
          <>
            <p>Perhaps you meant</p>
            <ul className={classes.suggestions} aria-label="Suggestions">
              {near.map(({ to, title }) => (
                <li key={to}>
                  <Link to={to}>{title}</Link>
                </li>
              ))}
              {kinds.map(({ identifier, title }) => (
                <li key={identifier}>
                  <Link to="/catalog/$blueprint" params={{ blueprint: identifier }}>
                    {title}
                  </Link>
                </li>
              ))}
              {entities.map((link) => (
                <li key={`${link.blueprint} ${link.identifier}`}>
                  <EntityLink link={link} inline />
                </li>
              ))}
            </ul>
          </>
        )}
        <p>
          <Link to="/">Go to the start page</Link>, or press Ctrl/Cmd+K and type what you look for.
        </p>
      </Empty>
    </Page>
  );
}

function lastWords(path: string): string {
  const last = path.split('/').filter(Boolean).at(-1) ?? '';
  try {
    return decodeURIComponent(last).slice(0, 60);
  } catch {
    return '';
  }
}
