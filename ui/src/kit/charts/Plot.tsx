import '@mantine/charts/styles.css';
import { LineChart } from '@mantine/charts';
import { seriesColor } from './colors';
import type { Series } from './Lines';

interface PlotProps {
  dates: string[];
  series: Series[];
  yTitle?: string;
}

/** The picture of lines; loaded when one is shown, for it brings a library. */
export default function Plot({ dates, series, yTitle }: PlotProps) {
  // titles may have dots, which the library takes for ways into an object
  const data = dates.map((date, at) => ({ date, ...Object.fromEntries(series.map((one, n) => [`s${n}`, one.values[at]])) }));
  return (
    <LineChart
      h="100%"
      data={data}
      dataKey="date"
      series={series.map((one, n) => ({ name: `s${n}`, label: one.title, color: seriesColor(n) }))}
      curveType="linear"
      strokeWidth={2}
      withDots={dates.length <= 40}
      dotProps={{ r: 2.5 }}
      yAxisLabel={yTitle}
      yAxisProps={{ width: 44, allowDecimals: false }}
      xAxisProps={{ minTickGap: 28 }}
      lineProps={{ isAnimationActive: false }}
      gridAxis="x"
      // what the keyboard reaches is the table of numbers
      lineChartProps={{ accessibilityLayer: false }}
    />
  );
}
