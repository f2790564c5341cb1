export { type ConsentService, createConsentService } from './consent.service.ts';
export {
  beginListening,
  listens,
  listenToKeywords,
  optIn,
  optOut,
  readConsentSettings,
} from './consent-rows.ts';
