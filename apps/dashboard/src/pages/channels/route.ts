import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { Megaphone } from 'lucide-react';
import { appRoute } from '../../shell/app-route.ts';

export const channelsRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/channels',
  component: lazyRouteComponent(() => import('./page.tsx'), 'ChannelsPage'),
  staticData: {
    nav: {
      group: 'work',
      order: 45,
      icon: Megaphone,
      label: { en: 'Channels and status', id: 'Saluran dan status' },
      permission: 'messages.send',
    },
  },
});
