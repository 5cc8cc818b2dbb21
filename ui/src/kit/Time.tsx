import { absoluteTime, relativeTime } from '~/lib/dates';

/** A date as a distance from now, with the exact time on hover. */
export function Time({ iso }: { iso: string }) {
  const relative = relativeTime(iso);
  if (relative === null) return <>{iso}</>;
  return (
    <time dateTime={iso} title={absoluteTime(iso)}>
      {relative}
    </time>
  );
}
