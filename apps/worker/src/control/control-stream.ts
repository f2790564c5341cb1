import type { WebSocket } from '@fastify/websocket';
import type { Logger } from '@wa-gate/kit';
import {
  type AcceptedMessage,
  type Answer,
  fromOffer,
  GATEWAY_FRAMES,
  type GatewayFrame,
  MAX_CONTROL_FRAME_BYTES,
  type Question,
  readFrame,
  type SessionHint,
  type ToldEvent,
  type WorkerFrame,
  type WorkerLoadReport,
} from '@wa-gate/messaging';

export interface ControlHandlers {
  /** The outbox of this session has a new row. Returns `false` when the session is not hosted here. */
  onSessionDoorbell: (sessionId: string) => boolean;
  /** The placements of this worker have changed. */
  onConverge: () => void;
  /** Sessions that are hosted now, for the report of the load. */
  sessionCount: () => number;
  /** A gateway asks this worker to accept the message, or to decline it. */
  onOffer: (message: AcceptedMessage, decline: () => void) => void;
  /** The gateway accepts the message itself. */
  onWithdraw: (message: Pick<AcceptedMessage, 'sessionId' | 'messageId'>) => void;
  /** The answer from memory; `undefined` when this worker has none, and then the gateway calls by HTTP. */
  onQuestion: (question: Question) => Promise<unknown>;
}

export interface ControlPortDependencies {
  workerId: string;
  /** The present incarnation; `undefined` while this worker has no lease. */
  incarnation: () => number | undefined;
  load: () => Omit<WorkerLoadReport, 'sessionCount'>;
  logger: Logger;
  /** Milliseconds between two reports of the load. @default 1 000 */
  tickMs?: number;
}

/**
 * The worker's end of the control streams: each gateway keeps one. Frames carry no fact that PostgreSQL does not have.
 * They make doorbells and hints quick. They also show gateways that this process runs, or that it shuts down.
 */
export interface ControlPort {
  /** Whether a gateway has a stream now. */
  readonly hasGateway: boolean;
  /** Sets the handlers. Without them doorbells are dropped and no load is reported. */
  listen(handlers: ControlHandlers): void;
  /** Adds the connection of a gateway. The route has authenticated it. */
  accept(socket: WebSocket): void;
  /**
   * Sends hints to every gateway, in one frame unless it would be too large. A gateway with a full buffer does not get
   * it: hints may be lost.
   */
  publishHints(hints: readonly SessionHint[]): void;
  /** Tells every gateway an event that is not kept. Without a gateway, or with a full buffer, it is lost. */
  tell(event: ToldEvent): void;
  /**
   * Sends `goodbye`: all sockets of this incarnation are closed, so its lease may be ended. Resolves when every gateway
   * has the frame, or after 500 ms.
   */
  goodbye(): Promise<void>;
  close(): void;
}

const LOAD_EVERY_MS = 1_000;
/**
 * Gateways ping each second. A stream without a frame for so many ticks is cut, even when TCP still holds it. Ticks are
 * counted, not time, because this process may have been paused.
 */
const SILENT_AFTER_TICKS = 5;
/** Bytes buffered for a gateway that reads slowly; above it frames are dropped. */
const MAX_BUFFERED_BYTES = 256 * 1024;
/**
 * Bytes buffered above which events that are not kept are dropped, long before hints are: hints go with what is kept,
 * and those are wrong a moment later.
 */
const MAX_BUFFERED_BYTES_TOLD = MAX_BUFFERED_BYTES / 4;
/** Characters of a frame of hints, each up to three bytes: below what a gateway accepts. */
const MAX_HINTS_LENGTH = MAX_CONTROL_FRAME_BYTES / 4;
const GOODBYE_TIMEOUT_MS = 500;
/** WebSocket close code: this incarnation has ended. */
const GOING_AWAY = 1001;

interface Stream {
  socket: WebSocket;
  incarnation: number;
  quietTicks: number;
  /** To be sent at the end of this turn. */
  answers: Answer[];
}

