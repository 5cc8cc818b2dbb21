import { MultiSelect, Select } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { teamsQuery, type Role } from '~/api/people';
import { useModel } from '~/parts/model';

interface FieldProps<Value> {
  value: Value;
  onChange: (value: Value) => void;
  disabled?: boolean;
}

export function RoleField({ value, onChange, disabled }: FieldProps<Role>) {
  return (
    <Select
      label="Role"
      description="Administrators may do everything. Members read, and do what blueprints allow."
      data={[
        { value: 'Member', label: 'Member' },
        { value: 'Admin', label: 'Administrator' },
      ]}
      value={value}
      onChange={(next) => onChange(next === 'Admin' ? 'Admin' : 'Member')}
      allowDeselect={false}
      disabled={disabled}
    />
  );
}

/** Teams that people are put into here; who is in a group of the catalog, the catalog says. */
export function TeamsField({ value, onChange, disabled }: FieldProps<string[]>) {
  const { data = [] } = useQuery(teamsQuery);
  const own = data.filter(({ provider }) => provider !== 'backstage');
  return (
    <MultiSelect
      label="Teams"
      data={own.map(({ identifier, name }) => ({ value: identifier, label: name }))}
      value={value}
      onChange={onChange}
      disabled={disabled}
      searchable
      nothingFoundMessage="There is no such team."
      placeholder={own.length === 0 ? 'There are no teams yet' : undefined}
    />
  );
}

export function ModeratedField({ value, onChange, disabled }: FieldProps<string[]>) {
  const { blueprints } = useModel();
  return (
    <MultiSelect
      label="Looks after"
      description="Blueprints whose entities this person may create, change and delete."
      data={blueprints.map(({ identifier, title }) => ({ value: identifier, label: title }))}
      value={value}
      onChange={onChange}
      disabled={disabled}
      searchable
      nothingFoundMessage="There is no such blueprint."
    />
  );
}
