import { proto } from '@whiskeysockets/baileys/WAProto/index.js';

const { PlatformType } = proto.DeviceProps;

/** Words of clients that phones know a picture of. */
const WORDS: Readonly<Partial<Record<number, string>>> = {
  [PlatformType.CHROME]: 'Chrome',
  [PlatformType.EDGE]: 'Edge',
  [PlatformType.FIREFOX]: 'Firefox',
  [PlatformType.OPERA]: 'Opera',
  [PlatformType.SAFARI]: 'Safari',
  [PlatformType.DESKTOP]: 'Desktop',
};

/** What a phone shows of a device among those that are linked, such as `Chrome (Mac OS)`, from what it tells itself. */
export function shownDevice(deviceProps: Uint8Array | null | undefined): string {
  const { os, platformType } = proto.DeviceProps.decode(deviceProps ?? new Uint8Array());
  return `${WORDS[platformType ?? 0] ?? 'Other'} (${os || 'unknown'})`;
}

/** The server refuses a pairing code for a client that names no browser and system that it knows. */
export const isKnownDisplay = (display: string): boolean =>
  /^(?:Chrome|Edge|Firefox|IE|Opera|Safari|Desktop) \((?:Mac OS|Windows|Ubuntu|Linux|Android|wa-gate)\)$/.test(display);
