import { IconAlertTriangle, IconCircleX } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { Mono } from './Mono';
import classes from './text.module.css';

interface ProblemLineProps {
  level: string;
  message: string;
  file?: string | null;
  line?: number | null;
  children?: ReactNode;
}

/** One thing that is wrong, and where. */
export function ProblemLine({ level, message, file, line, children }: ProblemLineProps) {
  const Icon = level === 'warning' ? IconAlertTriangle : IconCircleX;
  const place = file ? `${file.replace(/^file:(\/\/)?/, '')}${line ? `:${line}` : ''}` : line ? `line ${line}` : null;
  return (
    <div className={classes.problem} data-level={level === 'warning' ? 'warning' : 'error'}>
      <Icon size={15} role="img" aria-label={level} />
      <div className={classes.problemBody}>
        <div>{message}</div>
        {(place || children) && (
          <div className="sd-dim">
            {place && <Mono wrap>{place}</Mono>} {children}
          </div>
        )}
      </div>
    </div>
  );
}
