/** When what happened in a scenario, in the clock of samples. */
export interface Moments {
  readonly beganAt: number;
  /** Right before the act. */
  readonly brokenAt: number;
  /** The act has been carried out. */
  readonly injectedAt: number;
  /** The health checks have noticed by then, if there is anything to notice. */
  readonly detectedBy: number;
  /** Right before it was undone. */
  readonly healingAt: number;
  /** It has been undone. */
  readonly healedAt: number;
}
