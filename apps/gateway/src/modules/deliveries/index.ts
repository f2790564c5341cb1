export { createDeliveriesRepository } from './deliveries.repository.ts';
export { createDeliveriesService, type DeliveriesService } from './deliveries.service.ts';
