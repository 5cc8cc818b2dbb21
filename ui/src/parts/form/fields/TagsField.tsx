import { TagsInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { tagsQuery } from '~/api/options';
import { optionsOf, type FieldProps } from '../types';
import { asList, useCommon } from './values';

/** Tags: those that the catalog knows are offered, others may be written. */
export function TagsField(props: FieldProps) {
  const common = useCommon(props);
  const [opened, setOpened] = useState(false);
  const { kinds, helperText } = optionsOf(props.schema);
  const { data = [] } = useQuery({ ...tagsQuery(Array.isArray(kinds) ? kinds.map(String) : []), enabled: opened });
  return (
    <TagsInput
      {...common}
      description={props.description ?? (typeof helperText === 'string' ? helperText : undefined)}
      placeholder={asList(props.value).length > 0 ? undefined : (common.placeholder ?? 'Write one and press Enter')}
      data={data}
      value={asList(props.value)}
      onChange={(next) => props.onChange(next.map((tag) => tag.toLowerCase()))}
      onFocus={() => setOpened(true)}
      acceptValueOnBlur
    />
  );
}
