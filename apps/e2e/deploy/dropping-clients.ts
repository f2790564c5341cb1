import { setTimeout as sleep } from 'node:timers/promises';
import type { LoggedEvent } from '@wa-gate/contracts';
import { fetch, WebSocket } from 'undici';

/** Where a client reads, and until when. */
export interface Reading {
  /** The address of the API, with the path of the proxy. */
  base: string;
  apiKey: string;
  /** The cursor behind which it begins. */
  from: string;
  /** Events after which it stops. */
  until: number;
}

/** What a client that drops and resumes has read, in the order in which it came. */
export interface Read {
  seen: LoggedEvent[];
  drops: number;
}

/** Events of one connection: then it is cut, whatever else was on its way. */
const TAKEN = 2;
const EVENTS = 'events=message.received';

/** A gateway that cannot answer now is asked again, as any client does. */
const AGAIN_MS = 200;

const keyed = ({ apiKey }: Reading) => ({ authorization: `Bearer ${apiKey}` });

/** Server-sent events; the next connection sends the id of the last event. */
export async function readStream(reading: Reading): Promise<Read> {
  const { base, from, until } = reading;
  const read: Read = { seen: [], drops: 0 };
  for (let cursor = from; read.seen.length < until; read.drops += 1) {
    const cut = new AbortController();
    const headers = { ...keyed(reading), 'last-event-id': cursor };
    const response = await fetch(`${base}/api/events/stream?${EVENTS}`, { headers, signal: cut.signal });
    if (response.status >= 500) await sleep(AGAIN_MS);
    else if (response.status !== 200) throw new Error(`The stream was answered with ${response.status}`);
    const decoder = new TextDecoder();
    let rest = '';
    let taken = 0;
    for await (const chunk of response.body!) {
      rest += decoder.decode(chunk as Uint8Array, { stream: true });
      const blocks = rest.split('\n\n');
      rest = blocks.pop()!;
      for (const block of blocks) {
        if (taken === TAKEN) break;
        const lines = block.split('\n');
        cursor = lines.find((line) => line.startsWith('id: '))?.slice(4) ?? cursor;
        const data = lines.find((line) => line.startsWith('data: '))?.slice(6);
        if (data === undefined) continue;
        read.seen.push(JSON.parse(data) as LoggedEvent);
        taken += 1;
      }
      if (taken === TAKEN) break;
    }
    cut.abort();
  }
  return read;
}

/** A WebSocket; the next one names the cursor of the last event. */
export async function readSocket(reading: Reading): Promise<Read> {
  const { base, from, until } = reading;
  const read: Read = { seen: [], drops: 0 };
  let cursor = from;
  const connect = () =>
    new Promise<void>((resolve) => {
      const url = `${base.replace('http', 'ws')}/api/events/ws?${EVENTS}&after=${cursor}`;
      const socket = new WebSocket(url, { headers: keyed(reading) });
      let taken = 0;
      socket.addEventListener('message', ({ data }) => {
        if (taken === TAKEN) return;
        const told = JSON.parse(data as string) as { cursor: string; event?: LoggedEvent };
        ({ cursor } = told);
        if (!told.event) return;
        read.seen.push(told.event);
        taken += 1;
        if (taken === TAKEN) socket.close();
      });
      socket.addEventListener('close', () => resolve());
      socket.addEventListener('error', () => setTimeout(resolve, AGAIN_MS));
    });
  for (; read.seen.length < until; read.drops += 1) await connect();
  return read;
}

/** Pages that wait for events. Every other call is given up before or while it is answered, and made again. */
export async function readPages(reading: Reading): Promise<Read> {
  const { base, from, until } = reading;
  const read: Read = { seen: [], drops: 0 };
  const call = async (cursor: string, signal?: AbortSignal) => {
    const url = `${base}/api/events?${EVENTS}&limit=${TAKEN}&wait=5&after=${cursor}`;
    const response = await fetch(url, { headers: keyed(reading), ...(signal && { signal }) });
    if (response.status >= 500) return undefined;
    if (response.status !== 200) throw new Error(`The page was answered with ${response.status}`);
    return ((await response.json()) as { data: { events: LoggedEvent[]; cursor: string } }).data;
  };
  for (let cursor = from; read.seen.length < until; read.drops += 1) {
    // From at once to after the answer: what came of it is not read.
    await call(cursor, AbortSignal.timeout(read.drops % 10)).catch((error: Error) => {
      if (error.name !== 'TimeoutError') throw error;
    });
    const page = await call(cursor);
    if (page) ({ cursor } = page);
    else await sleep(AGAIN_MS);
    read.seen.push(...(page?.events ?? []));
  }
  return read;
}
