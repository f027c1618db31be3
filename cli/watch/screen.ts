import type { WriteStream } from 'node:tty';

// Supported by terminals since xterm: the alternate screen, no cursor, no line wrapping.
const enter = '\x1b[?1049h\x1b[?25l\x1b[?7l';
const leave = '\x1b[?7h\x1b[?25h\x1b[?1049l';
// Synchronized update: terminals that support it draw what is between these at once, others ignore them.
const begin = '\x1b[?2026h';
const end = '\x1b[?2026l';

const defaultSize = { columns: 80, rows: 24 };

/** The whole terminal, restored on close. */
export class Screen {
  readonly #stream: WriteStream;
  #drawn = '';
  #isOpen = false;

  constructor(stream: WriteStream) {
    this.#stream = stream;
  }

  get size(): { readonly columns: number; readonly rows: number } {
    // A terminal that does not know its size reports 0.
    return { columns: this.#stream.columns || defaultSize.columns, rows: this.#stream.rows || defaultSize.rows };
  }

  open(): void {
    if (this.#isOpen) return;
    this.#isOpen = true;
    this.#drawn = '';
    this.#stream.write(enter);
  }

  /** Overwrites changed lines only, so that nothing flickers. */
  draw(lines: readonly string[]): void {
    const { columns, rows } = this.size;
    const frame = lines.map((line) => `${line}\x1b[K`).join('\r\n');
    const drawn = `${columns}x${rows} ${frame}`;
    if (!this.#isOpen || drawn === this.#drawn) return;
    this.#drawn = drawn;
    this.#stream.write(`${begin}\x1b[H${frame}\x1b[J${end}`);
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#stream.write(leave);
  }
}
