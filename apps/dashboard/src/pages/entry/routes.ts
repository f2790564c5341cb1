import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { rootRoute } from '../../shell/root-route.tsx';

const getParentRoute = () => rootRoute;

export interface LoginSearch {
  /** Where the person wanted to go. */
  next?: string;
  /** The login has ended while the page was open. */
  ended?: boolean;
}

const loginSearch = ({ next, ended }: Record<string, unknown>): LoginSearch => ({
  ...(typeof next === 'string' && { next }),
  ...(ended === true && { ended }),
});

export const loginRoute = createRoute({
  getParentRoute,
  path: '/login',
  validateSearch: loginSearch,
  component: lazyRouteComponent(() => import('./login.tsx'), 'LoginPage'),
});

export const registerRoute = createRoute({
  getParentRoute,
  path: '/register',
  validateSearch: loginSearch,
  component: lazyRouteComponent(() => import('./register.tsx'), 'RegisterPage'),
});

export const forgotPasswordRoute = createRoute({
  getParentRoute,
  path: '/forgot-password',
  component: lazyRouteComponent(() => import('./forgot-password.tsx'), 'ForgotPasswordPage'),
});

export const resetPasswordRoute = createRoute({
  getParentRoute,
  path: '/reset-password',
  component: lazyRouteComponent(() => import('./reset-password.tsx'), 'ResetPasswordPage'),
});

export const invitationRoute = createRoute({
  getParentRoute,
  path: '/invitation',
  component: lazyRouteComponent(() => import('./invitation.tsx'), 'InvitationPage'),
});

export const verifyEmailRoute = createRoute({
  getParentRoute,
  path: '/verify-email',
  component: lazyRouteComponent(() => import('./verify-email.tsx'), 'VerifyEmailPage'),
});

export const openRoute = createRoute({
  getParentRoute,
  path: '/open',
  component: lazyRouteComponent(() => import('./open.tsx'), 'OpenPage'),
});
