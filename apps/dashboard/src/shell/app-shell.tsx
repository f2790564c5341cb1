import { Link, Outlet, useNavigate, useRouter, useRouterState } from '@tanstack/react-router';
import { BookOpen, Building2, ChevronsUpDown, Ellipsis, Languages, LogOut, Monitor, Moon, Sun } from 'lucide-react';
import { useEffect, useRef, useState, useSyncExternalStore } from 'react';
import { Button as AriaButton } from 'react-aria-components';
import { isAdministrator, logout, may, switchWorkspace, useMe } from '../account/account.ts';
import { whenLoginEnds } from '../api/authorized-fetch.ts';
import { basePath } from '../api/base-path.ts';
import { queryClient } from '../api/query-client.ts';
import { readReachability, subscribeReachability } from '../api/reachability.ts';
import type { Me } from '../api/types.ts';
import icon from '../brand/icon.svg';
import { LANGUAGES, type Language, setLanguage, useLanguage } from '../i18n/i18n.ts';
import { LiveEvents, useConnectionState } from '../live/live-events.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { Menu } from '../ui/menu.tsx';
import { toast, toastError } from '../ui/toast.tsx';
import styles from './app-shell.module.css';
import type { NavEntry } from './nav.ts';
import { shellTexts } from './texts.ts';
import { setTheme, type Theme, useTheme } from './theme.ts';

const GROUPS = ['work', 'workspace', 'sandbox', 'administration'] as const;
/** The phones of a sandbox belong to nobody: whoever drives them reads all of them. */
const OF_ADMINISTRATORS: ReadonlySet<NavEntry['group']> = new Set(['administration', 'sandbox']);
const IN_BAR = 4;
const THEMES: Record<Theme, typeof Sun> = { system: Monitor, light: Sun, dark: Moon };

type NavItem = NavEntry & { to: string };

/** The pages that this person may see, in their order. */
function useNavigation(me: Me): NavItem[] {
  const { routesByPath } = useRouter();
  return Object.entries(routesByPath as Record<string, { options: { staticData?: { nav?: NavEntry } } }>)
    .flatMap(([to, { options }]) => (options.staticData?.nav ? [{ ...options.staticData.nav, to }] : []))
    .filter(({ group }) => isAdministrator(me) || !OF_ADMINISTRATORS.has(group))
    .filter(({ permission }) => !permission || may(me, permission))
    .sort((a, b) => a.order - b.order);
}

export function AppShell() {
  const me = useMe();
  const navigate = useNavigate();
  useEffect(
    () =>
      whenLoginEnds(() => {
        void navigate({ to: '/login', search: { ended: true } }).then(() => queryClient.clear());
      }),
    [navigate],
  );
  return (
    <LiveEvents key={me.workspaceId} workspaceId={me.workspaceId}>
      <Frame me={me} />
    </LiveEvents>
  );
}

function Frame({ me }: { me: Me }) {
  const t = shellTexts.use();
  const items = useNavigation(me);
  const main = useRef<HTMLElement>(null);
  const path = useRouterState({ select: ({ location }) => location.pathname });
  const isFirst = useRef(true);

  // Screen readers go on at the new page, and not at the link that led to it.
  useEffect(() => {
    void path;
    if (isFirst.current) isFirst.current = false;
    else main.current?.focus({ preventScroll: true });
  }, [path]);

  return (
    <div className={styles.shell}>
      <a
        className={styles.skip}
        href={`${basePath}${path}#content`}
        onClick={(event) => {
          event.preventDefault();
          main.current?.focus();
        }}
      >
        {t('skip')}
      </a>
      <aside className={styles.rail}>
        <Brand />
        <Navigation items={items} />
        <div className={styles.foot}>
          <LiveState />
          <WorkspaceMenu me={me} />
          <AccountMenu me={me} />
        </div>
      </aside>
      <header className={styles.top}>
        <Brand />
        <div className={styles.topEnd}>
          <LiveState />
          <AccountMenu me={me} isShort />
        </div>
      </header>
      <main id="content" ref={main} className={styles.main} tabIndex={-1}>
        <AwayBanner />
        <Outlet />
      </main>
      <BottomBar items={items} me={me} />
    </div>
  );
}

function Brand() {
  return (
    <Link to="/" className={styles.brand}>
      <img src={icon} alt="" width={28} height={28} />
      wa-gate
    </Link>
  );
}

function NavLink({ to, icon: Icon, label, onClick }: NavItem & { onClick?: () => void }) {
  const language = useLanguage();
  return (
    <Link to={to as '/'} className={styles.item} activeOptions={{ exact: to === '/' }} onClick={onClick}>
      <Icon aria-hidden="true" />
      {label[language]}
    </Link>
  );
}

