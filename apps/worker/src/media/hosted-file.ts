import { type Dispatcher, request } from 'undici';

/** What a host answers for a file that it has no more, or that nobody may fetch any more. */
const GONE: ReadonlySet<number> = new Set([401, 403, 404, 410]);

/**
 * Whether an uploaded file can still be fetched. A host that does not answer has not said that it is gone.
 *
 * @param signal of a deadline
 */
export async function isStillThere(
  url: string,
  dispatcher: Dispatcher | undefined,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    const { statusCode, body } = await request(url, { method: 'HEAD', signal, ...(dispatcher && { dispatcher }) });
    await body.dump();
    return !GONE.has(statusCode);
  } catch {
    return true;
  }
}
