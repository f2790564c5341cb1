export { assertAccountActive } from './account-state.ts';
export { createLiveLogins, type LiveLogins } from './logins.ts';
export { createPeople, type People } from './people.ts';
