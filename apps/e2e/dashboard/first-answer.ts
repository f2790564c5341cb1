import type { Page } from 'playwright-core';

/** Seconds. */
export interface FirstAnswer {
  /** From the begin of the navigation. */
  elapsed: number;
  /** What the page has used of a core until then: the same beside other work. */
  processor: number;
}

/** The page is drawn by its scripts: a control that is there has its handlers, and answers when the scripts rest. */
const answered = (selector: string): string => `new Promise((done) => {
  const look = () => {
    const control = document.querySelector(${JSON.stringify(selector)});
    if (control && !control.disabled) setTimeout(() => done(performance.now() / 1_000));
    else requestAnimationFrame(look);
  };
  look();
})`;

/** Opens a page, and waits until a control of it answers. */
export async function firstAnswer(page: Page, url: string, selector: string): Promise<FirstAnswer> {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('Performance.enable', { timeDomain: 'threadTicks' });
  await page.goto(url, { waitUntil: 'commit' });
  const elapsed = await page.evaluate<number>(answered(selector));
  const { metrics } = await devtools.send('Performance.getMetrics');
  await devtools.detach();
  return { elapsed, processor: metrics.find(({ name }) => name === 'TaskDuration')?.value ?? Number.NaN };
}
