import type { AlertReport } from './dashboard.ts';

/** One alert that was told, as `GET /alerts` has it: what it said is for the channels and the dashboard. */
export type AlertDelivery = Pick<AlertReport, 'incident' | 'delivery'>;
