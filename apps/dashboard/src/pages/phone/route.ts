import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { MessageSquareDot } from 'lucide-react';
import { appRoute } from '../../shell/app-route.ts';

export const phoneRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/phone',
  component: lazyRouteComponent(() => import('./page.tsx'), 'PhonePage'),
  staticData: {
    nav: { group: 'sandbox', order: 10, icon: MessageSquareDot, label: { en: 'Phone', id: 'Telepon' } },
  },
});
