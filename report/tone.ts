/**
 * The severity, on every channel and page. `bad` (red): visitors see errors now. `warning` (orange): they do not,
 * but something is broken or at risk. `good` (green): resolved, or done. `neutral` (blue): planned, or worth knowing.
 */
export type Tone = 'good' | 'neutral' | 'warning' | 'bad';
