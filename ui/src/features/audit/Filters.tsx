import { Button, Select, TextInput } from '@mantine/core';
import { getRouteApi } from '@tanstack/react-router';
import type { AuditFilters } from '~/api/audit';
import { SearchField } from '~/kit/SearchField';
import { words } from '~/lib/text';
import classes from './audit.module.css';
import { actions, filtersOf, kinds } from './search';

const route = getRouteApi('/_in/audit');

/** What narrows the log down. */
export function Filters() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const change = (next: AuditFilters) => void navigate({ search: (old) => ({ ...old, ...next, open: undefined }), replace: true });
  const any = Object.keys(filtersOf(search)).length > 0;
  return (
    <div className={classes.filters}>
      <SearchField label="Find in the log" value={search.q ?? ''} onChange={(q) => change({ q: q || undefined })} />
      <Choice label="Outcome" value={search.status} options={{ success: 'Done', failure: 'Refused or failed' }} onChange={(status) => change({ status })} />
      <Choice label="Action" value={search.action} options={named(actions)} onChange={(action) => change({ action })} />
      <Choice label="Kind of thing" value={search.kind} options={named(kinds)} onChange={(kind) => change({ kind })} />
      <SearchField label="Who (exactly)" value={search.actor ?? ''} onChange={(actor) => change({ actor: actor || undefined })} />
      <SearchField label="Blueprint" value={search.blueprint ?? ''} onChange={(blueprint) => change({ blueprint: blueprint || undefined })} />
      <SearchField label="Identifier" value={search.identifier ?? ''} onChange={(identifier) => change({ identifier: identifier || undefined })} />
      <TextInput type="date" aria-label="From" leftSection="From" leftSectionWidth={44} value={search.from ?? ''} onChange={(event) => change({ from: event.currentTarget.value || undefined })} />
      <TextInput type="date" aria-label="To" leftSection="To" leftSectionWidth={30} value={search.to ?? ''} onChange={(event) => change({ to: event.currentTarget.value || undefined })} />
      {any && (
        <Button variant="subtle" color="gray" onClick={() => void navigate({ search: {}, replace: true })}>
          Clear
        </Button>
      )}
    </div>
  );
}

const named = (values: string[]) => Object.fromEntries(values.map((value) => [value, words(value)]));

interface ChoiceProps {
  label: string;
  value: string | undefined;
  options: Record<string, string>;
  onChange: (value: string | undefined) => void;
}

function Choice({ label, value, options, onChange }: ChoiceProps) {
  // the server takes several with commas, and so does the address: such a value is kept as one
  const known = value === undefined || value in options ? options : { ...options, [value]: value };
  return (
    <Select
      aria-label={label}
      placeholder={label}
      clearable
      data={Object.entries(known).map(([one, title]) => ({ value: one, label: title }))}
      value={value ?? null}
      onChange={(next) => onChange(next ?? undefined)}
    />
  );
}
