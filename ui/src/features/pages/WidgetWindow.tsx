import { Button, Group, Modal, Tabs } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { pageDataQuery, type WidgetJson } from '~/api/pages';
import { CodeEditor } from '~/kit/CodeEditor';
import { ProblemLine } from '~/kit/Problem';
import { useModel } from '~/parts/model';
import { Widget, widgetTypes } from '~/widgets';
import { newId } from './draft';
import classes from './pages.module.css';
import { groupingOf, mainOf } from './templates';
import { WidgetForm } from './WidgetForm';

interface WidgetWindowProps {
  /** Undefined for a new one. */
  widget: WidgetJson | undefined;
  onClose: () => void;
  onSave: (widget: WidgetJson) => void;
}

/** Chooses a widget out of a gallery that shows real data, or configures one, by form or as JSON. */
export function WidgetWindow({ widget, onClose, onSave }: WidgetWindowProps) {
  const [chosen, setChosen] = useState(widget);
  return (
    <Modal opened onClose={onClose} size={chosen ? 980 : 1080} title={widget ? 'Configure the widget' : chosen ? `New widget: ${widgetTypes[chosen.type]?.title ?? chosen.type}` : 'Add a widget'}>
      {chosen ? (
        <Configure start={chosen} isNew={widget === undefined} onBack={widget ? undefined : () => setChosen(undefined)} onClose={onClose} onSave={onSave} />
      ) : (
        <Gallery onChoose={setChosen} />
      )}
    </Modal>
  );
}

function Gallery({ onChoose }: { onChoose: (widget: WidgetJson) => void }) {
  const { blueprints } = useModel();
  const offers = useMemo(() => {
    const main = mainOf(blueprints);
    const property = main ? groupingOf(main) : '$team';
    return Object.entries(widgetTypes).flatMap(([type, known]) => (known.make ? [{ known, widget: { id: type, ...known.make(main?.identifier ?? '', property) } as WidgetJson }] : []));
  }, [blueprints]);
  const { data } = useQuery(pageDataQuery({ widgets: offers.map(({ widget }) => widget) }));
  return (
    <ul className={classes.gallery}>
      {offers.map(({ known, widget }) => (
        <li key={widget.type} className={classes.offer}>
          <div className={classes.preview} inert>
            {widget.type === 'graph-entities-explorer' ? <span className="sd-dim">Shown once it is chosen.</span> : <Widget widget={{ ...widget, title: known.title }} data={data?.widgets[widget.id ?? '']} />}
          </div>
          <div className={classes.offerText}>
            <span>
              <strong>{known.title}</strong> <span className="sd-dim">{known.description}</span>
            </span>
            <Button variant="default" size="compact-xs" aria-label={`Choose ${known.title}`} onClick={() => onChoose({ ...widget, id: newId() })}>
              Choose
            </Button>
          </div>
        </li>
      ))}
    </ul>
  );
}

interface ConfigureProps {
  start: WidgetJson;
  isNew: boolean;
  onBack?: () => void;
  onClose: () => void;
  onSave: (widget: WidgetJson) => void;
}

function Configure({ start, isNew, onBack, onClose, onSave }: ConfigureProps) {
  const fields = widgetTypes[start.type]?.fields;
  const [widget, setWidget] = useState(start);
  const [text, setText] = useState<string>();
  const [problem, setProblem] = useState<string>();
  const [asked] = useDebouncedValue(widget, 350);
  const { data, error } = useQuery(pageDataQuery({ widgets: [asked] }));
  const change = (next: WidgetJson) => {
    setWidget(next);
    setText(undefined);
    setProblem(undefined);
  };
  const type = (json: string) => {
    setText(json);
    try {
      const read = JSON.parse(json) as WidgetJson;
      setProblem(typeof read?.type === 'string' ? undefined : 'A widget needs a “type”.');
      if (typeof read?.type === 'string') setWidget({ ...read, id: start.id });
    } catch (failure) {
      setProblem((failure as Error).message);
    }
  };
  return (
    <div className={classes.configure}>
      <div>
        <Tabs defaultValue={fields ? 'form' : 'json'} keepMounted={false}>
          <Tabs.List>
            {fields && <Tabs.Tab value="form">Form</Tabs.Tab>}
            <Tabs.Tab value="json">JSON</Tabs.Tab>
          </Tabs.List>
          {fields && (
            <Tabs.Panel value="form" pt={12}>
              <WidgetForm fields={fields} widget={widget} data={data?.widgets[asked.id ?? '0']} onChange={change} />
            </Tabs.Panel>
          )}
          <Tabs.Panel value="json" pt={12}>
            <CodeEditor value={text ?? JSON.stringify(widget, null, 2)} onChange={type} language="json" label="The widget as JSON" height="340px" />
          </Tabs.Panel>
        </Tabs>
        {problem && <ProblemLine level="error" message={problem} />}
      </div>
      <div className={classes.live} aria-label="Preview" role="group">
        {error ? <ProblemLine level="error" message={error.message} /> : <Widget widget={asked} data={data?.widgets[asked.id ?? '0']} />}
      </div>
      <Group gap={8} justify="flex-end" className={classes.windowButtons}>
        {onBack && (
          <Button variant="subtle" onClick={onBack}>
            Back to the gallery
          </Button>
        )}
        <Button variant="default" onClick={onClose}>
          Cancel
        </Button>
        <Button onClick={() => onSave(widget)} disabled={problem !== undefined}>
          {isNew ? 'Add' : 'Apply'}
        </Button>
      </Group>
    </div>
  );
}
