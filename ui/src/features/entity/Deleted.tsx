import { Button } from '@mantine/core';
import { getRouteApi, Link } from '@tanstack/react-router';
import { undo } from '~/api/undo';
import { Empty, Page } from '~/kit/Page';
import { ProblemLine } from '~/kit/Problem';
import { Mono } from '~/kit/Mono';
import { Allowed } from '~/parts/Allowed';
import { useDocumentTitle } from '~/parts/model';
import { useChange } from '~/parts/useChange';

const route = getRouteApi('/_in/entity/$blueprint');

/** In place of an entity that has just been deleted: it can be brought back. */
export function Deleted({ revision }: { revision: number }) {
  const { blueprint } = route.useParams();
  const { id } = route.useSearch();
  const navigate = route.useNavigate();
  const back = useChange(
    () => undo(revision, false),
    (answer) => {
      if (answer.restored.length > 0) void navigate({ search: { id }, replace: true });
    },
  );
  const refused = back.data?.refused ?? [];
  return (
    <Page documentTitle={useDocumentTitle('Deleted')} title="Deleted" subtitle={<Mono wrap>{id}</Mono>}>
      <Empty title="The entity is deleted.">
        <p>
          <Allowed action="UndoChanges">
            <Button variant="default" loading={back.isPending} onClick={() => back.mutate(undefined)}>
              Bring it back
            </Button>
          </Allowed>{' '}
          <Link to="/catalog/$blueprint" params={{ blueprint }}>
            To the catalog
          </Link>
        </p>
      </Empty>
      {refused.map(({ identifier, message }) => (
        <ProblemLine key={identifier} level="error" message={message} />
      ))}
      {back.error && <ProblemLine level="error" message={back.error.message} />}
    </Page>
  );
}
