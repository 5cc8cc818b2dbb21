import { Mono } from '~/kit/Mono';
import { safeHref } from '~/lib/urls';
import { ExternalLink } from '~/parts/ExternalLink';

/** A file or address, and the line in it. */
export function Place({ target, line }: { target: string; line?: number | null }) {
  const at = line ? `, line ${line}` : '';
  if (!safeHref(target)) {
    return (
      <Mono wrap>
        {target.replace(/^file:(\/\/)?/, '')}
        {at}
      </Mono>
    );
  }
  return (
    <>
      <ExternalLink url={target} />
      {at}
    </>
  );
}
