import { IconCloudOff } from '@tabler/icons-react';
import { useConnection } from './connection';
import classes from './Shell.module.css';

/** Says when what is on screen may be old. Silent as long as all is well. */
export function ConnectionMark() {
  const connection = useConnection();
  const lost = connection !== 'new';
  const text = connection === 'offline' ? 'Offline' : 'Connection lost, trying again';
  return (
    <div role="status">
      {lost && (
        <div className={classes.connection} title="What you see may be old. It is brought up to date as soon as the server answers again.">
          <IconCloudOff size={14} stroke={1.8} aria-hidden />
          <span>{text}</span>
        </div>
      )}
    </div>
  );
}
