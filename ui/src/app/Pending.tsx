import { Skeleton } from '@mantine/core';
import { Waiting } from '~/kit/Page';

/** Where a page will stand that takes longer than a blink. */
export function Pending() {
  return (
    <div style={{ padding: '22px 28px' }} aria-busy="true">
      <Skeleton height={18} width={220} radius={3} mb={26} />
      <Waiting lines={10} />
    </div>
  );
}
