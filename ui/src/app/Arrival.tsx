import { useRouter } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { Hidden } from '~/kit/Mono';

/** After a change of page the keyboard stands at its beginning, and a screen reader is told where it is. */
export function Arrival() {
  const router = useRouter();
  const [where, setWhere] = useState('');
  useEffect(
    () =>
      router.subscribe('onRendered', ({ pathChanged, fromLocation }) => {
        if (!pathChanged || !fromLocation) return;
        setWhere(document.title);
        const { activeElement } = document;
        // a page that puts the focus somewhere itself knows better
        const main = document.getElementById('main');
        if (main && !(activeElement && main.contains(activeElement)) && !activeElement?.closest('[role=dialog]')) main.focus({ preventScroll: true });
      }),
    [router],
  );
  return (
    <div role="status" aria-live="polite">
      <Hidden>{where}</Hidden>
    </div>
  );
}
