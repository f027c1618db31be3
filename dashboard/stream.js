/** @typedef {import('../report/dashboard.ts').DashboardEvents} Events */

/**
 * @typedef {object} StreamHooks
 * @property {(state: Events['state']) => void} state comes first, at each connection
 * @property {(tick: Events['tick']) => void} tick
 * @property {(silentMs: number | null, isFull: boolean) => void} quiet for so long nothing has come that could be shown, as
 * the watcher has no place left if it is full; null: it comes
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
  let isStale = true;
  let isFull = false;

  setInterval(() => {
    const now = performance.now();
    const silentMs = now - heardMs;
    if (silentMs >= staleAfterMs) {
      isStale = true;
      hooks.quiet(silentMs, isFull);
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
    // What cannot be shown has not been heard.
    events.addEventListener('state', (event) => {
      hooks.state(JSON.parse(event.data));
      heard();
    });
    events.addEventListener('tick', (event) => {
      hooks.tick(JSON.parse(event.data));
      heard();
    });
    // An event of an error does not say which.
    events.addEventListener('error', async () => {
      if (events.readyState === EventSource.CLOSED) isFull = await wasTurnedAway();
    });
    return events;
  }

  function heard() {
    heardMs = performance.now();
    if (!isStale) return;
    isStale = false;
    isFull = false;
    hooks.quiet(null, isFull);
  }
}

/** The watcher is there, and has no place left. */
async function wasTurnedAway() {
  try {
    return (await fetch('/events', { method: 'HEAD' })).status === 503;
  } catch {
    return false;
  }
}
