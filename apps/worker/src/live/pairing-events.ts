import { PassThrough, type Readable } from 'node:stream';
import { describeSessionState, type PairingEvent } from '@wa-gate/contracts';
import type { SessionActor } from '../session/session-actor.ts';
import { isTerminal, publicView } from '../session/transition.ts';

/** Milliseconds. Proxies close connections without traffic. */
const HEARTBEAT_MS = 15_000;

const NO_QR = { qr: null, attempt: null, expiresAt: null };

function eventOf({ state }: SessionActor): PairingEvent | undefined {
  const view = publicView(state);
  if (!view) return undefined;
  const described = describeSessionState(view.state);
  if (state.name !== 'scanning') return { ...described, ...NO_QR };
  const { qr, attempt } = state;
  return { ...described, qr, attempt, expiresAt: new Date(state.expiresAt).toISOString() };
}

/**
 * Server-sent events while a session is linked: `qr` for each code, `state` for each other change. The stream ends when
 * the session is connected or parked, and without a last event when it moves to another worker.
 */
export function pairingEvents(actor: SessionActor): Readable {
  const stream = new PassThrough();
  let last = '';

  /** The actor still calls after the end of the stream. */
  const write = (text: string): void => {
    if (!stream.writableEnded) stream.write(text);
  };

  function publish(): void {
    const event = eventOf(actor);
    if (event) {
      const data = JSON.stringify(event);
      if (data !== last) write(`event: ${event.qr === null ? 'state' : 'qr'}\ndata: ${data}\n\n`);
      last = data;
    }
    const { name } = actor.state;
    if (name === 'connected' || name === 'parked' || isTerminal(actor.state)) stream.end();
  }

  const heartbeat = setInterval(() => write(': still here\n\n'), HEARTBEAT_MS);
  const unwatch = actor.watch(publish);
  const finish = () => {
    clearInterval(heartbeat);
    unwatch();
  };
  stream.once('finish', finish);
  stream.once('close', finish);
  publish();
  return stream;
}
