import { TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { IconSearch } from '@tabler/icons-react';
import { useState } from 'react';

interface SearchFieldProps {
  value: string;
  onChange: (value: string) => void;
  label: string;
}

/** A text filter: typing shows at once, and is reported when it pauses. */
export function SearchField({ value, onChange, label }: SearchFieldProps) {
  const [draft, setDraft] = useState<string | null>(null);
  const report = useDebouncedCallback(onChange, { delay: 180, flushOnUnmount: false });
  return (
    <TextInput
      type="search"
      aria-label={label}
      placeholder={label}
      leftSection={<IconSearch size={14} aria-hidden />}
      value={draft ?? value}
      onChange={(event) => {
        setDraft(event.currentTarget.value);
        report(event.currentTarget.value);
      }}
      onBlur={() => {
        report.flush();
        setDraft(null);
      }}
    />
  );
}
