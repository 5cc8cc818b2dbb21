import { Button, Modal, TextInput } from '@mantine/core';
import { IconTrash } from '@tabler/icons-react';
import { useState } from 'react';
import { putLinks, putOrganizationLinks, type PinnedLink } from '~/api/home';
import { Form } from '~/kit/Form';
import { useWhyNot } from '~/parts/session';
import { useChange } from '~/parts/useChange';
import classes from './home.module.css';

interface LinksWindowProps {
  links: PinnedLink[];
  organizationLinks: PinnedLink[];
  onClose: () => void;
}

/** Edits the reader's own links; administrators edit everybody's, too. */
export function LinksWindow({ links, organizationLinks, onClose }: LinksWindowProps) {
  const mayAll = useWhyNot('UpdateOrganization') === undefined;
  const [own, setOwn] = useState(links);
  const [all, setAll] = useState(organizationLinks);
  const { mutate, error, isPending } = useChange(async () => {
    await putLinks(filled(own));
    if (mayAll) await putOrganizationLinks(filled(all));
  }, onClose);
  return (
    <Modal opened onClose={onClose} title="Links" size={620}>
      <Form
        onSubmit={() => mutate(undefined)}
        error={error}
        buttons={
          <>
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={isPending}>
              Save
            </Button>
          </>
        }
      >
        <Rows title="Only for you" links={own} onChange={setOwn} />
        {mayAll && <Rows title="For everybody" links={all} onChange={setAll} />}
      </Form>
    </Modal>
  );
}

const filled = (links: PinnedLink[]) => links.filter(({ title, url }) => title.trim() || url.trim());

function Rows({ title, links, onChange }: { title: string; links: PinnedLink[]; onChange: (links: PinnedLink[]) => void }) {
  const change = (at: number, part: Partial<PinnedLink>) => onChange(links.map((link, i) => (i === at ? { ...link, ...part } : link)));
  return (
    <fieldset className={classes.fieldset}>
      <legend>{title}</legend>
      {links.map((link, i) => (
        <div key={i} className={classes.linkRow}>
          <TextInput aria-label={`Title of link ${i + 1}`} placeholder="Title" required value={link.title} onChange={(event) => change(i, { title: event.currentTarget.value })} />
          <TextInput
            aria-label={`Address of link ${i + 1}`}
            placeholder="https://… or a path of this portal: /model"
            required
            value={link.url}
            onChange={(event) => change(i, { url: ownPath(event.currentTarget.value) })}
          />
          <Button variant="subtle" color="gray" aria-label={`Remove link ${i + 1}`} onClick={() => onChange(links.filter((_, at) => at !== i))}>
            <IconTrash size={15} stroke={1.6} aria-hidden />
          </Button>
        </div>
      ))}
      <Button variant="default" onClick={() => onChange([...links, { title: '', url: '' }])}>
        Add a link
      </Button>
    </fieldset>
  );
}

/** An address of this portal, copied from the browser, holds on any other name of it as well. */
const ownPath = (url: string) => (url.startsWith(`${window.location.origin}/`) ? url.slice(window.location.origin.length) : url);
