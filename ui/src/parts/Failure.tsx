import { Button, Group } from '@mantine/core';
import { useRouter, type ErrorComponentProps } from '@tanstack/react-router';
import { useQueryErrorResetBoundary } from '@tanstack/react-query';
import { ApiError } from '~/api/client';
import { Empty } from '~/kit/Page';

/** What a page shows when its data could not be had. */
export function Failure({ error, reset }: ErrorComponentProps) {
  const router = useRouter();
  const queries = useQueryErrorResetBoundary();
  const retry = () => {
    queries.reset();
    reset();
    void router.invalidate();
  };
  const { title, text, reload } = explain(error);
  return (
    <div style={{ padding: '8px 28px' }} role="alert">
      <title>{title}</title>
      <Empty title={title}>
        <p>{text}</p>
        <Group mt={14} gap={8}>
          <Button variant="default" onClick={reload ? () => window.location.reload() : retry}>
            {reload ? 'Load the new version' : 'Try again'}
          </Button>
          {/* a plain link: the program that has the fault is loaded anew with it */}
          <Button variant="subtle" component="a" href="/">
            Go to the start page
          </Button>
        </Group>
      </Empty>
    </div>
  );
}

interface Explanation {
  title: string;
  text: string;
  /** The program itself is to be loaded again. */
  reload?: true;
}

function explain(error: unknown): Explanation {
  if (isOldProgram(error)) {
    return { title: 'There is a new version', text: 'The portal was updated while this window was open, and this page comes from the new version.', reload: true };
  }
  if (!(error instanceof ApiError)) {
    return { title: 'This page has a fault', text: `Try again, or load the page anew. If it stays, tell whoever runs the portal: ${String(error)}` };
  }
  if (error.status === 401) {
    return { title: 'You are not signed in', text: 'Sign in, then try again.' };
  }
  if (error.status === 403) return { title: 'You may not see this', text: error.message };
  if (error.status === 404) return { title: 'There is nothing here', text: error.message };
  if (error.status === 0) return { title: 'The server does not answer', text: 'It may be starting or stopped. This page works again as soon as it is back.' };
  return { title: 'The server reported a problem', text: error.message };
}

/** A part of the program that is loaded on demand is no longer there: after an update it has another name. */
const isOldProgram = (error: unknown) => error instanceof TypeError && /dynamically imported module|importing a module script/i.test(error.message);
