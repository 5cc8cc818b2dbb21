import { getRouteApi, Link, type ErrorComponentProps } from '@tanstack/react-router';
import { ApiError } from '~/api/client';
import { Mono } from '~/kit/Mono';
import { Empty, Page } from '~/kit/Page';
import { Failure } from '~/parts/Failure';
import { useDocumentTitle } from '~/parts/model';

const route = getRouteApi('/_in/entity/$blueprint');

/** The page of an entity that is not there. */
export function EntityFailure(props: ErrorComponentProps) {
  const missing = props.error instanceof ApiError && props.error.status === 404;
  return missing ? <Missing /> : <Failure {...props} />;
}

function Missing() {
  const { blueprint } = route.useParams();
  const { id } = route.useSearch();
  return (
    <Page documentTitle={useDocumentTitle('Not found')} title="Not found" subtitle={<Mono wrap>{id}</Mono>}>
      <Empty title="This entity does not exist.">
        <p>
          It may have been removed, or nothing has supplied it yet. <Link to="/catalog/$blueprint" params={{ blueprint }}>See all of its blueprint</Link>{' '}
          or <Link to="/documents">add a document</Link> for it.
        </p>
      </Empty>
    </Page>
  );
}
