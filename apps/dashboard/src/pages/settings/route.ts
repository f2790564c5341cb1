import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { Settings } from 'lucide-react';
import { appRoute } from '../../shell/app-route.ts';

export const settingsRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/settings',
  component: lazyRouteComponent(() => import('./page.tsx'), 'SettingsPage'),
  staticData: {
    nav: { group: 'workspace', order: 90, icon: Settings, label: { en: 'Settings', id: 'Pengaturan' } },
  },
});
