import { Checkbox, Radio, Stack } from '@mantine/core';
import { optionsOf, type FieldProps } from '../types';
import { useCommon } from './values';

export function BooleanField(props: FieldProps) {
  const { withAsterisk, placeholder: _, autoComplete: __, ...common } = useCommon(props);
  const { widget } = optionsOf(props.schema);
  if (widget === 'radio' || widget === 'select') {
    return (
      <Radio.Group label={common.label} description={common.description} error={common.error} withAsterisk={withAsterisk} value={props.value === undefined || props.value === null ? '' : String(props.value)} onChange={(next) => props.onChange(next === 'true')}>
        <Stack gap={6} mt={4}>
          <Radio value="true" label="Yes" disabled={props.disabled} />
          <Radio value="false" label="No" disabled={props.disabled} />
        </Stack>
      </Radio.Group>
    );
  }
  return <Checkbox {...common} checked={props.value === true} onChange={(event) => props.onChange(event.currentTarget.checked)} />;
}
