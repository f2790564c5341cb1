import type { LucideIcon } from 'lucide-react';
import type { Permission } from '../account/account.ts';
import type { Language } from '../i18n/i18n.ts';

/** The place of a page in the navigation; it stands in `staticData` of its route. */
export interface NavEntry {
  group: 'work' | 'workspace' | 'administration' | 'sandbox';
  /** Lower comes first. The first four of the group `work` are in the bar of a telephone. */
  order: number;
  icon: LucideIcon;
  label: Record<Language, string>;
  /** Hidden from those who lack it. */
  permission?: Permission;
}

declare module '@tanstack/react-router' {
  interface StaticDataRouteOption {
    nav?: NavEntry;
  }
}
