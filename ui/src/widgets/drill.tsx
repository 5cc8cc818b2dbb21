import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { Part } from '~/kit/charts/Bars';

interface DrillProps {
  blueprint: string | null | undefined;
  query: string | null | undefined;
  className?: string;
  children: ReactNode;
}

/** Leads to the list of the entities behind a figure. */
export function Drill({ blueprint, query, className, children }: DrillProps) {
  if (query === null || query === undefined) return <span className={className}>{children}</span>;
  const to = blueprint ? `/catalog/${encodeURIComponent(blueprint)}` : '/query';
  return (
    <Link to={to} search={query === '' ? {} : { query }} className={className}>
      {children}
    </Link>
  );
}

/** Parts of a chart, each leading to its entities. */
export function linkParts(blueprint: string | null | undefined, queries: Map<string, string | null | undefined>) {
  return function PartLink(part: Part, className: string | undefined, children: ReactNode) {
    return (
      <Drill blueprint={blueprint} query={queries.get(part.key)} className={className}>
        {children}
      </Drill>
    );
  };
}
