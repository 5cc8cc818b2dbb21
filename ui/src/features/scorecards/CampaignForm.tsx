import { Button, Modal, Select, Textarea, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { publishedQuery } from '~/api/scorecards';
import { createCampaign, putCampaign, type Campaign, type CampaignInput } from '~/api/standards';
import { Form } from '~/kit/Form';
import { useOpenSession } from '~/parts/session';
import { useChange } from '~/parts/useChange';

interface CampaignFormProps {
  /** One that is there. */
  campaign?: Campaign;
  onClose: () => void;
  onMade: (id: string) => void;
}

const inDays = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);

/** A goal: a level of a scorecard, or one of its rules; who asks for it, and by when. */
export function CampaignForm({ campaign, onClose, onMade }: CampaignFormProps) {
  const { viewer } = useOpenSession();
  const { data, error } = useQuery(publishedQuery);
  const [title, setTitle] = useState(campaign?.title ?? '');
  const [description, setDescription] = useState(campaign?.description ?? '');
  const [owner, setOwner] = useState(campaign?.owner ?? viewer.email ?? viewer.name);
  const [deadline, setDeadline] = useState(campaign?.deadline.slice(0, 10) ?? inDays(30));
  const [of, setOf] = useState(campaign ? `${campaign.goal.blueprint} ${campaign.goal.scorecard}` : null);
  const [aim, setAim] = useState(campaign ? (campaign.goal.rule ? `rule ${campaign.goal.rule}` : campaign.goal.level ? `level ${campaign.goal.level}` : 'all') : null);
  const [filter, setFilter] = useState(campaign?.goal.filter ?? '');
  const chosen = data?.scorecards.find(({ blueprint, identifier }) => `${blueprint} ${identifier}` === of);
  const save = useChange(
    (body: CampaignInput) => (campaign ? putCampaign(campaign.id, body) : createCampaign(body)),
    (made) => (campaign ? onClose() : onMade(made.id)),
  );
  const submit = () => {
    if (!chosen || !aim) return;
    const [sort = '', ...rest] = aim.split(' ');
    const goal = { blueprint: chosen.blueprint, scorecard: chosen.identifier, ...(sort === 'all' ? {} : { [sort]: rest.join(' ') }), filter: filter.trim() || undefined };
    save.mutate({ title: title.trim(), description: description.trim() || undefined, owner: owner.trim(), deadline: `${deadline}T23:59:59Z`, goal, state: campaign?.state ?? 'active' });
  };
  return (
    <Modal opened onClose={onClose} title={campaign ? 'Edit the campaign' : 'New campaign'}>
      <Form
        onSubmit={submit}
        error={save.error ?? error}
        buttons={
          <>
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={save.isPending}>
              {campaign ? 'Save' : 'Begin'}
            </Button>
          </>
        }
      >
        <TextInput label="Title" required value={title} onChange={(event) => setTitle(event.currentTarget.value)} data-autofocus />
        <Select
          label="Scorecard"
          required
          searchable
          allowDeselect={false}
          data={(data?.scorecards ?? []).map(({ blueprint, blueprintTitle, identifier, title: name }) => ({ value: `${blueprint} ${identifier}`, label: `${name} (${blueprintTitle})` }))}
          value={of}
          onChange={(next) => {
            setOf(next);
            setAim(null);
          }}
        />
        <Select
          label="Goal"
          required
          searchable
          allowDeselect={false}
          disabled={!chosen}
          data={[
            { group: 'Reach the level', items: (chosen?.levels ?? []).slice(1).map((level) => ({ value: `level ${level.title}`, label: level.title })) },
            { group: 'Keep the rule', items: [{ value: 'all', label: 'Every rule' }, ...(chosen?.rules ?? []).map((rule) => ({ value: `rule ${rule.identifier}`, label: rule.title }))] },
          ]}
          value={aim}
          onChange={setAim}
        />
        <TextInput label="Only for" description="In the query language, such as tier = gold. Empty: all that the scorecard is about." value={filter} onChange={(event) => setFilter(event.currentTarget.value)} />
        <TextInput label="Until" type="date" required value={deadline} onChange={(event) => setDeadline(event.currentTarget.value)} />
        <TextInput label="Owner" description="A person’s address, or a team. It may change the campaign." required value={owner} onChange={(event) => setOwner(event.currentTarget.value)} />
        <Textarea label="Description" description="Markdown: why, and how." autosize minRows={2} value={description} onChange={(event) => setDescription(event.currentTarget.value)} />
      </Form>
    </Modal>
  );
}
