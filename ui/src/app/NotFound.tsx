import { Link } from '@tanstack/react-router';
import { Empty, Page } from '~/kit/Page';

export function NotFound() {
  return (
    <Page documentTitle="Not found" title="Not found">
      <Empty title="There is no page at this address.">
        <Link to="/">Go to the start page</Link>
      </Empty>
    </Page>
  );
}
