import { newState, type Policy, type State } from '../rules/state.ts';
import { resized } from '../rules/window.ts';

type Json = Readonly<Record<string, unknown>>;

/** Adapts a saved state to the current policy. Fields that the version which saved it did not have get their initial values. */
export function restoreState(saved: unknown, policy: Policy): State {
  const state = adopt(newState(policy), saved) as State;
  const { window } = state.errorRate;
  if (window.size === policy.windowSize) return state;
  return { ...state, errorRate: { ...state.errorRate, window: resized(window, policy.windowSize) } };
}

/** Fills in a saved value from a fresh one. A fresh null or empty object accepts any saved value. */
function adopt(fresh: unknown, saved: unknown): unknown {
  if (fresh === null || fresh === undefined) return saved ?? fresh;
  if (!isObject(fresh))
    return typeof saved === typeof fresh && Array.isArray(saved) === Array.isArray(fresh) ? saved : fresh;
  if (!isObject(saved)) return fresh;
  const merged: Record<string, unknown> = { ...saved };
  for (const [name, value] of Object.entries(fresh)) merged[name] = adopt(value, saved[name]);
  return merged;
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
