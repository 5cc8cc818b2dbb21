import { Button } from '@mantine/core';
import { IconBolt, IconTool } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import type { Fix } from '~/api/scorecards';
import { ExternalLink } from '../ExternalLink';
import { Markdown } from '../Markdown';
import classes from './scorecards.module.css';

interface FixLineProps {
  fix: Fix;
  blueprint: string;
  entity: string;
  /** Which rule it mends: names the button where there are many. */
  rule: string;
}

/** The way to fix it: words, a link, and an action whose form opens for this entity. */
export function FixLine({ fix: { text, url, action }, blueprint, entity, rule }: FixLineProps) {
  if (!text && !url && !action) return null;
  return (
    <div className={classes.fix}>
      <IconTool size={14} stroke={1.7} aria-label="How to fix it" role="img" />
      <div className={classes.fixBody}>
        {text && <Markdown source={text} />}
        {url && <ExternalLink url={url} />}
      </div>
      {action && (
        <Button
          component={Link}
          {...({ to: '/self-service/$kind/$id', params: { kind: 'action', id: action }, search: { entity, blueprint } } as object)}
          size="compact-xs"
          variant="light"
          leftSection={<IconBolt size={13} aria-hidden />}
          aria-label={`Fix it: ${rule} of ${entity}`}
        >
          Fix it
        </Button>
      )}
    </div>
  );
}
