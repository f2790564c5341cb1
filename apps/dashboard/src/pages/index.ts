/** All pages. One line for each: `README.md` says how to add one. */
import { accountRoute } from './account/route.ts';
import { auditRoute } from './audit/route.ts';
import { broadcastRoute, broadcastsRoute, editBroadcastRoute, newBroadcastRoute } from './broadcasts/routes.ts';
import { channelsRoute } from './channels/route.ts';
import { chatsRoute } from './chats/route.ts';
import { contactsRoute } from './contacts/route.ts';
import {
  forgotPasswordRoute,
  invitationRoute,
  loginRoute,
  openRoute,
  registerRoute,
  resetPasswordRoute,
  verifyEmailRoute,
} from './entry/routes.ts';
import { fleetRoute } from './fleet/route.ts';
import { groupsRoute } from './groups/route.ts';
import { homeRoute } from './home/route.ts';
import { optOutsRoute } from './opt-outs/route.ts';
import { phoneRoute } from './phone/route.ts';
import { platformLimitsRoute } from './platform-limits/route.ts';
import { queuesRoute } from './queues/route.ts';
import { rulesRoute } from './rules/route.ts';
import { sessionRoute } from './session/route.ts';
import { sessionsRoute } from './sessions/route.ts';
import { settingsRoute } from './settings/route.ts';
import { systemLogRoute } from './system-log/route.ts';
import { teamRoute } from './team/route.ts';
import { usageRoute } from './usage/route.ts';
import { usersRoute } from './users/route.ts';
import { webhooksRoute } from './webhooks/route.ts';

/** For people who are not logged in. */
export const publicPages = [
  loginRoute,
  registerRoute,
  forgotPasswordRoute,
  resetPasswordRoute,
  invitationRoute,
  verifyEmailRoute,
  openRoute,
] as const;

/** For people who are; in alphabetical order of their folders. */
export const pages = [
  accountRoute,
  auditRoute,
  broadcastsRoute,
  newBroadcastRoute,
  broadcastRoute,
  editBroadcastRoute,
  channelsRoute,
  chatsRoute,
  contactsRoute,
  fleetRoute,
  groupsRoute,
  homeRoute,
  optOutsRoute,
  phoneRoute,
  platformLimitsRoute,
  queuesRoute,
  rulesRoute,
  sessionRoute,
  sessionsRoute,
  settingsRoute,
  systemLogRoute,
  teamRoute,
  usageRoute,
  usersRoute,
  webhooksRoute,
] as const;
