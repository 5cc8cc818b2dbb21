import './palette.css';

/** The colour of the nth series. */
export const seriesColor = (n: number) => `var(--sd-chart-${(n % 8) + 1})`;

export const restColor = 'var(--sd-chart-rest)';
export const noneColor = 'var(--sd-chart-none)';
