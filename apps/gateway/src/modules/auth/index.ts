export { type AccountService, createAccountService } from './account.service.ts';
export { authRoutes } from './auth.routes.ts';
export { type AuthService, createAuthService } from './auth.service.ts';
export { administratorOf, parseSecrets } from './environment.ts';
export { sweepLogins } from './logins.repository.ts';
export { sweepMailTokens } from './mail-tokens.ts';
export { presentUser } from './users.repository.ts';
