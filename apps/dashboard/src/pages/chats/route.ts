import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { MessagesSquare } from 'lucide-react';
import { appRoute } from '../../shell/app-route.ts';
import type { ChatsSearch } from './search.ts';

const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

export const chatsRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/chats',
  validateSearch: ({ session, chat }: Record<string, unknown>): ChatsSearch => ({
    ...(text(session) && { session: text(session) as string }),
    ...(text(chat) && { chat: text(chat) as string }),
  }),
  component: lazyRouteComponent(() => import('./page.tsx'), 'ChatsPage'),
  staticData: {
    nav: {
      group: 'work',
      order: 30,
      icon: MessagesSquare,
      label: { en: 'Chats', id: 'Obrolan' },
      permission: 'logs.view',
    },
  },
});
