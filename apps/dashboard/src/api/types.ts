/** Names of the API's own types that pages use. */
import type { Schemas } from '@wa-gate/sdk';

export type Session = Schemas['Session'];
export type SessionState = Session['state'];
export type CreatedSession = Schemas['CreateSessionResult'];
export type Key = Schemas['Key'];
export type Broadcast = Schemas['Broadcast'];
export type Pacing = Schemas['Pacing'];
export type Message = Schemas['Message'];
export type Channel = Schemas['Channel'];
export type Chat = Schemas['Chat'];
export type Contact = Schemas['Contact'];
export type DashboardMetrics = Schemas['DashboardMetrics'];
export type DashboardHistory = Schemas['DashboardHistory'];
export type Me = Schemas['MeResult'];
export type SendRequest = Schemas['SendRequest'];
