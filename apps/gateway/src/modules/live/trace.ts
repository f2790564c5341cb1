import { isTracing } from '@wa-gate/kit';
import type { FastifyRequest } from 'fastify';

const TRACEPARENT = /^[\da-f]{2}-[\da-f]{32}-[\da-f]{16}-[\da-f]{2}$/;

/**
 * What a call to a worker takes over from the request that it serves, for the logs. While this process traces, the call
 * gets the `traceparent` of its own span instead of the caller's.
 */
export function traceOf({ id, headers }: Pick<FastifyRequest, 'id' | 'headers'>): Record<string, string> {
  const { traceparent } = headers;
  return {
    'x-request-id': id,
    ...(!isTracing() && typeof traceparent === 'string' && TRACEPARENT.test(traceparent) && { traceparent }),
  };
}
