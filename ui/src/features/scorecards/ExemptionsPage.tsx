import { Button, Group, Modal, SegmentedControl, Textarea } from '@mantine/core';
import { IconBan, IconCircleCheck, IconClock, IconHourglass, IconThumbDown, type Icon } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useState } from 'react';
import { answerExemption, endExemption, exemptionsQuery, type Exemption, type ExemptionState } from '~/api/standards';
import { Confirm } from '~/kit/Confirm';
import { DataTable, type DataColumn } from '~/kit/DataTable';
import { Explained } from '~/kit/Explained';
import { Form } from '~/kit/Form';
import { Empty } from '~/kit/Page';
import { ProblemLine } from '~/kit/Problem';
import { Time } from '~/kit/Time';
import { EntityLink } from '~/parts/EntityLink';
import { useChange } from '~/parts/useChange';
import { Frame } from './Frame';
import classes from './scorecards.module.css';
import { whyNot } from './why';

const route = getRouteApi('/_in/scorecards/exemptions');

const looks: Record<ExemptionState, { icon: Icon; color: string; words: string }> = {
  asked: { icon: IconHourglass, color: 'var(--sd-warn)', words: 'Asked for' },
  granted: { icon: IconCircleCheck, color: 'var(--sd-held)', words: 'Granted' },
  declined: { icon: IconThumbDown, color: 'var(--sd-dim)', words: 'Declined' },
  ended: { icon: IconBan, color: 'var(--sd-dim)', words: 'Ended' },
  expired: { icon: IconClock, color: 'var(--sd-dim)', words: 'Expired' },
};

const columns: DataColumn<Exemption>[] = [
  { id: 'entity', header: 'Entity', cell: ({ blueprint, entity, entityTitle }) => <EntityLink link={{ blueprint, identifier: entity, title: entityTitle ?? entity, ref: entity, exists: true }} /> },
  {
    id: 'rule',
    header: 'Rule',
    cell: ({ blueprint, scorecard, scorecardTitle, rule, ruleTitle }) => (
      <Link to="/scorecards/$blueprint/$scorecard" params={{ blueprint, scorecard }} search={{ list: true, rule, status: 'exempt' }} className={classes.link}>
        {scorecardTitle ?? scorecard} › {ruleTitle ?? rule}
      </Link>
    ),
  },
  { id: 'state', header: 'State', cell: ({ state }) => <State state={state} /> },
  { id: 'reason', header: 'Reason', wide: true, cell: ({ reason, note }) => <span title={[reason, note].filter(Boolean).join('\n')}>{reason}{note && <span className="sd-dim"> – {note}</span>}</span> },
  { id: 'until', header: 'Until', cell: ({ until }) => until && <Time iso={until} /> },
  { id: 'by', header: 'Asked by', cell: ({ askedBy }) => askedBy },
  { id: 'answered', header: 'Answered by', cell: ({ answeredBy }) => answeredBy },
  { id: 'do', header: '', cell: (exemption) => <Tools exemption={exemption} /> },
];

function State({ state }: { state: ExemptionState }) {
  const { icon: Shape, color, words } = looks[state] ?? looks.ended;
  return (
    <span className={classes.number} style={{ color }}>
      <Shape size={15} stroke={1.8} aria-hidden />
      {words}
    </span>
  );
}

/** Which rules somebody has been let off, why, and until when. */
export function ExemptionsPage() {
  const { standing: state = 'asked' } = route.useSearch();
  const navigate = route.useNavigate();
  const { data, error, isPending, isPlaceholderData } = useQuery(exemptionsQuery({ state: state === 'all' ? undefined : state }));
  return (
    <Frame title="Exemptions" subtitle="A rule that need not hold for a time. They are asked for on the page of the entity, and end by themselves.">
      <div className={classes.tools} style={{ overflowX: 'auto' }}>
        <SegmentedControl size="xs" aria-label="State" value={state} onChange={(next) => void navigate({ search: { standing: next === 'asked' ? undefined : (next as ExemptionState | 'all') }, replace: true })} data={[...Object.entries(looks).map(([value, { words }]) => ({ value, label: words })), { value: 'all', label: 'All' }]} />
      </div>
      {error && <ProblemLine level="error" message={error.message} />}
      {data?.length === 0 ? <Empty title={state === 'asked' ? 'Nothing waits for an answer.' : 'There is none.'} /> : !error && <DataTable natural label="Exemptions" columns={columns} rows={data ?? []} rowId={({ id }) => id} waiting={isPending} busy={isPlaceholderData} />}
    </Frame>
  );
}

function Tools({ exemption: { id, state, entity, entityTitle, rule, ruleTitle, mayAnswer, mayEnd } }: { exemption: Exemption }) {
  const name = `${ruleTitle ?? rule} of ${entityTitle ?? entity}`;
  const grant = useChange(() => answerExemption(id, 'GRANT'));
  const end = useChange(() => endExemption(id));
  if (state === 'granted') {
    return (
      <Confirm variant="subtle" label="End…" name={`End: ${name}`} title="End the exemption now?" confirm="End it" run={() => end.mutateAsync(undefined)} why={whyNot(mayEnd ?? mayAnswer)}>
        The rule counts again at once.
      </Confirm>
    );
  }
  if (state !== 'asked') return null;
  return (
    <Group gap={6} wrap="nowrap">
      <Explained why={whyNot(mayAnswer) ?? grant.error?.message}>
        <Button size="compact-xs" loading={grant.isPending} onClick={() => grant.mutate(undefined)} aria-label={`Grant: ${name}`}>
          Grant
        </Button>
      </Explained>
      <Decline id={id} name={name} why={whyNot(mayAnswer)} />
    </Group>
  );
}

function Decline({ id, name, why }: { id: string; name: string; why: string | undefined }) {
  const [opened, setOpened] = useState(false);
  const [note, setNote] = useState('');
  const close = () => setOpened(false);
  const decline = useChange(() => answerExemption(id, 'DECLINE', note.trim() || undefined), close);
  return (
    <>
      <Explained why={why}>
        <Button size="compact-xs" variant="default" onClick={() => setOpened(true)} aria-label={`Decline: ${name}`}>
          Decline…
        </Button>
      </Explained>
      <Modal opened={opened} onClose={close} title={`Decline: ${name}`}>
        <Form
          onSubmit={() => decline.mutate(undefined)}
          error={decline.error}
          buttons={
            <>
              <Button variant="default" onClick={close}>
                Cancel
              </Button>
              <Button type="submit" loading={decline.isPending}>
                Decline
              </Button>
            </>
          }
        >
          <Textarea label="Why" description="Whoever asked reads it." autosize minRows={2} value={note} onChange={(event) => setNote(event.currentTarget.value)} data-autofocus />
        </Form>
      </Modal>
    </>
  );
}
