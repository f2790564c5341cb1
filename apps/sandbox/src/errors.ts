/**
 * A refusal with a sentence that tells the user of the control API what to do. Any other error is a defect of the
 * sandbox and becomes a 500.
 */
export class SandboxError extends Error {
  override readonly name = 'SandboxError';
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export const phoneNotFound = (number: string) =>
  new SandboxError(404, 'PHONE_NOT_FOUND', `There is no phone ${number}; create it with POST /phones.`);

export const groupNotFound = (id: string) =>
  new SandboxError(404, 'GROUP_NOT_FOUND', `There is no group ${id}; create it with POST /groups.`);

export const deviceNotFound = (number: string, device: number | string) =>
  new SandboxError(
    404,
    'DEVICE_NOT_FOUND',
    `Phone ${number} has no device ${device}; see GET /phones/${number}/devices.`,
  );

export const channelNotFound = (id: string) =>
  new SandboxError(404, 'CHANNEL_NOT_FOUND', `There is no channel ${id}; create it with POST /channels.`);
