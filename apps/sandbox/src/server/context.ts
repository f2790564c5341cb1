import type { NoiseKeys } from '../wire/noise.ts';
import type { ServerBase } from './base.ts';
import type { Calls } from './calls.ts';
import type { ChannelActions } from './channel-actions.ts';
import type { ClientVersions } from './client-versions.ts';
import type { Connection } from './connection.ts';
import type { GroupActions } from './group-actions.ts';
import type { Pairing } from './pairing.ts';
import type { Presence } from './presence.ts';
import type { Router } from './router.ts';

/** The whole server, for stanzas, queries and the control API. Built in `app.ts`. */
export interface ServerContext extends ServerBase {
  readonly groupActions: GroupActions;
  readonly channelActions: ChannelActions;
  readonly router: Router;
  readonly pairing: Pairing;
  readonly presence: Presence;
  readonly calls: Calls;
  readonly connections: Set<Connection>;
  readonly clientVersions: ClientVersions;
  readonly noise: NoiseKeys;
}
