import type { AlertReport } from './dashboard.ts';

/** One alert that was sent, as in the answer of `GET /alerts`; its text is only in the channels and on the dashboard. */
export type AlertDelivery = Pick<AlertReport, 'incident' | 'delivery'>;
