import type { UpdateSessionRequest } from '@wa-gate/contracts';
import { isTimeZone } from '@wa-gate/messaging';
import { ApiError } from '../../http/api-error.ts';
import { refuseWhatIsNoText } from '../../http/stored-text.ts';

/** Bytes as JSON: it is in every body. */
const MAX_METADATA_BYTES = 2_048;

/** What no schema says of settings. @throws {ApiError} VALIDATION */
export function assertSettings(settings: UpdateSessionRequest['settings']): void {
  if (settings) refuseWhatIsNoText(settings);
  const zone = settings?.calls?.hours?.zone;
  if (zone !== undefined && !isTimeZone(zone)) {
    throw new ApiError('VALIDATION', {
      message: `\`settings.calls.hours.zone\`: there is no time zone \`${zone}\`. Use a name such as Asia/Jakarta.`,
    });
  }
  const bytes = settings?.metadata ? Buffer.byteLength(JSON.stringify(settings.metadata)) : 0;
  if (bytes > MAX_METADATA_BYTES) {
    throw new ApiError('VALIDATION', {
      message: `\`settings.metadata\` is in every body, and may have ${MAX_METADATA_BYTES} bytes as JSON; this has ${bytes}.`,
      details: { limitBytes: MAX_METADATA_BYTES },
    });
  }
}
