import type { Page } from 'playwright-core';

/** Scripts for the browser are texts: these files are compiled without its types. */
const WATCH = `(() => {
  globalThis.shifts = [];
  const nameOf = ({ node }) => (node?.nodeType === 1 ? node : node?.parentElement)?.className || node?.nodeName;
  new PerformanceObserver((list) => {
    for (const { value, hadRecentInput, sources } of list.getEntries()) {
      if (!hadRecentInput) globalThis.shifts.push({ value, moved: sources.map(nameOf) });
    }
  }).observe({ type: 'layout-shift' });
})()`;
/** The shifts of a frame are reported after it. */
const SHIFTS = `new Promise((done) =>
  requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => done(globalThis.shifts)))))`;

interface Shift {
  /** The part of the screen that moved, times the part of it by which it moved. */
  value: number;
  /** Classes of what moved. */
  moved: string[];
}

/** Notes from here on what moves on the page without anybody touching it. */
export const watchStillness = (page: Page): Promise<void> => page.evaluate(WATCH);

/** @returns what has moved since {@link watchStillness} */
export const shiftsOf = (page: Page): Promise<Shift[]> => page.evaluate<Shift[]>(SHIFTS);
