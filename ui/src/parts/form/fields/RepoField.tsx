import { Autocomplete, Fieldset, Select, TextInput } from '@mantine/core';
import { Mono } from '~/kit/Mono';
import classes from '../form.module.css';
import { readRepo, repoParts, writeRepo } from '../repo';
import { optionsOf, type FieldProps } from '../types';
import { asText, useCommon } from './values';

/** Where a repository is, or is to be made. */
export function RepoField(props: FieldProps) {
  const { label, description, error, withAsterisk, id, ...common } = useCommon(props);
  const options = optionsOf(props.schema);
  const hosts = Array.isArray(options.allowedHosts) ? options.allowedHosts.map(String) : [];
  const repo = readRepo(asText(props.value));
  const host = repo.host || (hosts.length > 0 ? (hosts[0] ?? '') : 'github.com');
  const put = (key: string, value: string) => props.onChange(writeRepo({ ...repo, host, [key]: value.trim() }));
  return (
    <Fieldset legend={<>{label}{withAsterisk && <span className={classes.bad} aria-hidden> *</span>}</>} className={classes.group}>
      {description && <p className="sd-dim">{description}</p>}
      <div className={classes.pair}>
        {hosts.length > 0 ? (
          <Select {...common} id={`${id}/host`} label="Host" data={hosts} value={host} allowDeselect={false} onChange={(next) => next && put('host', next)} />
        ) : (
          <Autocomplete {...common} id={`${id}/host`} label="Host" data={['github.com', 'gitlab.com', 'bitbucket.org', 'dev.azure.com']} value={host} onChange={(next) => put('host', next)} />
        )}
        {repoParts(host, options).map(({ key, title, allowed }) =>
          allowed ? (
            <Select {...common} key={key} id={`${id}/${key}`} autoFocus={false} label={title} data={allowed} value={repo[key] ?? null} onChange={(next) => put(key, next ?? '')} />
          ) : (
            <TextInput {...common} key={key} id={`${id}/${key}`} autoFocus={false} label={title} value={repo[key] ?? ''} onChange={(event) => put(key, event.currentTarget.value)} />
          ),
        )}
      </div>
      {error ? <p className={classes.bad}>{error}</p> : repo.repo && <Mono wrap>{[host, repo.organization, repo.workspace, repo.project, repo.owner, repo.repo].filter(Boolean).join('/')}</Mono>}
    </Fieldset>
  );
}
