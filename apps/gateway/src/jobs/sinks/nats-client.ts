// For `import()`: a bundle gives a CommonJS package no named exports there, but resolves these.
export { JetStreamApiError, jetstream } from '@nats-io/jetstream';
export { connect, credsAuthenticator, errors, headers } from '@nats-io/transport-node';
