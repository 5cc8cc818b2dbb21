import { Button } from '@mantine/core';
import { removeTarget } from '~/api/locations';
import { readSource } from '~/api/sources';
import type { Source } from '~/api/types';
import { Confirm, quiet } from '~/kit/Confirm';
import { Allowed } from '~/parts/Allowed';
import { useWhyNot } from '~/parts/session';
import { useChange } from '~/parts/useChange';

/** What can be done with one source. */
export function SourceActions({ source: { id, target, registered } }: { source: Source }) {
  const read = useChange(() => readSource(id));
  return (
    <>
      <Allowed action="UpdateSources">
        <Button variant="subtle" {...quiet} loading={read.isPending} aria-label={`Read ${target} now`} onClick={() => read.mutate(undefined)}>
          Read now
        </Button>
      </Allowed>
      {registered && <Remove target={target} />}
    </>
  );
}

function Remove({ target }: { target: string }) {
  const why = useWhyNot('DeleteLocation');
  const remove = useChange(removeTarget);
  return (
    <Confirm
      variant="subtle"
      label="Remove…"
      name={`Remove ${target}`}
      title="Remove this address?"
      confirm="Remove"
      why={why}
      run={() => remove.mutateAsync(target)}
    >
      Every entity that only {target} supplies is removed with it. They can be brought back from here.
    </Confirm>
  );
}
