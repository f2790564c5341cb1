import { queryOptions, useQuery } from '@tanstack/react-query';
import { forgetCsrfToken } from '../api/authorized-fetch.ts';
import { api } from '../api/client.ts';
import { forgetLogin, noteLogin } from '../api/login-keeper.ts';
import { queryClient } from '../api/query-client.ts';
import type { Me } from '../api/types.ts';

export type Permission =
  | 'messages.send'
  | 'logs.view'
  | 'media.view'
  | 'media.upload'
  | 'broadcasts.manage'
  | 'users.manage'
  | 'webhooks.manage'
  | 'system.manage';

/** The table of docs/accounts.md. Pages hide by it what the API would refuse. */
const BY_ROLE: Record<Me['workspaceRole'], readonly Permission[]> = {
  owner: [
    'messages.send',
    'logs.view',
    'media.view',
    'media.upload',
    'broadcasts.manage',
    'users.manage',
    'webhooks.manage',
    'system.manage',
  ],
  operator: ['messages.send', 'logs.view', 'media.view', 'media.upload', 'broadcasts.manage'],
  viewer: ['logs.view', 'media.view'],
};

export const meQuery = queryOptions({
  queryKey: ['me'],
  queryFn: () => api.me.get(),
  staleTime: 60_000,
});

/** The person who is logged in. Only below the shell, which loads it. */
export function useMe(): Me {
  const { data } = useQuery(meQuery);
  if (!data) throw new Error('useMe is for pages of people who are logged in');
  return data;
}

export const isAdministrator = (me: Me): boolean => me.user.role === 'administrator';
export const may = (me: Me, permission: Permission): boolean => BY_ROLE[me.workspaceRole].includes(permission);

export function usePermission(permission: Permission): boolean {
  return may(useMe(), permission);
}

/** Another person, or the same in another login: nothing that was loaded may stay. */
function begin(expiresIn: number): void {
  forgetCsrfToken();
  noteLogin(expiresIn);
  queryClient.clear();
}

export async function login(email: string, password: string): Promise<void> {
  const { expiresIn } = await api.auth.login({ body: { email, password } });
  begin(expiresIn);
}

export async function loginByLink(token: string): Promise<void> {
  const { expiresIn } = await api.auth.loginByLink({ body: { token } });
  begin(expiresIn);
}

export async function register(body: { email: string; password: string; name?: string }): Promise<void> {
  const { expiresIn } = await api.auth.register({ body });
  begin(expiresIn);
}

/** @param leave goes to a page for anybody; until then pages show who is logged in */
export async function logout(leave: () => Promise<void>): Promise<void> {
  await api.auth.logout();
  forgetCsrfToken();
  forgetLogin();
  await leave();
  queryClient.clear();
}

export async function switchWorkspace(workspaceId: string): Promise<void> {
  const { expiresIn } = await api.auth.switchWorkspace({ body: { workspaceId } });
  noteLogin(expiresIn);
  await queryClient.resetQueries();
}
