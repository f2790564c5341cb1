import type { FastifyRequest } from 'fastify';

/** Where a login comes from. */
export interface Client {
  ip: string;
  userAgent: string | undefined;
}

export const clientOf = (request: FastifyRequest): Client => ({
  ip: request.ip,
  userAgent: request.headers['user-agent'],
});
