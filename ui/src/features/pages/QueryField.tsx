import { TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { rulesOf } from '~/api/pages';

interface QueryFieldProps {
  label: string;
  blueprint?: string;
  /** What it says now. */
  text: string;
  /** Rules that all hold. */
  onRules: (rules: unknown[], text: string) => void;
}

/** A condition in the query language; what is stored are the rules that it stands for. */
export function QueryField({ label, blueprint, text, onRules }: QueryFieldProps) {
  const [typed, setTyped] = useState<string>();
  const [problem, setProblem] = useState<string>();
  const read = useMutation({ mutationFn: (query: string) => rulesOf(query, blueprint) });
  const submit = () => {
    if (typed === undefined || typed === text) return;
    read.mutate(typed, {
      onSuccess: (answer) => {
        setProblem(answer.problem);
        if (answer.problem === undefined) onRules(answer.rules, typed);
      },
      onError: (error) => setProblem(error.message),
    });
  };
  return (
    <TextInput
      label={label}
      description="As in the catalog’s filter, e.g. lifecycle = production. Empty: all of them."
      value={typed ?? text}
      error={problem}
      onChange={(event) => setTyped(event.currentTarget.value)}
      onBlur={submit}
      onKeyDown={(event) => {
        if (event.key !== 'Enter') return;
        event.preventDefault();
        submit();
      }}
    />
  );
}
