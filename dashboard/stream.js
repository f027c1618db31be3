/** @typedef {import('../watcher/dashboard-report.ts').DashboardEvents} Events */

/**
 * @typedef {object} StreamHooks
 * @property {(state: Events['state']) => void} state comes first, at each connection
 * @property {(tick: Events['tick']) => void} tick
 * @property {(silentMs: number | null) => void} quiet for so long nothing has come; null: it comes again
 */

/** The watcher says something every second. */
const staleAfterMs = 3_000;
/** A connection that looks open and is dead. */
const renewAfterMs = 8_000;

/**
 * Follows the watcher's events, over restarts of it, and says when nothing comes.
 * @param {StreamHooks} hooks
 */
export function follow(hooks) {
  let source = connect();
  let heardMs = performance.now();
  let connectedMs = heardMs;
  let isStale = false;

  setInterval(() => {
    const now = performance.now();
    const silentMs = now - heardMs;
    if (silentMs >= staleAfterMs) {
      isStale = true;
      hooks.quiet(silentMs);
    }
    // The browser itself tries again, unless it was turned away.
    const isOver =
      source.readyState === EventSource.CLOSED || (silentMs > renewAfterMs && now - connectedMs > renewAfterMs);
    if (isOver && now - connectedMs > 2_000) {
      source.close();
      source = connect();
      connectedMs = now;
    }
  }, 500);

  function connect() {
    const events = new EventSource('/events');
    events.addEventListener('state', (event) => {
      heard();
      hooks.state(JSON.parse(event.data));
    });
    events.addEventListener('tick', (event) => {
      heard();
      hooks.tick(JSON.parse(event.data));
    });
    return events;
  }

  function heard() {
    heardMs = performance.now();
    if (!isStale) return;
    isStale = false;
    hooks.quiet(null);
  }
}
