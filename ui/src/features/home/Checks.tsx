import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { nextQuery } from '~/api/standards';
import { Section } from '~/kit/Page';
import { formatNumber } from '~/lib/text';
import { NextItems } from '~/parts/scorecards/NextItems';
import classes from './home.module.css';

const shown = 5;

/** What the reader's teams should fix next. Silent where nothing fails. */
export function Checks() {
  const { data } = useQuery(nextQuery(undefined, shown));
  if (!data || data.total === 0) return null;
  return (
    <Section
      title="My failing checks"
      aside={
        <Link to="/scorecards/next" className={classes.quietLink}>
          All {formatNumber(data.total)}
        </Link>
      }
    >
      <NextItems items={data.items.slice(0, shown)} label="My failing checks" />
    </Section>
  );
}
