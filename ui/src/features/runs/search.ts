import type { RunKind, RunStatus } from '~/api/runs';
import { statuses } from '~/parts/runs/RunState';

export interface RunsSearch {
  /** Everybody's, as far as the viewer may see them; else the viewer's own. */
  all?: true;
  q?: string;
  status?: RunStatus;
  kind?: RunKind;
  page?: number;
}

const kinds: RunKind[] = ['action', 'automation', 'template', 'workflow'];

export function readRunsSearch(raw: Record<string, unknown>): RunsSearch {
  const page = Math.floor(Number(raw.page));
  return {
    all: raw.all === true || raw.all === 'true' ? true : undefined,
    q: typeof raw.q === 'string' && raw.q !== '' ? raw.q : undefined,
    status: statuses.find((one) => one === raw.status),
    kind: kinds.find((one) => one === raw.kind),
    page: page >= 2 ? page : undefined,
  };
}

export interface RunSearch {
  /** The step whose details are shown, and whose lines alone. */
  step?: string;
  /** What lines are looked for. */
  find?: string;
  /** Only warnings and errors. */
  bad?: true;
}

export function readRunSearch(raw: Record<string, unknown>): RunSearch {
  const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined);
  return { step: text(raw.step), find: text(raw.find), bad: raw.bad === true || raw.bad === 'true' ? true : undefined };
}
