/** What the driver uses of the SDK. Loaded with the first use: it is large, and other endpoints need none of it. */
export { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
