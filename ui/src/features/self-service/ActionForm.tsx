import { useDebouncedValue } from '@mantine/hooks';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useMemo } from 'react';
import { actionFormQuery, startAction } from '~/api/actions';
import { ApiError } from '~/api/client';
import { targetOptions } from '~/api/options';
import { entityQuery } from '~/api/queries';
import { Empty, Page, Waiting } from '~/kit/Page';
import { BlueprintIcon } from '~/parts/BlueprintIcon';
import { SearchField } from '~/parts/form/fields/SearchField';
import { pagesOf, type UserInputs } from '~/parts/form/port';
import { SchemaForm } from '~/parts/form/SchemaForm';
import { isBlank } from '~/parts/form/types';
import { Markdown } from '~/parts/Markdown';
import { useBlueprint, useDocumentTitle } from '~/parts/model';
import { operationWords } from './filter';
import classes from './selfService.module.css';
import { useForm, useStart } from './useForm';

/** Typing asks the server when it pauses. */
const pause = 300;

/** The form of one of Port's actions. What its inputs look like, the server says anew for whatever is filled in. */
export function ActionForm({ id }: { id: string }) {
  const { values, setValues, entity, blueprint, at, onAt, onTarget } = useForm();
  const asked = useMemo(() => Object.fromEntries(Object.entries(values).filter(([, value]) => !isBlank(value))), [values]);
  const [settled] = useDebouncedValue(asked, pause);
  const { data, error, isPlaceholderData } = useQuery(actionFormQuery(id, { entity, blueprint }, settled));
  const about = {
    of: { kind: 'action' as const, identifier: id, title: data?.action.title, icon: data?.action.icon ?? undefined },
    target: entity ? { blueprint: data?.action.blueprint ?? blueprint ?? '', entity } : undefined,
  };
  const start = useStart((properties) => startAction(id, properties, { entity, blueprint }), about);
  const documentTitle = useDocumentTitle(data?.action.title ?? id);
  const inputs = data?.userInputs as UserInputs | undefined;
  const defaults = useMemo(() => Object.fromEntries(Object.entries(inputs?.properties ?? {}).flatMap(([key, { default: one }]) => (one === undefined ? [] : [[key, one]]))), [inputs]);
  const pages = useMemo(() => (inputs ? pagesOf(inputs, { ...defaults, ...values }) : []), [inputs, defaults, values]);
  if (error && !data) {
    return (
      <Page documentTitle={documentTitle} title={id}>
        <Empty title={error instanceof ApiError && error.status === 404 ? 'There is no such action.' : 'This form cannot be shown.'}>
          <p>{error.message}</p>
          <BackToHub />
        </Empty>
      </Page>
    );
  }
  if (!data) {
    return (
      <Page documentTitle={documentTitle} title={id}>
        <Waiting />
      </Page>
    );
  }
  const { action } = data;
  const needsEntity = action.operation !== 'CREATE';
  const settling = isPlaceholderData || settled !== asked;
  return (
    <Page
      documentTitle={documentTitle}
      title={action.title}
      icon={<BlueprintIcon blueprint={action.icon ?? 'action'} icon={action.icon} size={19} />}
      subtitle={<About action={action} />}
    >
      <div className={classes.formPage}>
        {needsEntity && <EntityChoice of={action.blueprint ?? undefined} blueprint={action.blueprint ?? blueprint} entity={entity} onTarget={onTarget} />}
        <SchemaForm
          pages={pages}
          values={values}
          onValues={setValues}
          problems={settling ? {} : firstOfEach(data.errors)}
          at={at}
          onAt={onAt}
          review={pages.length > 1}
          labels={{ submit: action.button || (action.approval ? 'Ask for approval' : 'Run') }}
          onSubmit={(properties) => start.mutate(properties)}
          busy={start.isPending}
          error={start.error ?? error}
          why={data.why ?? (needsEntity && !entity ? 'Choose an entity first.' : undefined)}
          before={action.approval && !data.why ? <p className="sd-dim">Somebody has to approve this before it runs. You will see who on the next page.</p> : undefined}
        />
      </div>
    </Page>
  );
}

function About({ action }: { action: { description?: string | null; operation?: keyof typeof operationWords | null; blueprint?: string | null } }) {
  const blueprint = useBlueprint(action.blueprint ?? '');
  return (
    <>
      {blueprint && action.operation && (
        <p>
          {operationWords[action.operation]} {blueprint.title}
        </p>
      )}
      {action.description && <Markdown source={action.description} />}
    </>
  );
}

interface EntityChoiceProps {
  /** The only blueprint that it is for. */
  of: string | undefined;
  blueprint: string | undefined;
  entity: string | undefined;
  onTarget: (target: { blueprint: string; entity: string } | undefined) => void;
}

function EntityChoice({ of, blueprint, entity, onTarget }: EntityChoiceProps) {
  const title = useBlueprint(of ?? '')?.title ?? of ?? 'Entity';
  // whoever comes from its page knows it by its title
  const known = useQueryClient().getQueryData(entityQuery(blueprint ?? '', entity ?? '').queryKey)?.entity;
  const change = (next: unknown) => {
    const at = typeof next === 'string' ? next.indexOf(' ') : -1;
    onTarget(at < 0 ? undefined : { blueprint: String(next).slice(0, at), entity: String(next).slice(at + 1) });
  };
  return (
    <SearchField
      path="/$entity"
      name="$entity"
      schema={{ type: 'string' }}
      label={title}
      description="What it is run for."
      value={entity && blueprint ? `${blueprint} ${entity}` : entity}
      shown={known?.title ?? entity}
      onChange={change}
      required
      disabled={false}
      autoFocus={!entity}
      find={(typed) => targetOptions(of, typed)}
    />
  );
}

/** The first of each input, without its place: it stands there. */
const firstOfEach = (errors: Record<string, string[]>) =>
  Object.fromEntries(Object.entries(errors).flatMap(([key, [first]]) => (first ? [[key, inPlace(first)]] : [])));

const inPlace = (text: string) => (/^"properties" must have required property/.test(text) ? 'This has to be filled in.' : sentence(text.replace(/^"properties\/[^"]*"\s*/, '')));

const sentence = (text: string) => `${text.charAt(0).toUpperCase()}${text.slice(1).replace(/\.$/, '')}.`;

export function BackToHub() {
  return (
    <p>
      <Link to="/self-service" className={classes.inlineLink}>
        All actions and templates
      </Link>
    </p>
  );
}
