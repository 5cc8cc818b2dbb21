import { Checkbox, MultiSelect, Radio, Select, Stack } from '@mantine/core';
import { Tag } from '~/kit/Mono';
import { isObject, optionsOf, typeOf, type FieldProps, type Schema } from '../types';
import { asText, useCommon } from './values';

interface Choice {
  value: unknown;
  label: string;
  color?: string;
}

/** What a value may be, with words for it; undefined where it may be anything. */
export function choicesOf(schema: Schema): Choice[] | undefined {
  const colors = (isObject(schema.enumColors) ? schema.enumColors : {}) as Record<string, string>;
  if (Array.isArray(schema.enum)) {
    const names = (optionsOf(schema).enumNames ?? schema.enumNames) as unknown;
    return schema.enum.map((value, i) => ({ value, label: asText(Array.isArray(names) ? (names[i] ?? value) : value), color: colors[asText(value)] }));
  }
  const alternatives = [schema.oneOf, schema.anyOf].find(Array.isArray) as Schema[] | undefined;
  const fixed = alternatives?.map((one) => (one.const !== undefined ? one.const : one.enum?.length === 1 ? one.enum[0] : undefined));
  if (!alternatives || !fixed || fixed.some((value) => value === undefined)) return undefined;
  return alternatives.map((one, i) => ({ value: fixed[i], label: one.title ?? asText(fixed[i]) }));
}

/** One of a list, or several. */
export function ChoiceField(props: FieldProps) {
  const many = typeOf(props.schema) === 'array';
  const choices = choicesOf(many ? (props.schema.items ?? {}) : props.schema) ?? [];
  return many ? <Several {...props} choices={choices} /> : <One {...props} choices={choices} />;
}

type Chooser = FieldProps & { choices: Choice[] };

function One({ choices, ...props }: Chooser) {
  const common = useCommon(props);
  const { widget } = optionsOf(props.schema);
  const byText = new Map(choices.map((choice) => [asText(choice.value), choice]));
  const value = props.value === undefined || props.value === null ? null : asText(props.value);
  const choose = (next: string | null) => props.onChange(next === null ? null : byText.get(next)?.value);
  if (widget === 'radio') {
    return (
      <Radio.Group label={common.label} description={common.description} error={common.error} withAsterisk={common.withAsterisk} value={value ?? ''} onChange={choose}>
        <Stack gap={6} mt={4}>
          {choices.map((choice) => (
            <Radio key={asText(choice.value)} value={asText(choice.value)} label={choice.label} disabled={props.disabled} />
          ))}
        </Stack>
      </Radio.Group>
    );
  }
  return (
    <Select
      {...common}
      data={choices.map((choice) => ({ value: asText(choice.value), label: choice.label }))}
      value={value}
      onChange={choose}
      // choosing once more what is chosen keeps it
      allowDeselect={false}
      clearable={!props.required}
      searchable
      placeholder={common.placeholder ?? 'Choose'}
      nothingFoundMessage="Nothing to choose here"
      renderOption={({ option }) => <Named choice={byText.get(option.value)} />}
    />
  );
}

function Several({ choices, ...props }: Chooser) {
  const common = useCommon(props);
  const byText = new Map(choices.map((choice) => [asText(choice.value), choice]));
  const list = Array.isArray(props.value) ? props.value.map(asText) : [];
  const choose = (next: string[]) => props.onChange(next.map((one) => byText.get(one)?.value ?? one));
  if (optionsOf(props.schema).widget === 'checkboxes') {
    return (
      <Checkbox.Group label={common.label} description={common.description} error={common.error} withAsterisk={common.withAsterisk} value={list} onChange={choose}>
        <Stack gap={6} mt={4}>
          {choices.map((choice) => (
            <Checkbox key={asText(choice.value)} value={asText(choice.value)} label={choice.label} disabled={props.disabled} />
          ))}
        </Stack>
      </Checkbox.Group>
    );
  }
  return (
    <MultiSelect
      {...common}
      data={choices.map((choice) => ({ value: asText(choice.value), label: choice.label }))}
      value={list}
      onChange={choose}
      maxValues={typeof props.schema.maxItems === 'number' ? props.schema.maxItems : undefined}
      searchable
      placeholder={list.length > 0 ? undefined : (common.placeholder ?? 'Choose')}
      nothingFoundMessage="Nothing to choose here"
      renderOption={({ option }) => <Named choice={byText.get(option.value)} />}
    />
  );
}

function Named({ choice }: { choice: Choice | undefined }) {
  if (!choice) return null;
  return choice.color ? <Tag color={choice.color}>{choice.label}</Tag> : <>{choice.label}</>;
}
