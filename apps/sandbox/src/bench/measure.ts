/** Figures of the sandbox process, measured inside it. */
export interface Measurement {
  /** Memory in bytes; comparable only after a forced collection. */
  rssBytes: number;
  heapBytes: number;
  externalBytes: number;
  /** CPU of the whole process since it began: user and system. */
  processCpuMs: number;
  /** Time spent in routing, acks, receipts, recorder. */
  serverMs: number;
  /** Time of the Signal work of the phones, which runs elsewhere with real phones. */
  phoneMs: number;
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

export interface SandboxRequest {
  /** Forces a collection first, for memory. Its CPU time would distort the cost per message. */
  collect: boolean;
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

/**
 * CPU per message that a companion sent, between two measurements of the same process. Server and phones are measured
 * as wall time, which grows when other processes use the cores. So only their ratio is used, to split the CPU time of
 * the whole process. The part of the server includes TLS, WebSocket, timers and collection.
 */
export function perMessage(before: Measurement, after: Measurement): { server: string; phones: string } {
  const sent = after.messagesUp - before.messagesUp;
  const server = after.serverMs - before.serverMs;
  const phones = after.phoneMs - before.phoneMs;
  const each = (after.processCpuMs - before.processCpuMs) / sent;
  const share = server / (server + phones);
  return { server: (each * share).toFixed(3), phones: (each * (1 - share)).toFixed(3) };
}
