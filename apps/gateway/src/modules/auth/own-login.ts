import type { FastifyRequest } from 'fastify';
import { principalOf, type UserPrincipal } from '../../principal.ts';

/** The person behind a request to a route for persons. */
export function personOf(request: FastifyRequest): UserPrincipal {
  const principal = principalOf(request);
  if (principal.kind !== 'user') throw new Error(`The route ${request.routeOptions.url} is not for persons alone.`);
  return principal;
}

export function ownLogin(request: FastifyRequest): { userId: string; loginId: string } {
  const { userId, loginId } = personOf(request);
  return { userId, loginId };
}
