import createClient from 'openapi-fetch';
import { ApiError, toApiError } from './api-error.ts';
import { authorizedFetch } from './authorized-fetch.ts';
import { basePath } from './base-path.ts';
import type { paths } from './generated/schema.ts';

/** The API with its types. Wrap calls in {@link unwrap}. */
export const api = createClient<paths>({
  baseUrl: `${location.origin}${basePath}`,
  fetch: authorizedFetch,
});

interface Answer {
  data?: unknown;
  error?: unknown;
  response: Response;
}
type DataOf<A extends Answer> = Extract<A['data'], { data: unknown }> extends { data: infer D } ? D : undefined;

/**
 * The data of an answer, without its envelope.
 *
 * @throws {ApiError} for a refusal, with its code, and when nothing answers
 */
export async function unwrap<A extends Answer>(call: Promise<A>): Promise<DataOf<A>> {
  let answer: A;
  try {
    answer = await call;
  } catch (error) {
    // A page of a proxy in between is no JSON.
    if (error instanceof SyntaxError) {
      throw new ApiError('The answer is not one of the gateway.', { code: 'NOT_THE_GATEWAY', status: 502 });
    }
    throw error;
  }
  if (!answer.response.ok) throw toApiError(answer.response, answer.error);
  return (answer.data as { data: DataOf<A> } | undefined)?.data as DataOf<A>;
}
