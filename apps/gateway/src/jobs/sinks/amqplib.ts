// For `import()`: a bundle gives a CommonJS package no named exports there, but resolves these.
export { connect } from 'amqplib';
