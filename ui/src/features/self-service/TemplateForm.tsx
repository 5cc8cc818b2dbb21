import { useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { ApiError } from '~/api/client';
import { parametersQuery, startTemplate } from '~/api/templates';
import { Empty, Page, Waiting } from '~/kit/Page';
import { BlueprintIcon } from '~/parts/BlueprintIcon';
import { SchemaForm } from '~/parts/form/SchemaForm';
import type { FormPage } from '~/parts/form/types';
import { Markdown } from '~/parts/Markdown';
import { useDocumentTitle } from '~/parts/model';
import { BackToHub } from './ActionForm';
import classes from './selfService.module.css';
import { useForm, useStart } from './useForm';

/** The form of a template, page by page, with a look at everything before it runs. */
export function TemplateForm({ reference }: { reference: string }) {
  const { values, setValues, at, onAt } = useForm();
  const [secrets, setSecrets] = useState<Record<string, string>>({});
  const { data, error } = useQuery(parametersQuery(reference));
  const start = useStart(async (sent) => ({ id: await startTemplate(reference, sent, secrets) }), { of: { kind: 'template', identifier: reference, title: data?.title } });
  const documentTitle = useDocumentTitle(data?.title ?? reference);
  const pages = useMemo(() => (data?.steps ?? []).map(({ title, description, schema }): FormPage => ({ title, description, schema })), [data]);
  const labels = data?.presentation?.buttonLabels;
  return (
    <Page documentTitle={documentTitle} title={data?.title ?? reference} icon={<BlueprintIcon blueprint="template" size={19} />} subtitle={data?.description && <Markdown source={data.description} />}>
      {error ? (
        <Empty title={error instanceof ApiError && error.status === 404 ? 'There is no such template.' : 'This form cannot be shown.'}>
          <p>{error.message}</p>
          <BackToHub />
        </Empty>
      ) : !data ? (
        <Waiting />
      ) : (
        <div className={classes.formPage}>
          <SchemaForm
            pages={pages}
            values={values}
            onValues={setValues}
            secrets={secrets}
            onSecrets={setSecrets}
            at={at}
            onAt={onAt}
            review
            labels={{ submit: labels?.createButtonText ?? 'Create', review: labels?.reviewButtonText, back: labels?.backButtonText }}
            onSubmit={(sent) => start.mutate(sent)}
            busy={start.isPending}
            error={start.error}
          />
        </div>
      )}
    </Page>
  );
}
