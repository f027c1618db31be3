/** An error that a person can act on: it says what happened, what state the stack is in, and what to type next. */
export class CommandError extends Error {
  readonly code: 'FAILED' | 'MISUSE';
  readonly next: string | undefined;

  constructor(message: string, options: { code?: 'FAILED' | 'MISUSE'; next?: string; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.name = 'CommandError';
    this.code = options.code ?? 'FAILED';
    this.next = options.next;
  }
}
