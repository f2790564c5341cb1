import 'uplot/dist/uPlot.min.css';
import { useEffect, useRef } from 'react';
import UPlot from 'uplot';
import { compact, day } from '../i18n/format.ts';
import { useLanguage } from '../i18n/i18n.ts';

export interface Series {
  label: string;
  /** A custom property of the tokens. */
  colour: '--chart-1' | '--chart-2' | '--chart-3';
  values: readonly (number | null)[];
}

const HEIGHT = 230;

/** A custom property as a colour that a canvas understands. */
function colourOf(name: string, element: Element): string {
  const probe = document.createElement('span');
  probe.style.color = `var(${name})`;
  element.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

/**
 * Lines over time. A canvas says nothing to screen readers: the page has the same figures as a table beside it.
 *
 * @param times seconds since 1970, ascending
 */
export function TimeChart({
  times,
  series,
  unit = '',
}: {
  times: readonly number[];
  series: readonly Series[];
  unit?: string;
}) {
  const frame = useRef<HTMLDivElement>(null);
  const language = useLanguage();

  useEffect(() => {
    const element = frame.current;
    if (!element) return;
    const colour = (name: string) => colourOf(name, element);
    let plot: UPlot | undefined;
    const draw = () => {
      // The words at the axes are those of the language.
      void language;
      plot?.destroy();
      const text = colour('--text-3');
      const grid = { stroke: colour('--line'), width: 1 };
      const font = `12px ${getComputedStyle(document.body).fontFamily}`;
      plot = new UPlot(
        {
          width: element.clientWidth,
          height: HEIGHT,
          legend: { show: false },
          cursor: { drag: { x: false, y: false }, points: { size: 7 } },
          scales: { x: { time: true }, y: { range: (_plot, _min, max) => [0, Math.max(4, max * 1.12)] } },
          axes: [
            {
              stroke: text,
              font,
              grid: { show: false },
              ticks: { show: false },
              values: (_plot, splits) => splits.map((one) => day(one * 1_000)),
              space: 70,
            },
            {
              stroke: text,
              font,
              grid,
              ticks: { show: false },
              size: 56,
              values: (_plot, splits) => splits.map((one) => `${compact(one)}${unit && ` ${unit}`}`),
            },
          ],
          series: [
            {},
            ...series.map(({ label, colour: name }, index) => ({
              label,
              stroke: colour(name),
              width: 2,
              points: { show: times.length < 20, size: 5, fill: colour('--surface') },
              ...(index === 0 && { fill: `color-mix(in srgb, ${colour(name)} 12%, transparent)` }),
            })),
          ],
        },
        [[...times], ...series.map(({ values }) => [...values])] as UPlot.AlignedData,
        element,
      );
    };
    draw();
    const resized = new ResizeObserver(() => plot?.setSize({ width: element.clientWidth, height: HEIGHT }));
    resized.observe(element);
    // The colours of a canvas do not follow the theme by themselves.
    const themed = new MutationObserver(draw);
    themed.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] });
    const scheme = matchMedia('(prefers-color-scheme: dark)');
    scheme.addEventListener('change', draw);
    return () => {
      resized.disconnect();
      themed.disconnect();
      scheme.removeEventListener('change', draw);
      plot?.destroy();
    };
  }, [times, series, unit, language]);

  return <div ref={frame} style={{ height: HEIGHT }} aria-hidden="true" />;
}
