import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { Section } from '~/kit/Page';
import { formatNumber } from '~/lib/text';
import { EntityTable } from '~/parts/EntityTable';

interface OwnTableProps {
  title: string;
  blueprint?: string;
  query?: string;
}

/** A table that the reader has put onto his page. */
export function OwnTable({ title, blueprint, query }: OwnTableProps) {
  const [total, setTotal] = useState<number>();
  // the page of all blueprints belongs to another feature; its address is what both know
  const all = blueprint ? { to: '/catalog/$blueprint', params: { blueprint }, search: query ? { query } : {} } : { to: '/query', search: { query } };
  return (
    <Section title={title} aside={total !== undefined && total > 0 && <Link {...(all as { to: '/' })}>All {formatNumber(total)}</Link>}>
      <EntityTable label={title} blueprint={blueprint} query={query} pageSize={8} onTotal={setTotal} empty="Nothing satisfies the query." />
    </Section>
  );
}
