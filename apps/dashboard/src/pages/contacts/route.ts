import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { BookUser } from 'lucide-react';
import { appRoute } from '../../shell/app-route.ts';

export const contactsRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/contacts',
  component: lazyRouteComponent(() => import('./page.tsx'), 'ContactsPage'),
  staticData: {
    nav: {
      group: 'work',
      order: 40,
      icon: BookUser,
      label: { en: 'Contacts', id: 'Kontak' },
      permission: 'logs.view',
    },
  },
});
