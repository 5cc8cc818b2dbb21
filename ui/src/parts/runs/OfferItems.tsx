import { Button, Menu } from '@mantine/core';
import { IconBolt } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { hubQuery, nameOfOffer } from '~/api/actions';
import { BlueprintIcon } from '../BlueprintIcon';
import classes from './runs.module.css';

interface OfEntity {
  blueprint: string;
  entity: string;
}

/** Within an open menu: what can be run for an entity. */
export function OfferItems({ blueprint, entity }: OfEntity) {
  const navigate = useNavigate();
  const { data, error } = useQuery(hubQuery({ blueprint, entity }));
  if (error) return <Menu.Item disabled>{error.message}</Menu.Item>;
  if (!data) return <Menu.Item disabled>Looking for what can be run…</Menu.Item>;
  if (data.actions.length === 0) return <Menu.Item disabled>Nothing can be run for this yet.</Menu.Item>;
  return data.actions.map((offer) => (
    <Menu.Item
      key={nameOfOffer(offer)}
      leftSection={<BlueprintIcon blueprint={offer.icon ?? 'action'} icon={offer.icon} size={14} />}
      color={offer.operation === 'DELETE' ? 'red' : undefined}
      disabled={Boolean(offer.why)}
      onClick={() => void navigate({ to: '/self-service/$kind/$id', params: { kind: offer.kind, id: offer.identifier }, search: { entity, blueprint: offer.blueprint ? undefined : blueprint } })}
    >
      <span className={classes.menuItem}>
        {offer.title}
        {offer.why && <span className="sd-dim">{offer.why}</span>}
      </span>
    </Menu.Item>
  ));
}

/** A button that opens what can be run for an entity. */
export function RunMenu(of: OfEntity) {
  return (
    <Menu position="bottom-end" width={280}>
      <Menu.Target>
        <Button variant="default" leftSection={<IconBolt size={14} aria-hidden />}>
          Actions
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <OfferItems {...of} />
      </Menu.Dropdown>
    </Menu>
  );
}
