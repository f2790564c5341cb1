import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyReply, FastifyRequest } from 'fastify';
import fastifyPlugin from 'fastify-plugin';

/** A built dashboard. */
export interface Dashboard {
  /** The page that all its addresses are answered with. */
  html: string;
  /** Folder of its files, whose names contain their content. */
  assets: string;
}

/** What the build writes, and the gateway replaces: paths in the page are relative to it. */
const BASE = '<base href="/" />';

/**
 * @param folder what the build of the dashboard has written
 * @param basePath where the gateway is below its host; empty at the root
 * @returns `undefined` where there is no dashboard: the API does without it
 */
export function readDashboard(folder: string, basePath: string): Dashboard | undefined {
  const page = join(folder, 'index.html');
  if (!existsSync(page)) return undefined;
  const html = readFileSync(page, 'utf8');
  if (!html.includes(BASE)) throw new Error(`${page} is no page of a dashboard: it has no ${BASE}`);
  return { html: html.replace(BASE, `<base href="${basePath}/" />`), assets: join(folder, 'assets') };
}

/**
 * Nothing of another origin, no script and no style in the page itself, and no text that becomes a script. Pictures of
 * messages come as `data:` (previews) and `blob:` (what is about to be sent).
 */
const POLICY = [
  `default-src 'none'`,
  `script-src 'self'`,
  `style-src 'self'`,
  `img-src 'self' data: blob:`,
  `media-src 'self' blob:`,
  `font-src 'self'`,
  `connect-src 'self'`,
  `manifest-src 'self'`,
  `base-uri 'self'`,
  `form-action 'self'`,
  `frame-ancestors 'none'`,
  `require-trusted-types-for 'script'`,
].join('; ');

/** The pages of the first brief, with where they are now. */
const OLD_ADDRESSES: Readonly<Record<string, string>> = {
  '/login.html': '/login',
  '/dashboard.html': '/',
  '/broadcast.html': '/broadcasts',
};

const YEAR_SECONDS = 31_536_000;

/** Whether a browser asks for a page. Clients of the API ask for JSON, or for anything. */
export const wantsPage = ({ method, headers }: FastifyRequest): boolean =>
  (method === 'GET' || method === 'HEAD') && headers.accept?.includes('text/html') === true;

/** Answers with the page. What is at the address, the page finds out by itself. */
export function sendPage(reply: FastifyReply, { html }: Dashboard): FastifyReply {
  return reply
    .code(200)
    .headers({
      'content-security-policy': POLICY,
      'cache-control': 'no-store',
      'cross-origin-opener-policy': 'same-origin',
    })
    .type('text/html; charset=utf-8')
    .send(html);
}

/** The files of the dashboard, and its old addresses. The page itself is the answer for whatever has no route. */
export const dashboardPages = fastifyPlugin<{ dashboard: Dashboard; basePath: string }>(
  async (app, { dashboard, basePath }) => {
    await app.register(fastifyStatic, {
      root: dashboard.assets,
      prefix: '/assets/',
      decorateReply: false,
      index: false,
      preCompressed: true,
      immutable: true,
      maxAge: YEAR_SECONDS * 1_000,
    });
    for (const [old, address] of Object.entries(OLD_ADDRESSES)) {
      app.get(old, { schema: { hide: true } }, async (_request, reply) => reply.redirect(`${basePath}${address}`));
    }
  },
  { name: 'dashboard-pages' },
);
