import { type Static, Type } from 'typebox';
import { LIMITS } from './limits.ts';
import { line, nullable, oneOf, requestBody, timestamp } from './schema.ts';
import { workspaceRole } from './workspace-roles.ts';

export const USER_ROLES = ['customer', 'administrator'] as const;
export const USER_TIERS = ['basic', 'pro', 'max'] as const;

/** The format alone allows control characters in some places; no address needs them. */
export const email = Type.String({
  format: 'email',
  maxLength: 254,
  pattern: '^[^\\u0000-\\u0020\\u007f-\\u009f\\ud800-\\udfff]+$',
  examples: ['user@example.com'],
});

const newPassword = Type.String({
  minLength: LIMITS.passwordMin,
  maxLength: LIMITS.passwordMax,
  examples: ['correct horse battery staple'],
});
const password = Type.String({
  minLength: 1,
  maxLength: LIMITS.passwordMax,
  examples: ['correct horse battery staple'],
});
const name = line({ minLength: 1, maxLength: 200 });
const uuid = () => Type.String({ format: 'uuid' });

export const UserSchema = Type.Object({
  id: uuid(),
  email,
  name: Type.String(),
  role: oneOf(USER_ROLES),
  tier: oneOf(USER_TIERS),
  emailVerified: Type.Boolean({ description: 'Whether the address was proved by a mail to it.' }),
  createdAt: timestamp(),
});
export type User = Static<typeof UserSchema>;

export const RegisterRequestSchema = requestBody(
  {
    email,
    password: newPassword,
    name: Type.Optional({ ...name, description: 'Default: the part of the e-mail before the @.' }),
    tier: Type.Optional(
      oneOf(
        USER_TIERS,
        'Ignored unless the operator allows to choose (ALLOW_TIER_SELF_SELECT): the account is then basic, and `warnings` of the answer says so.',
      ),
    ),
  },
  { email: 'user@example.com', password: 'correct horse battery staple' },
);
export type RegisterRequest = Static<typeof RegisterRequestSchema>;

export const LoginRequestSchema = requestBody(
  { email: Type.String({ minLength: 1, maxLength: 254, examples: ['user@example.com'] }), password },
  { email: 'user@example.com', password: 'correct horse battery staple' },
);

const token = Type.String({ description: 'For `Authorization: Bearer`.' });
const expiresIn = Type.Integer({ description: 'Life of the token in seconds.' });
const REFRESH_TOKEN = 'For POST /api/auth/refresh. Good once; each refresh gives a new one.';
const refreshToken = Type.String({ description: REFRESH_TOKEN });
const workspace = {
  workspaceId: Type.String({ format: 'uuid', description: 'The workspace that the token is for.' }),
  workspaceRole: workspaceRole('What the user may do in it.'),
};

export const RegisterResultSchema = Type.Object({
  user: UserSchema,
  token,
  refreshToken,
  expiresIn,
  ...workspace,
  apiKey: Type.String({ description: 'Key of the new workspace. Shown once.' }),
  warnings: Type.Optional(Type.Array(Type.String())),
});

export const LoginResultSchema = Type.Object({ user: UserSchema, token, refreshToken, expiresIn, ...workspace });

export const RefreshRequestSchema = nullable(
  requestBody(
    {
      refreshToken: Type.Optional(
        Type.String({ minLength: 1, maxLength: 200, description: 'Without it the cookie `wag_refresh` is used.' }),
      ),
    },
    { refreshToken: 'wag_rt_…' },
  ),
);

export const RefreshResultSchema = Type.Object({
  token,
  refreshToken: Type.Optional({
    ...refreshToken,
    description: `${REFRESH_TOKEN} Absent when the cookie was used: the new one is in the cookie.`,
  }),
  expiresIn,
  ...workspace,
});

export const SwitchRequestSchema = requestBody(
  { workspaceId: uuid() },
  { workspaceId: '01a1fd7f-9660-73b4-9345-98aa8ee379da' },
);
export const SwitchResultSchema = Type.Object({ token, expiresIn, ...workspace });

export const MeResultSchema = Type.Object({
  user: UserSchema,
  ...workspace,
  workspaces: Type.Array(Type.Object({ id: uuid(), name: Type.String(), role: workspaceRole() }), {
    description: 'All workspaces of the user; POST /api/auth/switch leads to another one.',
  }),
});

export const UpdateMeRequestSchema = requestBody(
  {
    name: Type.Optional(name),
    email: Type.Optional(email),
    currentPassword: Type.Optional({ ...password, description: 'Needed to change the e-mail.' }),
  },
  { name: 'Ann' },
);
export type UpdateMeRequest = Static<typeof UpdateMeRequestSchema>;
export const UpdateMeResultSchema = Type.Object({ user: UserSchema });

export const LoginSchema = Type.Object({
  id: uuid(),
  isCurrent: Type.Boolean({ description: 'The login that asks.' }),
  ip: Type.Union([Type.String(), Type.Null()]),
  userAgent: Type.Union([Type.String(), Type.Null()]),
  createdAt: timestamp(),
  lastUsedAt: timestamp(),
  expiresAt: timestamp('Unless it is refreshed before.'),
});
export type Login = Static<typeof LoginSchema>;
export const ListLoginsResultSchema = Type.Object({ logins: Type.Array(LoginSchema) });
export const LoginParamsSchema = Type.Object({ id: Type.String({ minLength: 1, maxLength: 64 }) });

export const CsrfResultSchema = Type.Object({
  csrfToken: Type.String({ description: 'For the header X-CSRF-Token. Good as long as the login.' }),
});

export const ChangePasswordRequestSchema = requestBody(
  { currentPassword: password, newPassword },
  { currentPassword: 'correct horse battery staple', newPassword: 'another horse battery staple' },
);
export type ChangePasswordRequest = Static<typeof ChangePasswordRequestSchema>;

export const ForgotPasswordRequestSchema = requestBody(
  { email: Type.String({ minLength: 1, maxLength: 254, examples: ['user@example.com'] }) },
  { email: 'user@example.com' },
);

const mailToken = Type.String({ minLength: 1, maxLength: 200, description: 'From the mail.' });
export const ResetPasswordRequestSchema = requestBody(
  { token: mailToken, newPassword },
  { token: 'wag_rp_…', newPassword: 'another horse battery staple' },
);
export const VerifyEmailRequestSchema = requestBody({ token: mailToken }, { token: 'wag_ve_…' });

export const LoginLinkRequestSchema = requestBody(
  { token: { ...mailToken, description: 'From the link, behind `#`.' } },
  { token: 'wag_ll_…' },
);

/** The count of other logins that the change has ended. */
export const EndedLoginsSchema = Type.Object({ endedLogins: Type.Integer({ minimum: 0 }) });
/** An answer without data. */
export const DoneSchema = Type.Object({});
