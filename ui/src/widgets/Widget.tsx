import { Skeleton } from '@mantine/core';
import { Suspense, type ComponentType, type ReactNode } from 'react';
import type { WidgetData, WidgetJson } from '~/api/pages';
import { Note, titleOf, Unknown, widgetTypes } from './registry';
import type { WidgetProps } from './types';
import classes from './widgets.module.css';

interface WidgetFrameProps {
  widget: WidgetJson;
  /** Undefined while it is on its way. */
  data: WidgetData | undefined;
  /** At the end of its head: what may be done with it. */
  tools?: ReactNode;
}

/** A widget in its frame. */
export function Widget({ widget, data, tools }: WidgetFrameProps) {
  return (
    <section className={classes.card} aria-label={titleOf(widget)} data-widget={widget.type}>
      <div className={classes.head}>
        <h2 className={classes.title} title={titleOf(widget)}>
          {titleOf(widget)}
        </h2>
        {tools}
      </div>
      {typeof widget.description === 'string' && widget.description !== '' && <p className={classes.about}>{widget.description}</p>}
      <div className={classes.body} tabIndex={0} role="group" aria-label={`Content of ${titleOf(widget)}`}>
        {data === undefined ? <Loading /> : <Content widget={widget} data={data} />}
      </div>
    </section>
  );
}

function Loading() {
  return (
    <div role="status" aria-label="Loading">
      <Skeleton height={12} width="60%" mb={10} />
      <Skeleton height={12} width="80%" mb={10} />
      <Skeleton height={12} width="45%" />
    </div>
  );
}

function Content({ widget, data }: { widget: WidgetJson; data: WidgetData }) {
  const own = widgetTypes[widget.type]?.own;
  const known = own ? widgetTypes[widget.type]?.component : data.kind === 'failed' || data.kind === 'later' ? Note : data.kind === 'unknown' ? Unknown : widgetTypes[widget.type]?.component;
  const Shown = (known ?? Unknown) as ComponentType<WidgetProps>;
  return (
    <Suspense fallback={<Loading />}>
      <Shown widget={widget} data={data} />
    </Suspense>
  );
}
