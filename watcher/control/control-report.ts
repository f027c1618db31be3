import type { Logger } from 'pino';
import type { Health } from '../../report/health.ts';
import type { CertificatesFile } from './certificates.ts';
import type { ControlDirectory } from './flags.ts';

interface Sources {
  readonly control: ControlDirectory;
  readonly certificates: CertificatesFile;
  readonly journal: () => Health['journal'];
}

/** Returns a function that logs once for each fault what other programs have written and cannot be read. */
export function controlReporter({ control, certificates, journal }: Sources, log: Logger): () => void {
  let mutedFault: string | null = null;
  let journalFault: string | null = null;
  let certificatesFault: string | null = null;
  let rejects = 0;
  return () => {
    if (control.mutedFault !== mutedFault) {
      mutedFault = control.mutedFault;
      if (mutedFault !== null) log.warn({ fault: mutedFault }, 'muted.json is ignored: alerts are not muted');
    }
    if (certificates.fault !== certificatesFault) {
      certificatesFault = certificates.fault;
      if (certificatesFault !== null)
        log.warn({ fault: certificatesFault }, 'the report on certificates is ignored: what was known before counts');
    }
    const now = journal();
    if (now.fault !== journalFault) {
      journalFault = now.fault;
      if (journalFault !== null)
        log.warn({ fault: journalFault }, 'the journal cannot be read: no alerts about operations are sent');
    }
    if (now.rejects > rejects) log.warn({ rejects: now.rejects }, 'the journal contains lines that are not records');
    rejects = now.rejects;
  };
}
