import { IconX } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import type { Blueprint, Model } from '~/api/types';
import { Mono, Tag } from '~/kit/Mono';
import { Section } from '~/kit/Page';
import { count, formatNumber } from '~/lib/text';
import { BlueprintIcon } from '~/parts/BlueprintIcon';
import { InvalidJq } from '~/parts/DerivedMark';
import classes from './model.module.css';

interface BlueprintPanelProps {
  blueprint: Blueprint;
  model: Model;
  onClose: () => void;
  onChoose: (identifier: string) => void;
}

/** What one blueprint is made of. */
export function BlueprintPanel({ blueprint, model, onClose, onChoose }: BlueprintPanelProps) {
  const properties = Object.entries(blueprint.properties);
  const incoming = model.blueprints.flatMap((from) =>
    Object.entries(from.relations)
      .filter(([, { target }]) => target === blueprint.identifier)
      .map(([key]) => ({ from, key })),
  );
  return (
    <aside className={classes.panel} aria-label={`Blueprint ${blueprint.title}`} tabIndex={0}>
      <div className={classes.panelHead}>
        <h2>
          <BlueprintIcon blueprint={blueprint.identifier} icon={blueprint.icon} size={17} /> {blueprint.title}
        </h2>
        <button type="button" className={classes.close} onClick={onClose} aria-label="Close">
          <IconX size={15} aria-hidden />
        </button>
      </div>
      <p className="sd-dim">
        <Mono>{blueprint.identifier}</Mono>
        {blueprint.kind && <> · kind {blueprint.kind}</>}
        {blueprint.shipped && ' · shipped'}
      </p>
      {blueprint.description && <p className={classes.description}>{blueprint.description}</p>}
      <p className={classes.description}>
        <Link to="/catalog/$blueprint" params={{ blueprint: blueprint.identifier }} className={classes.catalogLink}>
          Open {count(blueprint.count, 'entity', 'entities')}
        </Link>{' '}
        ·{' '}
        <Link to="/model/$blueprint" params={{ blueprint: blueprint.identifier }} className={classes.catalogLink}>
          Edit the blueprint
        </Link>
      </p>
      <Section title="Properties" aside={formatNumber(properties.length)}>
        <Properties blueprint={blueprint} />
      </Section>
      <Section title="Relations" aside={formatNumber(Object.keys(blueprint.relations).length)}>
        <ul>
          {Object.entries(blueprint.relations).map(([key, relation]) => (
            <li key={key} className={classes.line}>
              <Mono wrap>{key}</Mono>
              <span className={classes.lineEnd}>
                → <BlueprintName identifier={relation.target} model={model} onChoose={onChoose} /> {relation.many && <span className="sd-dim">many</span>}
                {relation.required && <span className="sd-dim"> required</span>}
              </span>
            </li>
          ))}
        </ul>
      </Section>
      <Section title="Referenced by" aside={formatNumber(incoming.length)}>
        <ul>
          {incoming.map(({ from, key }) => (
            <li key={`${from.identifier} ${key}`} className={classes.line}>
              <BlueprintName identifier={from.identifier} model={model} onChoose={onChoose} />
              <span className={classes.lineEnd}>
                <Mono wrap>{key}</Mono>
              </span>
            </li>
          ))}
        </ul>
      </Section>
    </aside>
  );
}

function Properties({ blueprint }: { blueprint: Blueprint }) {
  const required = new Set(blueprint.required);
  return (
    <ul>
      {Object.entries(blueprint.properties).map(([key, { title, type, format, enum: values, items, enumColors, description, derived }]) => (
        <li key={key} className={classes.line} title={description}>
          <span className={classes.property}>
            <Mono wrap>{key}</Mono>
            {title && title.toLowerCase() !== key.toLowerCase() && <span className="sd-dim"> {title}</span>}
            {derived && (
              <div className={classes.from}>
                <Mono wrap dim>
                  {derived.from}
                </Mono>
              </div>
            )}
            {derived?.problem && <InvalidJq message={derived.problem} />}
            {values && (
              <span className={classes.values}>
                {values.map((value) => (
                  <Tag key={String(value)} color={enumColors?.[String(value)]}>
                    {String(value)}
                  </Tag>
                ))}
              </span>
            )}
          </span>
          <span className={classes.lineEnd}>
            {type ?? 'any'}
            {type === 'array' && items?.type && ` of ${items.type}`}
            {format && ` · ${format}`}
            {required.has(key) && ' · required'}
            {derived && ` · ${derived.kind}`}
          </span>
        </li>
      ))}
    </ul>
  );
}

function BlueprintName({ identifier, model, onChoose }: { identifier: string; model: Model; onChoose: (identifier: string) => void }) {
  const target = model.blueprints.find((one) => one.identifier === identifier);
  if (!target) return <span title="There is no such blueprint">{identifier}</span>;
  return (
    <button type="button" className={classes.name} onClick={() => onChoose(identifier)}>
      {target.title}
    </button>
  );
}
