import { unixSeconds } from '../clock.ts';
import type { PhoneDeps } from './core.ts';

const URL_LIFETIME_S = 14 * 86_400;

/** Stores an encrypted file and returns its address. */
export async function publish(deps: PhoneDeps, enc: Buffer): Promise<{ url: string; directPath: string }> {
  const path = await deps.media.put(enc);
  const directPath = `${path}?ccb=11-4&oh=sandbox&oe=${(unixSeconds() + URL_LIFETIME_S).toString(16)}`;
  return { url: `https://${deps.server().mediaHost}${directPath}`, directPath };
}
