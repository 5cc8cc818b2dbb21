import { getRouteApi } from '@tanstack/react-router';
import { Empty, Page } from '~/kit/Page';
import { useDocumentTitle } from '~/parts/model';
import { ActionForm } from './ActionForm';
import { TemplateForm } from './TemplateForm';

const route = getRouteApi('/_in/self-service/$kind/$id');

/** What is asked before something runs. */
export function FormPage() {
  const { kind, id } = route.useParams();
  const documentTitle = useDocumentTitle('Self-service');
  // another form is another state
  if (kind === 'action') return <ActionForm key={id} id={id} />;
  if (kind === 'template') return <TemplateForm key={id} reference={id} />;
  return (
    <Page documentTitle={documentTitle} title="Self-service">
      <Empty title="There is nothing here.">Only actions and templates can be run.</Empty>
    </Page>
  );
}
