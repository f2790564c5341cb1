import type { Appended } from '@wa-gate/messaging';
import { hintsOf, publishDeliveries, publishHints } from '@wa-gate/messaging';
import { createBroadcastLoop } from '../jobs/broadcasts/index.ts';
import { createListener } from '../jobs/keyword-rules/index.ts';
import { createRiskLoop } from '../jobs/risk/index.ts';
import {
  type BroadcastReports,
  type BroadcastsService,
  createBroadcastReports,
  createBroadcastsService,
  createRecipientSources,
  type RecipientSources,
  withdrawFrom,
} from '../modules/broadcasts/index.ts';
import { type ConsentService, createConsentService, listenToKeywords } from '../modules/consent/index.ts';
import type { ContactNames } from '../modules/contacts/index.ts';
import { createRulesService, type RulesService } from '../modules/keyword-rules/index.ts';
import type { MessageFiles } from '../modules/media/index.ts';
import { createTemplates, type Templates } from '../modules/messages/index.ts';
import type { ControlStreams } from '../worker-links/control-streams.ts';
import type { Doorbells } from '../worker-links/doorbells.ts';
import type { Background, Resources } from './resources.ts';

/** Broadcasts, consent, keyword rules and risk: what people call, and what runs by itself in a process with jobs. */
export interface Broadcasting {
  services: {
    broadcasts: BroadcastsService;
    broadcastReports: BroadcastReports;
    recipientSources: RecipientSources;
    consent: ConsentService;
    rules: RulesService;
    templates: Templates;
  };
  background: Background;
}

export function composeBroadcasts(
  { pool, redis, clock, logger }: Resources,
  deps: {
    files: MessageFiles;
    names: Pick<ContactNames, 'ofChat'>;
    doorbells: Pick<Doorbells, 'notifySession'>;
    streams: Pick<ControlStreams, 'onHints'>;
  },
): Broadcasting {
  const { files, names, doorbells, streams } = deps;
  function announce(appended: Appended): void {
    const hints = hintsOf(appended);
    publishHints(redis, hints);
    publishDeliveries(redis, hints);
  }
  const loop = createBroadcastLoop({ pool, doorbells, clock, logger, announce });
  const takeBack = (workspaceId: string, jids: readonly string[]) => withdrawFrom(pool, workspaceId, jids);
  const listener = createListener({ pool, streams, doorbells, clock, logger, announce, withdrawFrom: takeBack });
  const risk = createRiskLoop({ pool, streams, clock, logger, announce, onGuarded: loop.notify });
  return {
    services: {
      broadcasts: createBroadcastsService({ pool, announce, notify: loop.notify, listenToKeywords }),
      broadcastReports: createBroadcastReports(pool),
      recipientSources: createRecipientSources(pool),
      consent: createConsentService({ pool, names, withdrawFrom: takeBack }),
      rules: createRulesService({ pool }),
      templates: createTemplates({ files }),
    },
    background: {
      start() {
        loop.start();
        listener.start();
        risk.start();
      },
      stop: async () => void (await Promise.all([loop.stop(), listener.stop(), risk.stop()])),
    },
  };
}
