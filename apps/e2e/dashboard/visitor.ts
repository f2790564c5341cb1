import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { expect } from 'vitest';
import { waitFor } from '../harness/wait-for.ts';
import { newestFolder } from './screenshots.ts';

export interface Look {
  /** Pixels. @default 1440 */
  width?: number;
  theme?: 'light' | 'dark';
  language?: 'en' | 'id';
}

/** Findings of axe that fail a test. The lesser ones are matters of taste, or known limits of the tool. */
const SERIOUS = new Set(['serious', 'critical']);
const HEIGHTS: Record<number, number> = { 360: 740, 1440: 900 };
/** What the browser itself says of requests that were answered with an error, which tests cause on purpose. */
const OF_THE_NETWORK = /Failed to load resource|net::ERR_/;

/** Scripts for the browser are texts: these files are compiled without its types. */
const WATCH_POLICY = `document.addEventListener('securitypolicyviolation', (event) =>
  reportMisdeed(['policy:', event.violatedDirective, event.blockedURI, event.sourceFile, event.sample].join(' ')))`;
const IS_SETTLED = `!document.querySelector('[class*=skeleton]') && document.querySelector('h1') !== null`;
const FIND_OVERFLOW = `(() => {
  const { clientWidth, scrollWidth } = document.documentElement;
  if (scrollWidth <= clientWidth) return [];
  return [...document.querySelectorAll('body *')]
    .filter((element) => element.getBoundingClientRect().right > clientWidth + 1)
    .slice(0, 5)
    .map((element) => element.tagName + ' ' + element.className);
})()`;

/** Only violations are told in full: the others are counted by nobody, and a selector for each node takes time. */
const AXE = `axe.run(document, { resultTypes: ['violations'] })`;
const axeSource = readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

interface AxeResult {
  violations: {
    id: string;
    impact: string | null;
    help: string;
    nodes: { target: string[]; failureSummary?: string }[];
  }[];
}

/** Somebody with a browser at the dashboard. Watches for everything that must never happen there. */
export class Visitor {
  readonly page: Page;
  private readonly context: BrowserContext;
  private readonly url: string;
  /** Violations of the policy, errors of scripts. */
  readonly misdeeds: string[] = [];

  private constructor(context: BrowserContext, page: Page, url: string) {
    this.context = context;
    this.page = page;
    this.url = url;
  }

  static async arrive(
    browser: Browser,
    url: string,
    { width = 1440, theme = 'light', language = 'en' }: Look = {},
  ): Promise<Visitor> {
    const context = await browser.newContext({
      viewport: { width, height: HEIGHTS[width] ?? 900 },
      colorScheme: theme,
      locale: language === 'id' ? 'id-ID' : 'en-GB',
      timezoneId: 'Asia/Jakarta',
      hasTouch: width < 800,
    });
    context.setDefaultTimeout(20_000);
    const page = await context.newPage();
    const visitor = new Visitor(context, page, url);
    await context.exposeBinding('reportMisdeed', (_source, what: string) => void visitor.misdeeds.push(what));
    await context.addInitScript({ content: WATCH_POLICY });
    context.on('page', (opened) => visitor.watch(opened));
    visitor.watch(page);
    return visitor;
  }

  private watch(page: Page): void {
    page.on('pageerror', (error) => this.misdeeds.push(`script: ${error.stack ?? error.message}`));
    page.on('console', (message) => {
      if (message.type() === 'error' && !OF_THE_NETWORK.test(message.text()))
        this.misdeeds.push(`console: ${message.text()}`);
    });
    page.on('dialog', (dialog) => {
      this.misdeeds.push(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
  }

  async goto(path: string): Promise<void> {
    await this.page.goto(new URL(path.replace(/^\//, ''), `${this.url}/`).href);
  }

  async login({ email, password }: { email: string; password: string }): Promise<void> {
    await this.goto('/login');
    await this.page.locator('input[type=email]').fill(email);
    await this.page.locator('input[type=password]').fill(password);
    await this.page.locator('button[type=submit]').click();
    await this.page.locator('#content').waitFor();
  }

  /** Waits until the page shows what it has loaded. The stream of events never ends, so the network has no rest. */
  async settled(): Promise<void> {
    await waitFor(() => this.page.evaluate<boolean>(IS_SETTLED), { what: 'the page to have loaded' });
  }

  /** A picture of the page for people, below a folder that git ignores. */
  async picture(name: string): Promise<void> {
    await this.page.screenshot({ path: join(newestFolder, `${name}.png`), animations: 'disabled' });
  }

  /** @returns the serious findings of axe on the page as it is */
  async axe(): Promise<string[]> {
    const source = await axeSource;
    await this.page.evaluate(source);
    const { violations } = await this.page.evaluate<AxeResult>(AXE);
    return violations
      .filter(({ impact }) => SERIOUS.has(impact ?? ''))
      .flatMap(({ id, nodes }) =>
        nodes.map(({ target, failureSummary }) => `${id} ${target.join(' ')} ${failureSummary ?? ''}`),
      );
  }

  /** Whether the page can be moved sideways, which no page may. */
  async overflows(): Promise<string[]> {
    return this.page.evaluate<string[]>(FIND_OVERFLOW);
  }

  expectNoMisdeeds(): void {
    expect(this.misdeeds).toEqual([]);
  }

  leave(): Promise<void> {
    return this.context.close();
  }
}
