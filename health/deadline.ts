/**
 * Calls back when the time has passed, unless the returned function is called before. An answer that has arrived in time counts
 * even if a busy machine delays this process: Node reads what has arrived between a timer and an immediate.
 */
export function startDeadline(afterMs: number, passed: () => void): () => void {
  let immediate: NodeJS.Immediate | undefined;
  const timer = setTimeout(() => {
    immediate = setImmediate(passed);
  }, afterMs);
  return () => {
    clearTimeout(timer);
    clearImmediate(immediate);
  };
}
