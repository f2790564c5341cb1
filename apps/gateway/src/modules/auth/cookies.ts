import type { FastifyReply } from 'fastify';
import { SESSION_COOKIE } from '../../plugins/credentials.ts';

/** Holds the refresh token of a browser, and goes with refreshes only. */
export const REFRESH_COOKIE = 'wag_refresh';
const SESSION_PATH = '/api';
const REFRESH_PATH = '/api/auth/refresh';

/** Out of reach of scripts, and never sent along from another site. */
const options = ({ request, server }: FastifyReply, path: string) =>
  ({
    path: `${server.basePath}${path}`,
    httpOnly: true,
    sameSite: 'strict',
    secure: request.protocol === 'https',
  }) as const;

export function setSessionCookie(reply: FastifyReply, token: string, seconds: number): void {
  reply.setCookie(SESSION_COOKIE, token, { ...options(reply, SESSION_PATH), maxAge: seconds });
}

export function setRefreshCookie(reply: FastifyReply, refreshToken: string, seconds: number): void {
  reply.setCookie(REFRESH_COOKIE, refreshToken, { ...options(reply, REFRESH_PATH), maxAge: seconds });
}

export function clearCookies(reply: FastifyReply): void {
  reply.clearCookie(SESSION_COOKIE, options(reply, SESSION_PATH));
  reply.clearCookie(REFRESH_COOKIE, options(reply, REFRESH_PATH));
}
