import { Button } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { client, unwrap } from '~/api/client';
import { ProblemLine } from '~/kit/Problem';
import { Allowed } from '~/parts/Allowed';
import classes from './sources.module.css';

/** Lets a held source lose what it no longer says; asks once more first. */
export function ConfirmLoss({ id }: { id: string }) {
  const [asking, setAsking] = useState(false);
  const queries = useQueryClient();
  const { mutate, isPending, error } = useMutation({
    mutationFn: () => unwrap(client.POST('/sources/confirm', { params: { query: { id } } })),
    onSuccess: () => queries.invalidateQueries(),
  });
  return (
    <div className={classes.confirm}>
      {asking ? (
        <>
          <span>Remove every entity that this source no longer lists?</span>
          <Button loading={isPending} onClick={() => mutate()}>
            Remove them
          </Button>
          <Button variant="default" onClick={() => setAsking(false)}>
            Keep them
          </Button>
        </>
      ) : (
        <Allowed action="UpdateSources">
          <Button variant="default" onClick={() => setAsking(true)}>
            Accept the loss…
          </Button>
        </Allowed>
      )}
      {error && <ProblemLine level="error" message={error.message} />}
    </div>
  );
}