export function createControlPort(deps: ControlPortDependencies): ControlPort {
  const { workerId, incarnation, load, logger, tickMs = LOAD_EVERY_MS } = deps;
  const streams = new Set<Stream>();
  let handlers: ControlHandlers | undefined;
  /** The incarnation for which `goodbye` was sent. */
  let endedIncarnation: number | undefined;
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

  function sendHints(hints: readonly SessionHint[]): void {
    if (streams.size === 0) return;
    const text = encode({ type: 'hints', hints: [...hints] });
    if (text.length <= MAX_HINTS_LENGTH) {
      for (const stream of streams) send(stream, text);
    } else if (hints.length > 1) {
      const middle = hints.length >> 1;
      sendHints(hints.slice(0, middle));
      sendHints(hints.slice(middle));
    } else if (hints[0]?.events) {
      const { events: _left, ...hint } = hints[0];
      sendHints([hint]);
    }
  }

  function tick(): void {
    for (const stream of streams) {
      stream.quietTicks += 1;
      if (stream.quietTicks > SILENT_AFTER_TICKS) stream.socket.terminate();
      // Authenticated for an earlier incarnation: the gateway reconnects and gets the present one.
      else if (stream.incarnation !== incarnation()) stream.socket.close(GOING_AWAY);
    }
    if (!handlers || streams.size === 0) return;
    sendToAll({ type: 'load', load: { ...load(), sessionCount: handlers.sessionCount() } });
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
    const { onSessionDoorbell, onOffer, onWithdraw, onQuestion } = handlers;
    if (frame.type === 'offer') {
      for (const message of frame.messages) onOffer(fromOffer(message), () => declined(stream, message.messageId));
      return;
    }
    if (frame.type === 'withdraw') {
      frame.messages.forEach(onWithdraw);
      return;
    }
    if (frame.type === 'ask') {
      for (const question of frame.questions) void answer(stream, question, onQuestion);
      return;
    }
    const sessionIds = frame.sessionIds.filter((sessionId) => !onSessionDoorbell(sessionId));
    if (sessionIds.length > 0) send(stream, encode({ type: 'strays', sessionIds }));
  }

  /** Answers of one turn of the event loop share a frame. Their count is bounded by the gateway's. */
  async function answer(stream: Stream, question: Question, onQuestion: ControlHandlers['onQuestion']): Promise<void> {
    // Another incarnation is not who was asked.
    const isAsked = stream.incarnation === incarnation();
    const said = isAsked ? await onQuestion(question).catch(() => undefined) : undefined;
    if (stream.answers.length === 0) {
      setImmediate(() => {
        const { answers } = stream;
        stream.answers = [];
        stream.socket.send(encode({ type: 'answers', answers }));
      });
    }
    stream.answers.push({ number: question.number, ...(said !== undefined && { answer: said }) });
  }

  function declined(stream: Stream, messageId: string): void {
    send(stream, encode({ type: 'declined', messageIds: [messageId] }));
  }

  function sendGoodbye({ socket, incarnation: ended }: Stream): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timeout);
        socket.close(GOING_AWAY);
        resolve();
      };
      const timeout = setTimeout(done, GOODBYE_TIMEOUT_MS);
      socket.send(encode({ type: 'goodbye', incarnation: ended }), done);
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
      const current = incarnation();
      if (current === undefined) {
        socket.close(GOING_AWAY);
        return;
      }
      const stream: Stream = { socket, incarnation: current, quietTicks: 0, answers: [] };
      if (endedIncarnation === current) {
        void sendGoodbye(stream);
        return;
      }
      streams.add(stream);
      socket.on('close', () => streams.delete(stream));
      socket.on('error', (error) => logger.debug({ err: error }, 'control stream of a gateway broke'));
      socket.on('ping', () => {
        stream.quietTicks = 0;
      });
      socket.on('message', (data) => onMessage(stream, (data as Buffer).toString()));
      socket.send(encode({ type: 'hello', workerId, incarnation: current, takesOffers: true, takesQuestions: true }));
    },
    publishHints: sendHints,
    tell(event) {
      const takers = [...streams].filter(({ socket }) => socket.bufferedAmount <= MAX_BUFFERED_BYTES_TOLD);
      if (takers.length === 0) return;
      const text = encode({ type: 'told', event });
      for (const { socket } of takers) socket.send(text);
    },
    async goodbye() {
      endedIncarnation = incarnation();
      await Promise.all([...streams].map(sendGoodbye));
    },
    close() {
      clearInterval(timer);
      for (const { socket } of streams) socket.terminate();
    },
  };
}
