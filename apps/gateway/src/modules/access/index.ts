export { createLiveLogins, type LiveLogins } from './logins.ts';
export { createPeople, type Membership, type People } from './people.ts';
