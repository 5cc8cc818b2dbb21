import { Button, Modal } from '@mantine/core';
import { IconCode } from '@tabler/icons-react';
import { useState } from 'react';
import { createToken } from '~/api/tokens';
import { CodeBlock } from '~/kit/CodeBlock';
import { ProblemLine } from '~/kit/Problem';
import { useChange } from '~/parts/useChange';
import { badgeMarkdown, badgePath } from './badge';
import classes from './scorecards.module.css';

interface EmbedBadgeProps {
  blueprint: string;
  entity: string;
  scorecard: { identifier: string; title: string };
}

/** The level as a picture for a README or a wiki. Its address has a token in it that is good for nothing else. */
export function EmbedBadge({ blueprint, entity, scorecard: { identifier, title } }: EmbedBadgeProps) {
  const [opened, setOpened] = useState(false);
  const [token, setToken] = useState<string>();
  const make = useChange(
    () => createToken({ name: `Badge: ${title}`, scopes: ['read:badges'], expiresInDays: null }),
    (made) => setToken(made.token),
  );
  const path = badgePath(blueprint, entity, identifier);
  const close = () => {
    setOpened(false);
    setToken(undefined);
  };
  return (
    <>
      <Button variant="subtle" color="gray" size="compact-xs" leftSection={<IconCode size={13} aria-hidden />} onClick={() => setOpened(true)} aria-label={`Badge of ${title}`}>
        Badge
      </Button>
      <Modal opened={opened} onClose={close} title={`The level in “${title}” as a picture`} size="lg">
        <div className={classes.embed}>
          <p>
            <img src={path} alt={`The level in ${title}`} height={20} />
          </p>
          {token === undefined ? (
            <>
              <p>Pages outside need a token in the address. One is made that shows badges of what you may see, and nothing else. It is shown once, and listed under your account, where it can be revoked.</p>
              <div>
                <Button loading={make.isPending} onClick={() => make.mutate(undefined)} data-autofocus>
                  Make the address
                </Button>
              </div>
            </>
          ) : (
            <CodeBlock text={badgeMarkdown(title, `${window.location.origin}${path}?token=${encodeURIComponent(token)}`)} language="text" label="Markdown of the badge" />
          )}
          {make.error && <ProblemLine level="error" message={make.error.message} />}
        </div>
      </Modal>
    </>
  );
}
