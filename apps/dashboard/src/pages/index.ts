/** All pages. One line for each: `README.md` says how to add one. */
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
import { homeRoute } from './home/route.ts';
import { sessionRoute } from './session/route.ts';
import { sessionsRoute } from './sessions/route.ts';
import { settingsRoute } from './settings/route.ts';

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
export const pages = [chatsRoute, contactsRoute, homeRoute, sessionRoute, sessionsRoute, settingsRoute] as const;
