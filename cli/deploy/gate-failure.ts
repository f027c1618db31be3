/** A release that is not fit to serve. */
export class GateFailure extends Error {
  readonly code = 'GATE';
  /** In a word or two: which gate. */
  readonly gate: string;

  constructor(gate: string, message: string) {
    super(message);
    this.name = 'GateFailure';
    this.gate = gate;
  }
}
