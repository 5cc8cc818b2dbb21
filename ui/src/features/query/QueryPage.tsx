import { getRouteApi } from '@tanstack/react-router';
import { Page } from '~/kit/Page';
import { formatNumber } from '~/lib/text';
import { useDocumentTitle } from '~/parts/model';
import { Explorer } from '~/parts/table/Explorer';
import { useViews } from '~/parts/table/views';
import { chosenOf, toggled, withChosen } from '~/parts/table/rules';
import classes from './query.module.css';

const route = getRouteApi('/_in/query');
const field = '$blueprint';

/** The table of a query across all blueprints. */
export function QueryPage() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  return (
    <Page fill documentTitle={useDocumentTitle('Query')} title="Query" subtitle="Entities of all blueprints">
      <Explorer
        label="Entities"
        search={search}
        views={useViews()}
        onSearch={(next, replace) => void navigate({ search: (old) => ({ ...old, ...next }), replace })}
        empty={<p>The catalog is empty.</p>}
        above={({ facets, rules, onRules }) => {
          const values = facets[field]?.values ?? [];
          const chosen = chosenOf(rules, field);
          return (
            <ul className={classes.counts} aria-label="Entities by blueprint">
              {values.map(({ value, title, count }) => (
                <li key={String(value)}>
                  <button type="button" aria-pressed={chosen.includes(value as string)} className={classes.count} onClick={() => onRules(withChosen(rules, field, toggled(chosen, value as string)))}>
                    {title} <span className="sd-dim">{formatNumber(count)}</span>
                  </button>
                </li>
              ))}
            </ul>
          );
        }}
      />
    </Page>
  );
}
