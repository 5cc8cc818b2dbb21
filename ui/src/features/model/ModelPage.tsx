import { Button } from '@mantine/core';
import { getRouteApi } from '@tanstack/react-router';
import type { Blueprint } from '~/api/types';
import { Empty, Page } from '~/kit/Page';
import { SearchField } from '~/kit/SearchField';
import { Allowed } from '~/parts/Allowed';
import { count } from '~/lib/text';
import { useDocumentTitle, useModel } from '~/parts/model';
import { BlueprintList } from './BlueprintList';
import { BlueprintPanel } from './BlueprintPanel';
import { DeleteBlueprint } from './DeleteBlueprint';
import { ModelGraph } from './ModelGraph';
import classes from './model.module.css';
import { NewBlueprint } from './NewBlueprint';

const route = getRouteApi('/_in/model');

/** Blueprints and the relations between them. */
export function ModelPage() {
  const model = useModel();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const documentTitle = useDocumentTitle('Data model');
  const chosen = model.blueprints.find(({ identifier }) => identifier === search.blueprint);
  const found = model.blueprints.filter((blueprint) => matches(blueprint, search.q));
  const choose = (blueprint: string | undefined) => void navigate({ search: (old) => ({ ...old, blueprint }), replace: true });
  const create = (open: true | undefined) => void navigate({ search: (old) => ({ ...old, create: open }), replace: true });
  const relations = model.blueprints.reduce((sum, { relations }) => sum + Object.keys(relations).length, 0);
  return (
    <Page
      documentTitle={documentTitle}
      title="Data model"
      subtitle={`${count(model.blueprints.length, 'blueprint')}, ${count(relations, 'relation')}`}
      actions={
        <>
          <SearchField
            label="Find a blueprint or property"
            value={search.q ?? ''}
            onChange={(q) => void navigate({ search: (old) => ({ ...old, q: q || undefined }), replace: true })}
          />
          <Allowed action="CreateBlueprint">
            <Button onClick={() => create(true)}>New blueprint…</Button>
          </Allowed>
        </>
      }
    >
      {model.blueprints.length === 0 ? (
        <Empty title="There is no blueprint yet.">
          Begin with a template, or with an empty one. The first document of a Backstage kind installs the blueprint it needs by itself.
        </Empty>
      ) : (
        <>
          <div className={classes.stage} data-panel={chosen ? true : undefined}>
            <ModelGraph model={model} found={new Set(found.map(({ identifier }) => identifier))} chosen={chosen?.identifier} onChoose={choose} />
            {chosen && <BlueprintPanel blueprint={chosen} model={model} onClose={() => choose(undefined)} onChoose={choose} />}
          </div>
          <BlueprintList title="Blueprints" blueprints={found.filter(isOwn)} total={model.blueprints.filter(isOwn).length} onChoose={choose} />
          <BlueprintList title="Of the portal itself" blueprints={found.filter(isSystem)} total={model.blueprints.filter(isSystem).length} onChoose={choose} />
        </>
      )}
      {search.remove !== undefined && (
        <DeleteBlueprint
          blueprint={search.remove}
          title={model.blueprints.find(({ identifier }) => identifier === search.remove)?.title ?? search.remove}
          onDone={() => void navigate({ search: (old) => ({ ...old, remove: undefined }), replace: true })}
          onCancel={() => void navigate({ to: '/model/$blueprint', params: { blueprint: search.remove ?? '' } })}
        />
      )}
      <NewBlueprint opened={search.create === true} onClose={() => create(undefined)} />
    </Page>
  );
}

/** Port's name for them begins so. */
const isSystem = ({ identifier }: Blueprint) => identifier.startsWith('_');
const isOwn = (blueprint: Blueprint) => !isSystem(blueprint);

function matches(blueprint: Blueprint, q: string | undefined): boolean {
  if (!q) return true;
  const texts = [
    blueprint.title,
    blueprint.identifier,
    blueprint.kind ?? '',
    ...Object.entries(blueprint.properties).flatMap(([key, { title }]) => [key, title ?? '']),
    ...Object.keys(blueprint.relations),
  ];
  return texts.some((text) => text.toLowerCase().includes(q.toLowerCase()));
}
