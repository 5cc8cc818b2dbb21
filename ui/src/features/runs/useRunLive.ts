import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { runQuery, type LogLine } from '~/api/runs';
import { followRun } from '~/api/runStream';

export interface Live {
  lines: LogLine[];
  connected: boolean;
}

/** The lines of a run as they are written; what else changes is asked for again. */
export function useRunLive(id: string): Live {
  const queries = useQueryClient();
  const [live, setLive] = useState<Live & { id: string }>({ id, lines: [], connected: true });
  useEffect(() => {
    const known = new Map<number, LogLine>();
    let frame = 0;
    let timer: ReturnType<typeof setTimeout> | undefined;
    // many lines come at once: they are drawn together
    const draw = () => {
      frame = 0;
      setLive((old) => ({ ...old, id, lines: [...known.values()].sort((a, b) => a.seq - b.seq) }));
    };
    const stop = followRun(id, {
      onLine: (line) => {
        known.set(line.seq, line);
        frame ||= requestAnimationFrame(draw);
      },
      onChange: () => {
        timer ??= setTimeout(() => {
          timer = undefined;
          void queries.invalidateQueries({ queryKey: runQuery(id).queryKey });
          void queries.invalidateQueries({ queryKey: ['runs'] });
        }, 80);
      },
      onConnection: (connected) => setLive((old) => ({ ...old, connected })),
    });
    return () => {
      stop();
      clearTimeout(timer);
      cancelAnimationFrame(frame);
    };
  }, [id, queries]);
  return live.id === id ? live : { lines: [], connected: true };
}
