import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { Webhook } from 'lucide-react';
import { appRoute } from '../../shell/app-route.ts';

export const webhooksRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/webhooks',
  validateSearch: ({ webhook }: Record<string, unknown>): { webhook?: string } =>
    typeof webhook === 'string' ? { webhook } : {},
  component: lazyRouteComponent(() => import('./page.tsx'), 'WebhooksPage'),
  staticData: {
    nav: {
      group: 'workspace',
      order: 10,
      icon: Webhook,
      label: { en: 'Webhooks', id: 'Webhook' },
      permission: 'webhooks.manage',
    },
  },
});
