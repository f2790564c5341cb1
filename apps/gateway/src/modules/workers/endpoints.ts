import { ApiError } from '../../http/api-error.ts';
import type { WorkerAddresses } from '../../worker-links/worker-addresses.ts';

/** The defaults of a worker. */
export const DEFAULT_MAX_SESSIONS = 50;

export const refusedEndpoint = (endpoint: string, message: string): ApiError =>
  new ApiError('WORKER_ENDPOINT_REFUSED', { message, details: { endpoint } });

/**
 * The endpoint as it is stored.
 * @throws {ApiError} WORKER_ENDPOINT_REFUSED
 */
export function normalizeEndpoint(addresses: Pick<WorkerAddresses, 'normalize'>, endpoint: string): string {
  try {
    return addresses.normalize(endpoint);
  } catch (error) {
    throw refusedEndpoint(endpoint, (error as Error).message);
  }
}
