import { Button } from '@mantine/core';
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
  const { title, text } = explain(error);
  return (
    <div style={{ padding: '8px 28px' }} role="alert">
      <title>{title}</title>
      <Empty title={title}>
        <p>{text}</p>
        <Button variant="default" mt={14} onClick={retry}>
          Try again
        </Button>
      </Empty>
    </div>
  );
}

function explain(error: unknown): { title: string; text: string } {
  if (!(error instanceof ApiError)) return { title: 'This page has a fault', text: String(error) };
  if (error.status === 401) {
    return { title: 'You are not signed in', text: 'Sign in, then try again.' };
  }
  if (error.status === 403) return { title: 'You may not see this', text: error.message };
  if (error.status === 404) return { title: 'There is nothing here', text: error.message };
  if (error.status === 0) return { title: 'The server does not answer', text: 'It may be starting or stopped. This page works again as soon as it is back.' };
  return { title: 'The server reported a problem', text: error.message };
}
