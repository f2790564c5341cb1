import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { MessageSquareReply } from 'lucide-react';
import { appRoute } from '../../shell/app-route.ts';

export const rulesRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/rules',
  component: lazyRouteComponent(() => import('./page.tsx'), 'RulesPage'),
  staticData: {
    nav: {
      group: 'work',
      order: 70,
      icon: MessageSquareReply,
      label: { en: 'Keyword rules', id: 'Aturan kata kunci' },
      permission: 'broadcasts.manage',
    },
  },
});
