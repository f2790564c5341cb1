import type { Ownership } from '@wa-gate/cluster';
import { withDefaultSettings } from '@wa-gate/contracts';
import { isTracing, newId, type Span, type SpanAttributes, startSpan } from '@wa-gate/kit';
import type { InboundMessage } from '@wa-gate/messaging';
import type { SessionFact } from '../contacts/contact-feed.ts';
import { factsOfMessage } from '../contacts/facts.ts';
import { type OwnJids, project, type ReadMessage } from '../content/inbound.ts';
import { readTimers } from '../content/timers.ts';
import type { SessionSettingsBook } from '../settings/session-settings-book.ts';
import type { Arrived } from '../whatsapp/inbound-listener.ts';
import { type ArrivalWriterDependencies, createArrivalWriter } from './arrival-writer.ts';
import { isIgnored } from './ignored-chats.ts';

export interface ProjectorDependencies extends ArrivalWriterDependencies {
  /** @default the settings of a session that has set none */
  settings?: Pick<SessionSettingsBook, 'of'>;
}

/**
 * Stores received messages and changes of messages, with their events (I5). A message whose ratchet step is withheld is
 * stored in one commit with it, before WhatsApp gets the receipt. Of the others WhatsApp has its receipt already: the
 * journal keeps the content until the statement that stores it here marks it as done.
 */
export interface Projector {
  accept(owner: Ownership, arrived: Arrived, own: OwnJids, numberOf?: SessionFact['numberOf']): void;
  /** Resolves when everything queued is written; with `sessionId`, only what that session has queued. */
  flush(sessionId?: string): Promise<void>;
}

export function createProjector(deps: ProjectorDependencies): Projector {
  const writer = createArrivalWriter(deps);

  return {
    accept(owner, { message: arrived, journal, edit, isHidden, step }, own, numberOf) {
      const settings = deps.settings?.of(owner.sessionId) ?? withDefaultSettings({});
      // Its journal rows are done all the same.
      const received = arrived && isIgnored(settings, arrived.key.remoteJid) ? null : arrived;
      const projection = received && project(received, own, { edit, isHidden });
      const message = projection?.as === 'message' ? withIds(projection.message, owner) : null;
      const change = projection?.as === 'change' ? { ...projection.change, ...owner, id: newId() } : null;
      const told = received ? readTimers(received) : [];
      const at = (message ?? change)?.waTimestamp;
      const facts = at ? factsOfMessage(received!, own, at).map((fact) => ({ ...owner, ...fact, numberOf })) : [];
      // From here on the step waits for the statement of this arrival.
      step?.join();
      const arrival = { ...owner, message, change, journal, own, timers: told, facts, step };
      const news = message ?? change;
      if (news && isTracing()) {
        const span = message
          ? beginArrival('receive message', owner, { 'messaging.message.id': message.id })
          : beginArrival('receive change', owner, { 'wag.change': change!.kind });
        const { traceparent: trace } = span;
        const traced = {
          ...arrival,
          message: message && { ...message, trace },
          change: change && { ...change, trace },
          span,
        };
        span.run(() => writer.add([traced]));
      } else if (news || journal.length > 0 || told.length > 0) {
        writer.add([{ ...arrival, span: undefined }]);
      }
    },
    flush: (sessionId) => writer.flush(sessionId),
  };
}

const withIds = ({ file, ...message }: ReadMessage, owner: Ownership): InboundMessage => ({
  ...message,
  ...owner,
  id: newId(),
  ...(file && { file: { ...file, mediaId: newId() } }),
});

/** What comes in begins a trace: its event and deliveries go on with it. */
const beginArrival = (name: string, { sessionId }: Ownership, about: SpanAttributes): Span =>
  startSpan(name, {
    kind: 'consumer',
    parent: null,
    attributes: { 'messaging.system': 'whatsapp', ...about, 'wag.session.id': sessionId },
  })!;