function Navigation({ items, onChoose }: { items: readonly NavItem[]; onChoose?: () => void }) {
  const t = shellTexts.use();
  return (
    <nav aria-label={t('navigation')}>
      {GROUPS.map((group) => {
        const members = items.filter((item) => item.group === group);
        if (members.length === 0) return null;
        return (
          <div key={group}>
            {group !== 'work' && <h2 className={styles.group}>{t(group)}</h2>}
            <ul>
              {members.map((item) => (
                <li key={item.to}>
                  <NavLink {...item} {...(onChoose ? { onClick: onChoose } : {})} />
                </li>
              ))}
            </ul>
          </div>
        );
      })}
    </nav>
  );
}

function BottomBar({ items, me }: { items: readonly NavItem[]; me: Me }) {
  const t = shellTexts.use();
  const language = useLanguage();
  const [isOpen, setOpen] = useState(false);
  const first = items.filter(({ group }) => group === 'work').slice(0, IN_BAR);
  const close = () => setOpen(false);
  return (
    <nav className={styles.bar} aria-label={t('navigation')}>
      {first.map(({ to, icon: Icon, label }) => (
        <Link key={to} to={to as '/'} activeOptions={{ exact: to === '/' }}>
          <Icon aria-hidden="true" />
          {label[language]}
        </Link>
      ))}
      <button type="button" onClick={() => setOpen(true)}>
        <Ellipsis aria-hidden="true" />
        {t('more')}
      </button>
      <Dialog title={t('more')} isOpen={isOpen} onClose={close}>
        <WorkspaceMenu me={me} />
        <Navigation items={items.filter((item) => !first.includes(item))} onChoose={close} />
      </Dialog>
    </nav>
  );
}

function LiveState() {
  const t = shellTexts.use();
  const state = useConnectionState();
  return (
    <p className={styles.live} role="status" title={state === 'live' ? t('liveHint') : t('brokenHint')}>
      <span className={styles.dot} data-state={state} aria-hidden="true" />
      <span>{t(state)}</span>
    </p>
  );
}

function AwayBanner() {
  const t = shellTexts.use();
  const isReachable = useSyncExternalStore(subscribeReachability, readReachability);
  if (isReachable) return null;
  return (
    <div className={styles.banner} role="alert">
      <strong>{t('awayTitle')}.</strong> {t('awayText')}
    </div>
  );
}

function WorkspaceMenu({ me }: { me: Me }) {
  const t = shellTexts.use();
  const current = me.workspaces.find(({ id }) => id === me.workspaceId);
  const name = current?.name ?? '';
  const choose = (id: string, title: string) => {
    if (id === me.workspaceId) return;
    switchWorkspace(id).then(() => toast(t('switched', { name: title })), toastError);
  };
  if (me.workspaces.length < 2) return null;
  return (
    <Menu
      label={t('switchTo')}
      trigger={
        <AriaButton className={styles.footButton ?? ''}>
          <Building2 aria-hidden="true" />
          <span className={styles.who}>
            <strong>{name}</strong>
            <span>{t('workspace')}</span>
          </span>
          <ChevronsUpDown aria-hidden="true" />
        </AriaButton>
      }
      sections={[
        {
          title: t('switchTo'),
          entries: me.workspaces.map(({ id, name: title }) => ({
            id,
            label: title,
            isChosen: id === me.workspaceId,
            onAction: () => choose(id, title),
          })),
        },
      ]}
    />
  );
}

function AccountMenu({ me, isShort = false }: { me: Me; isShort?: boolean }) {
  const t = shellTexts.use();
  const language = useLanguage();
  const theme = useTheme();
  const navigate = useNavigate();
  const { name, email } = me.user;
  const leave = () => {
    logout(() => navigate({ to: '/login', search: {} })).catch(toastError);
  };
  return (
    <Menu
      label={t('account')}
      trigger={
        <AriaButton
          className={styles.footButton ?? ''}
          {...(isShort ? { 'aria-label': t('accountOf', { name }) } : {})}
        >
          <span className={styles.avatar} aria-hidden="true">
            {[...name][0]?.toUpperCase()}
          </span>
          {!isShort && (
            <>
              <span className={styles.who}>
                <strong>{name}</strong>
                <span>{email}</span>
              </span>
              <ChevronsUpDown aria-hidden="true" />
            </>
          )}
        </AriaButton>
      }
      sections={[
        {
          title: t('language'),
          entries: (Object.keys(LANGUAGES) as Language[]).map((id) => ({
            id,
            label: LANGUAGES[id],
            icon: Languages,
            isChosen: id === language,
            onAction: () => setLanguage(id),
          })),
        },
        {
          title: t('appearance'),
          entries: (Object.keys(THEMES) as Theme[]).map((id) => ({
            id,
            label: t(id),
            icon: THEMES[id],
            isChosen: id === theme,
            onAction: () => setTheme(id),
          })),
        },
        {
          entries: [
            {
              id: 'docs',
              label: t('apiReference'),
              icon: BookOpen,
              onAction: () => window.open(`${basePath}/docs`, '_blank', 'noopener'),
            },
            { id: 'logout', label: t('logout'), icon: LogOut, onAction: leave },
          ],
        },
      ]}
    />
  );
}
