/** Figures of the sandbox process, taken inside it. */
export interface Measurement {
  /** After a forced collection. */
  rssBytes: number;
  heapBytes: number;
  externalBytes: number;
  /** CPU of the whole process since it began: user and system. */
  processCpuMs: number;
  /** CPU of routing, acks, receipts, recorder. */
  serverCpuMs: number;
  /** CPU of the phones' own Signal work, which real phones would do elsewhere. */
  phoneCpuMs: number;
  messagesUp: number;
  messagesDown: number;
  connections: number;
  unreadable: number;
  violations: number;
}

export interface SandboxReady {
  kind: 'ready';
  url: string;
  wsUrl: string;
  caPem: string;
  noiseRoot: string;
}

export type SandboxReport = SandboxReady | { kind: 'measured'; measurement: Measurement };

export type ClientsRequest =
  | { kind: 'pair'; ready: SandboxReady; count: number }
  | { kind: 'send'; texts: number }
  | { kind: 'stop' };

export type ClientsReport =
  | { kind: 'paired'; seconds: number }
  | { kind: 'sent'; messages: number; seconds: number }
  | { kind: 'failed'; reason: string };

const MB = 1024 * 1024;

export const megabytes = (bytes: number): string => (bytes / MB).toFixed(3);

/** The difference of two measurements of the same process, per message sent by a companion. */
export function perMessage(before: Measurement, after: Measurement): Record<'server' | 'phones' | 'process', string> {
  const sent = after.messagesUp - before.messagesUp;
  const each = (start: number, end: number): string => ((end - start) / sent).toFixed(3);
  return {
    server: each(before.serverCpuMs, after.serverCpuMs),
    phones: each(before.phoneCpuMs, after.phoneCpuMs),
    process: each(before.processCpuMs, after.processCpuMs),
  };
}
