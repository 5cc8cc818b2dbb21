import type { WidgetJson } from '~/api/pages';

/** What the server knows a widget by: its id, else the way to it. */
export const keyOf = (widget: WidgetJson, way: string) => (typeof widget.id === 'string' && widget.id !== '' ? widget.id : way);
