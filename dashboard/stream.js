/** @typedef {import('../report/dashboard.ts').DashboardEvents} Events */

/**
 * @typedef {object} StreamHooks
 * @property {(state: Events['state']) => void} state called first, at each connection
 * @property {(tick: Events['tick']) => void} tick
 * @property {(silentMs: number | null, isFull: boolean) => void} silent called with how long no event could be shown, and
 * whether the watcher rejects the page because too many are open; with null once events come again
 */

/** The watcher sends an event every second. */
const staleAfterMs = 3_000;
/** A connection that is silent for this long may be dead, even if it looks open. */
const renewAfterMs = 8_000;

/**
 * Follows the watcher's events across its restarts, and reports when none come.
 * @param {StreamHooks} hooks
 */
export function follow(hooks) {
  let source = connect();
  let heardMs = performance.now();
  let connectedMs = heardMs;
  let isStale = true;
  let isFull = false;

  setInterval(() => {
    const now = performance.now();
    const silentMs = now - heardMs;
    if (silentMs >= staleAfterMs) {
      isStale = true;
      hooks.silent(silentMs, isFull);
    }
    // The browser reconnects automatically, unless it was rejected.
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
    // An event counts only once it is shown without an error.
    events.addEventListener('state', (event) => {
      hooks.state(JSON.parse(event.data));
      heard();
    });
    events.addEventListener('tick', (event) => {
      hooks.tick(JSON.parse(event.data));
      heard();
    });
    // An error event does not say which error.
    events.addEventListener('error', async () => {
      if (events.readyState === EventSource.CLOSED) isFull = await wasRejected();
    });
    return events;
  }

  function heard() {
    heardMs = performance.now();
    if (!isStale) return;
    isStale = false;
    isFull = false;
    hooks.silent(null, isFull);
  }
}

/** Whether the watcher answers that too many pages are open. */
async function wasRejected() {
  try {
    return (await fetch('/events', { method: 'HEAD' })).status === 503;
  } catch {
    return false;
  }
}
