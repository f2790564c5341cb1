import { type Static, Type } from 'typebox';
import { LIMITS } from './limits.ts';
import { oneOf, requestBody, timestamp } from './schema.ts';

export const USER_ROLES = ['customer', 'administrator'] as const;
export const USER_TIERS = ['basic', 'pro', 'max'] as const;

const email = Type.String({ format: 'email', maxLength: 254, examples: ['user@example.com'] });

export const UserSchema = Type.Object({
  id: Type.String({ format: 'uuid' }),
  email,
  name: Type.String(),
  role: oneOf(USER_ROLES),
  tier: oneOf(USER_TIERS),
  createdAt: timestamp(),
});
export type User = Static<typeof UserSchema>;

export const RegisterRequestSchema = requestBody(
  {
    email,
    password: Type.String({
      minLength: LIMITS.passwordMin,
      maxLength: LIMITS.passwordMax,
      examples: ['correct horse battery staple'],
    }),
    name: Type.Optional(
      Type.String({ minLength: 1, maxLength: 200, description: 'Default: the part of the e-mail before the @.' }),
    ),
    tier: Type.Optional(
      oneOf(
        USER_TIERS,
        'Only where the operator allows to choose (ALLOW_TIER_SELF_SELECT); otherwise basic, with a warning.',
      ),
    ),
  },
  { email: 'user@example.com', password: 'correct horse battery staple' },
);
export type RegisterRequest = Static<typeof RegisterRequestSchema>;

export const LoginRequestSchema = requestBody(
  {
    email: Type.String({ minLength: 1, maxLength: 254, examples: ['user@example.com'] }),
    password: Type.String({ minLength: 1, maxLength: LIMITS.passwordMax, examples: ['correct horse battery staple'] }),
  },
  { email: 'user@example.com', password: 'correct horse battery staple' },
);
export type LoginRequest = Static<typeof LoginRequestSchema>;

const token = Type.String({ description: 'For `Authorization: Bearer`.' });
const expiresIn = Type.Integer({ description: 'Life of the token in seconds.' });

export const RegisterResultSchema = Type.Object({
  user: UserSchema,
  token,
  expiresIn,
  apiKey: Type.String({ description: 'Key of the new workspace. Shown once.' }),
  warnings: Type.Optional(Type.Array(Type.String())),
});

export const LoginResultSchema = Type.Object({ user: UserSchema, token, expiresIn });

export const MeResultSchema = Type.Object({ user: UserSchema });
