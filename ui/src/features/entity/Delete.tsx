import { Button, Checkbox, Modal } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useState } from 'react';
import { deleteEntity, dependentsQuery, type DependentsPreview } from '~/api/entity';
import type { EntityResult } from '~/api/types';
import { lastRemoval } from '~/api/undo';
import { Form } from '~/kit/Form';
import { Waiting } from '~/kit/Page';
import { ProblemLine } from '~/kit/Problem';
import { count, formatNumber } from '~/lib/text';
import { EntityLinks } from '~/parts/EntityLink';
import { useModel } from '~/parts/model';
import classes from './entity.module.css';
import { Place } from './Place';

const route = getRouteApi('/_in/entity/$blueprint');

const fates = {
  required: 'require it',
  nulled: 'lose this relation',
  dangling: 'keep the relation, which then leads nowhere',
};

/** Tells what would happen before it does. */
export function Delete({ data, onClose }: { data: EntityResult; onClose: () => void }) {
  const { blueprint, identifier, title } = data.entity;
  const key = { blueprint, identifier };
  const navigate = route.useNavigate();
  const queries = useQueryClient();
  const preview = useQuery(dependentsQuery(key));
  const [together, setTogether] = useState(false);
  const [state, setState] = useState<{ busy?: boolean; error?: Error }>({});
  const found = preview.data;
  const needed = (found?.withIt.total ?? 0) > 0 || Boolean(found?.withIt.blocked);
  const refused = found?.refused ?? (needed && together ? found?.withIt.blocked : null) ?? undefined;
  const run = async () => {
    setState({ busy: true });
    try {
      await deleteEntity(key, together);
      const revision = await lastRemoval(blueprint, identifier);
      await navigate({ search: { id: identifier, deleted: revision ?? 1 }, replace: true });
      void queries.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'entity' });
      queries.removeQueries({ queryKey: ['entity', blueprint, identifier] });
    } catch (error) {
      setState({ error: error as Error });
    }
  };
  return (
    <Modal opened onClose={onClose} title={`Delete ${title}?`} size="lg">
      <Form
        onSubmit={() => void run()}
        error={state.error ?? preview.error ?? undefined}
        buttons={
          <>
            <Button variant="default" onClick={onClose} data-autofocus>
              Cancel
            </Button>
            <Button type="submit" color="red" loading={state.busy} disabled={!found || refused !== undefined || (needed && !together)}>
              {together && found ? `Delete ${formatNumber(found.withIt.total + 1)}` : 'Delete'}
            </Button>
          </>
        }
      >
        {found ? <Preview found={found} together={together} onTogether={setTogether} /> : <Waiting lines={4} />}
      </Form>
    </Modal>
  );
}

function Preview({ found, together, onTogether }: { found: DependentsPreview; together: boolean; onTogether: (on: boolean) => void }) {
  const { blueprints } = useModel();
  const nameOf = (blueprint: string) => blueprints.find(({ identifier }) => identifier === blueprint)?.title ?? blueprint;
  const { claim, pointing, total, withIt } = found;
  return (
    <div className={classes.preview}>
      {claim ? (
        <ProblemLine level="warning" message="A source states this entity: it cannot be deleted here, and would come back. Remove it there.">
          <Place target={claim.file} line={claim.line} />
        </ProblemLine>
      ) : (
        found.refused && <ProblemLine level="error" message={found.refused} />
      )}
      <p>{total === 0 ? 'Nothing that you may see points at it.' : `${count(total, 'relation')} ${total === 1 ? 'leads' : 'lead'} here:`}</p>
      <ul className={classes.pointing}>
        {pointing.map((group) => (
          <li key={`${group.blueprint} ${group.relation} ${group.fate}`} data-fate={group.fate}>
            <div>
              <strong>{formatNumber(group.total)}</strong> {nameOf(group.blueprint)} by {group.title} {group.total === 1 ? fateOfOne(group.fate) : fates[group.fate as keyof typeof fates]}
            </div>
            <div className="sd-dim">
              <EntityLinks links={group.links} max={6} inline />
              {group.total > Math.max(6, group.links.length) && ` of ${formatNumber(group.total)}`}
            </div>
          </li>
        ))}
      </ul>
      {withIt.total > 0 && !claim && (
        <Checkbox
          checked={together}
          onChange={(event) => onTogether(event.currentTarget.checked)}
          label={`Delete ${count(withIt.total, 'entity that requires it', 'entities that require it')} as well`}
          description={withIt.links.slice(0, 6).map(({ title }) => title).join(', ') + (withIt.total > 6 ? ` and ${withIt.total - 6} more` : '')}
        />
      )}
      {withIt.blocked && <ProblemLine level="error" message={`This cannot be deleted: ${withIt.blocked}.`} />}
      {!claim && !found.refused && <p className="sd-dim">It can be brought back afterwards.</p>}
    </div>
  );
}

const fateOfOne = (fate: string) => ({ required: 'requires it', nulled: 'loses this relation', dangling: 'keeps the relation, which then leads nowhere' })[fate] ?? fate;
