import { Alert, Button, Group } from '@mantine/core';
import { IconPencil } from '@tabler/icons-react';
import { discardDraft, publishDraft, type Scorecard } from '~/api/scorecards';
import { Confirm } from '~/kit/Confirm';
import { Explained } from '~/kit/Explained';
import { ProblemLine } from '~/kit/Problem';
import { useChange } from '~/parts/useChange';
import { whyNot } from './why';

/** There is a draft that only administrators see: nothing here counts it yet. */
export function DraftNote({ scorecard: { blueprint, identifier, may } }: { scorecard: Scorecard }) {
  const key = { blueprint, scorecard: identifier };
  const publish = useChange(() => publishDraft(key));
  const discard = useChange(() => discardDraft(key));
  return (
    <Alert variant="default" icon={<IconPencil size={16} aria-hidden />} mb={14} styles={{ icon: { color: 'var(--sd-held)' }, message: { color: 'var(--sd-text)' } }}>
      <Group justify="space-between" gap={10}>
        <span>There is a draft of this scorecard. What you see here is the published one.</span>
        <Group gap={8}>
          <Confirm label="Discard…" title="Discard the draft?" confirm="Discard it" run={() => discard.mutateAsync(undefined)} why={whyNot(may.update)}>
            The published scorecard stays as it is.
          </Confirm>
          <Explained why={whyNot(may.publish)}>
            <Button loading={publish.isPending} onClick={() => publish.mutate(undefined)}>
              Publish
            </Button>
          </Explained>
        </Group>
      </Group>
      {publish.error && <ProblemLine level="error" message={publish.error.message} />}
    </Alert>
  );
}
