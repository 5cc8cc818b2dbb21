import { Button, Select } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { heatMapQuery } from '~/api/scorecards';
import { Section, Waiting } from '~/kit/Page';
import { ProblemLine } from '~/kit/Problem';
import { save } from '~/lib/save';
import { count } from '~/lib/text';
import { HeatTable } from '~/parts/scorecards/HeatTable';
import { QueryBar } from '~/parts/table/QueryBar';
import { ListLink, type PartProps } from './AtAGlance';
import classes from './scorecards.module.css';
import { heatCsv } from './csv';
import { noGroup } from './list';

/** Teams, or any other groups, by rules. */
export function HeatSection({ scorecard, search, onSearch }: PartProps) {
  const { blueprint, identifier, groupings, rules } = scorecard;
  const by = groupings.some(({ key }) => key === search.by) ? (search.by ?? '$team') : (groupings[0]?.key ?? '$team');
  const title = groupings.find(({ key }) => key === by)?.title ?? 'Team';
  // an address that opens the list asks for the list first
  const { data, error, isPending, isPlaceholderData } = useQuery({ ...heatMapQuery({ blueprint, scorecard: identifier }, by, search.filter), enabled: !search.list });
  return (
    <Section title="Heat map" aside={data ? `${count(data.groups.length, 'group')}, share of each that passes` : undefined}>
      <div className={classes.tools} data-grow>
        <QueryBar label="Only entities for which" blueprint={blueprint} query={search.filter ?? ''} onQuery={(filter) => onSearch({ filter: filter || undefined })} />
        <Select aria-label="Rows" allowDeselect={false} searchable={groupings.length > 8} w={170} data={groupings.map(({ key, title: name }) => ({ value: key, label: name }))} value={by} onChange={(next) => onSearch({ by: next ?? undefined })} />
        {data && data.groups.length > 0 && (
          <Button variant="default" onClick={() => save(`${identifier}-${by.replace(/\W/g, '')}.csv`, heatCsv(data, rules))} aria-label="Export the heat map as CSV">
            Export CSV
          </Button>
        )}
      </div>
      {error && <ProblemLine level="error" message={error.message} />}
      {isPending && !error && !search.list && <Waiting lines={5} />}
      {data && data.groups.length === 0 && <p className="sd-dim">{search.filter ? 'Nothing matches.' : 'There is nothing that the scorecard is about.'}</p>}
      {data && data.groups.length > 0 && (
        <div aria-busy={isPlaceholderData || undefined}>
          <HeatTable
            label={`${title} by rules`}
            map={data}
            rules={rules}
            by={title}
            link={(group, rule, label, children) => (
              <ListLink of={{ group: group.key ?? noGroup, rule }} className={rule ? '' : classes.link} label={label}>
                {children}
              </ListLink>
            )}
          />
        </div>
      )}
    </Section>
  );
}
