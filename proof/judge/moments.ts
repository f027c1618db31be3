/** Times of a scenario, in milliseconds of the clock of samples (nowMs). */
export interface Moments {
  readonly beganAt: number;
  /** Right before the act. */
  readonly brokenAt: number;
  /** When the act had been carried out. */
  readonly injectedAt: number;
  /** When the health checks must have detected the fault, if there is one to detect. */
  readonly detectedBy: number;
  /** Right before the act was undone. */
  readonly repairingAt: number;
  /** When the act had been undone. */
  readonly repairedAt: number;
}
