import type { WebSocket } from '@fastify/websocket';
import type { Logger } from '@wa-gate/kit';
import {
  GATEWAY_FRAMES,
  type GatewayFrame,
  readFrame,
  type SessionHint,
  type WorkerFrame,
  type WorkerLoadReport,
} from '@wa-gate/messaging';

export interface ControlHandlers {
  /** The outbox of this session has something new. `false`: it is not hosted here. */
  onSessionDoorbell: (sessionId: string) => boolean;
  /** The placements of this worker have changed. */
  onConverge: () => void;
}

export interface ControlPortDependencies {
  workerId: string;
  /** The present incarnation; `undefined` while this worker has no lease. */
  incarnation: () => number | undefined;
  load: () => WorkerLoadReport;
  logger: Logger;
  /** Between two reports of the load; a test may be faster. @default 1 000 */
  tickMs?: number;
}

/**
 * The worker's end of the control streams: each gateway keeps one. Frames carry no fact that PostgreSQL does not have.
 * They make doorbells and hints quick, and let gateways see that this process lives, or says goodbye.
 */
export interface ControlPort {
  /** Whether a gateway has a stream now. */
  readonly hasGateway: boolean;
  /** Passes doorbells to the handlers from now on. */
  listen(handlers: ControlHandlers): void;
  /** Takes a connection of a gateway; who it is has been checked. */
  accept(socket: WebSocket): void;
  /** Tells every gateway at once, in one frame. A gateway that reads too slowly does not get it: hints may be lost. */
  publishHints(hints: readonly SessionHint[]): void;
  /**
   * All sockets of this incarnation are closed: its lease may be ended. Resolves when every gateway was told, or is too
   * slow.
   */
  goodbye(): Promise<void>;
  close(): void;
}

const LOAD_EVERY_MS = 1_000;
/**
 * Gateways ping each second. A gateway without a frame for so many ticks is gone, whatever TCP says. Ticks are counted
 * because this process may have been paused.
 */
const SILENT_AFTER_TICKS = 5;
/** What may wait in memory for a gateway that reads slowly. */
const MAX_BUFFERED_BYTES = 256 * 1024;
const GOODBYE_TIMEOUT_MS = 500;
/** Of a WebSocket close: this incarnation is over. */
const GOING_AWAY = 1001;

interface Stream {
  socket: WebSocket;
  incarnation: number;
  quietTicks: number;
}

export function createControlPort(deps: ControlPortDependencies): ControlPort {
  const { workerId, incarnation, load, logger, tickMs = LOAD_EVERY_MS } = deps;
  const streams = new Set<Stream>();
  let handlers: ControlHandlers | undefined;
  /** The incarnation that has said goodbye. */
  let departed: number | undefined;
  const timer = setInterval(tick, tickMs);
  timer.unref();

  function send(stream: Stream, text: string): void {
    if (stream.socket.bufferedAmount <= MAX_BUFFERED_BYTES) stream.socket.send(text);
  }

  const encode = (frame: WorkerFrame): string => JSON.stringify(frame);

  function sendToAll(frame: WorkerFrame): void {
    if (streams.size === 0) return;
    const text = encode(frame);
    for (const stream of streams) send(stream, text);
  }

  function tick(): void {
    for (const stream of streams) {
      stream.quietTicks += 1;
      if (stream.quietTicks > SILENT_AFTER_TICKS) stream.socket.terminate();
      // Authenticated for a life that is over: the gateway comes back and learns of the new one.
      else if (stream.incarnation !== incarnation()) stream.socket.close(GOING_AWAY);
    }
    if (streams.size > 0) sendToAll({ type: 'load', load: load() });
  }

  function onMessage(stream: Stream, text: string): void {
    stream.quietTicks = 0;
    let frame: GatewayFrame | undefined;
    try {
      frame = readFrame<GatewayFrame>(text, GATEWAY_FRAMES);
    } catch (error) {
      logger.warn({ err: error }, 'a frame of a gateway is not JSON');
    }
    if (!frame || !handlers) return;
    if (frame.type === 'look') {
      handlers.onConverge();
      return;
    }
    const { onSessionDoorbell } = handlers;
    const sessionIds = frame.sessionIds.filter((sessionId) => !onSessionDoorbell(sessionId));
    if (sessionIds.length > 0) send(stream, encode({ type: 'strays', sessionIds }));
  }

  function takeLeave({ socket, incarnation: life }: Stream): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timeout);
        socket.close(GOING_AWAY);
        resolve();
      };
      const timeout = setTimeout(done, GOODBYE_TIMEOUT_MS);
      socket.send(encode({ type: 'goodbye', incarnation: life }), done);
    });
  }

  return {
    get hasGateway() {
      return streams.size > 0;
    },
    listen(given) {
      handlers = given;
    },
    accept(socket) {
      const life = incarnation();
      if (life === undefined) {
        socket.close(GOING_AWAY);
        return;
      }
      const stream: Stream = { socket, incarnation: life, quietTicks: 0 };
      if (departed === life) {
        void takeLeave(stream);
        return;
      }
      streams.add(stream);
      socket.on('close', () => streams.delete(stream));
      socket.on('error', (error) => logger.debug({ err: error }, 'control stream of a gateway broke'));
      socket.on('ping', () => {
        stream.quietTicks = 0;
      });
      socket.on('message', (data) => onMessage(stream, (data as Buffer).toString()));
      socket.send(encode({ type: 'hello', workerId, incarnation: life }));
    },
    publishHints: (hints) => sendToAll({ type: 'hints', hints: [...hints] }),
    async goodbye() {
      departed = incarnation();
      await Promise.all([...streams].map(takeLeave));
    },
    close() {
      clearInterval(timer);
      for (const { socket } of streams) socket.terminate();
    },
  };
}
