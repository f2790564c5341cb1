/** `<number>:<device>`: the name of a device in the control API, the recorder and Signal sessions. */
export const deviceKey = (number: string, device: number): string => `${number}:${device}`;

export const keyOf = (ref: { account: { number: string }; device: number }): string =>
  deviceKey(ref.account.number, ref.device);

/** Parses `<number>:<device>`; null for other text. */
export function parseDeviceKey(value: string): { number: string; device: number } | null {
  const match = /^(\d{5,20}):(\d{1,3})$/.exec(value);
  return match ? { number: match[1]!, device: Number(match[2]) } : null;
}
