import { fieldGroups, messageId, originalOf, typedAddress, type Original, type ReportSource } from './report';

/** What became of an email at its reader's, as their email program says (RFC 8098). */
export interface Receipt extends Original {
	/** `deleted`: without having been read, as Exchange says "Not read". */
	kind: 'read' | 'deleted' | 'processed' | 'other';
	/** As written: displayed, deleted, dispatched, processed, denied, failed. */
	disposition: string;
	/** Sent by the program itself or by a person. */
	automatic: boolean;
	recipient: string;
}

/** Undefined where the email is no read receipt. */
export function readReceipt(source: ReportSource): Receipt | undefined {
	if (source.disposition === undefined) return undefined;
	const fields = fieldGroups(source.disposition)[0];
	if (fields === undefined) return undefined;
	// "manual-action/MDN-sent-manually; displayed/error"
	const [mode = '', type = ''] = (fields.get('disposition') ?? '').toLowerCase().split(';');
	const disposition = type.trim().split(/[/,\s]/)[0] ?? '';
	const original = originalOf(source.original === undefined ? undefined : fieldGroups(source.original, 1)[0], source.decode);
	return {
		kind: KINDS.get(disposition) ?? 'other',
		disposition,
		automatic: /automatic-action|sent-automatically/.test(mode),
		recipient: source.decode(typedAddress(fields.get('final-recipient') ?? fields.get('original-recipient'))),
		...original,
		originalMessageId:
			messageId(fields.get('original-message-id') ?? '') || original.originalMessageId || messageId(source.header('in-reply-to')),
	};
}

const KINDS = new Map<string, Receipt['kind']>([
	['displayed', 'read'],
	['deleted', 'deleted'],
	['dispatched', 'processed'],
	['processed', 'processed'],
]);
