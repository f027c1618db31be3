import type { Logger } from 'pino';
import type { Health } from '../../report/health.ts';
import type { ControlDirectory } from './flags.ts';

/** Says in the log, once each time, what of the control directory is not understood. */
export function controlReporter(control: ControlDirectory, journal: () => Health['journal'], log: Logger): () => void {
  let mutedFault: string | null = null;
  let journalFault: string | null = null;
  let rejects = 0;
  return () => {
    if (control.mutedFault !== mutedFault) {
      mutedFault = control.mutedFault;
      if (mutedFault !== null) log.warn({ fault: mutedFault }, 'muted.json counts for nothing: alerts are not muted');
    }
    const now = journal();
    if (now.fault !== journalFault) {
      journalFault = now.fault;
      if (journalFault !== null)
        log.warn({ fault: journalFault }, 'the journal cannot be read: operations are not told');
    }
    if (now.rejects > rejects) log.warn({ rejects: now.rejects }, 'the journal holds lines that are no records');
    rejects = now.rejects;
  };
}
