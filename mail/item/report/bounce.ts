import {
	fieldGroups,
	messageId,
	originalOf,
	typedAddress,
	type BouncedRecipient,
	type Fields,
	type Original,
	type ReportSource,
} from './report';
import { isFromMailSystem, readWrittenBounce } from './writtenBounce';

/** What became of an email on its way (RFC 3464), or what a mail server writes of it in its own words. */
export interface Bounce extends Original {
	/** The worst of all recipients: `failed` before `delayed` before `delivered`. */
	kind: 'failed' | 'delayed' | 'delivered';
	/** Whether sending again is of no use (status 5.x.x). */
	permanent: boolean;
	recipients: BouncedRecipient[];
	reportingServer: string;
}

const MOST_RECIPIENTS = 200;

/** Undefined where the email is no report on delivery. */
export function readBounce(source: ReportSource): Bounce | undefined {
	const groups = source.deliveryStatus === undefined || !isReport(source) ? [] : fieldGroups(source.deliveryStatus);
	const told = groups.filter((group) => group.has('final-recipient') || group.has('original-recipient') || group.has('action'));
	const written = told.length > 0 || !isFromMailSystem(source) ? undefined : readWrittenBounce(source);
	const recipients =
		told.length > 0 ? told.slice(0, MOST_RECIPIENTS).map((group) => recipientOf(group, source)) : (written?.recipients ?? []);
	if (recipients.length === 0) return undefined;
	const returned = source.original ?? written?.original;
	const original = originalOf(returned === undefined ? undefined : fieldGroups(returned, 1)[0], source.decode);
	const kind = kindOf(recipients);
	return {
		kind,
		permanent: kind === 'failed' && !recipients.some(({ action, status }) => action === 'failed' && status.startsWith('4')),
		recipients,
		reportingServer: serverOf(groups.find((group) => group.has('reporting-mta'))?.get('reporting-mta')),
		...original,
		// Exchange names it in its own report's headers where it returns none.
		originalMessageId: original.originalMessageId || messageId(source.header('in-reply-to')) || messageId(source.header('references')),
	};
}

/** A person can forward the report that they got. */
function isReport(source: ReportSource): boolean {
	if (isFromMailSystem(source) || /^\s*multipart\/report\b/i.test(source.header('content-type'))) return true;
	return !source.header('from').includes('@') || /^\s*<\s*>/.test(source.header('return-path'));
}

function recipientOf(group: Fields, source: ReportSource): BouncedRecipient {
	// RFC 6533, section 3: addresses can be in UTF-8.
	const final = source.decode(typedAddress(group.get('final-recipient')));
	const original = source.decode(typedAddress(group.get('original-recipient')));
	const status = /\b[245]\.\d{1,3}\.\d{1,3}\b/.exec(group.get('status') ?? '')?.[0] ?? '';
	const reason = (group.get('diagnostic-code') ?? '').replace(/^[\w-]{1,40}[ \t]{0,10};[ \t]{0,10}/, '');
	return {
		address: final || original || (source.header('x-failed-recipients').split(',')[0] ?? '').trim(),
		...(original !== '' && final !== '' && original.toLowerCase() !== final.toLowerCase() && { originalRecipient: original }),
		action: actionOf(group.get('action') ?? '', status),
		status,
		reason: source.decode(reason),
		remoteServer: serverOf(group.get('remote-mta')),
	};
}

/** The name of the host, without what Gmail tells of it: `gmail-smtp-in.l.google.com. (192.0.2.1, the server for …)`. */
function serverOf(value: string | undefined): string {
	const server = typedAddress(value);
	const [name = server] = /^[^([]+/.exec(server) ?? [];
	return name.trim().replace(/\.$/, '');
}

const ACTIONS = new Set<BouncedRecipient['action']>(['failed', 'delayed', 'delivered', 'relayed', 'expanded']);

function actionOf(value: string, status: string): BouncedRecipient['action'] {
	const word = /^[a-z]{1,20}/.exec(value.trim().toLowerCase())?.[0] ?? '';
	for (const action of ACTIONS) if (action === word) return action;
	return status.startsWith('4') ? 'delayed' : status.startsWith('2') ? 'delivered' : 'failed';
}

function kindOf(recipients: readonly BouncedRecipient[]): Bounce['kind'] {
	if (recipients.some(({ action }) => action === 'failed')) return 'failed';
	return recipients.some(({ action }) => action === 'delayed') ? 'delayed' : 'delivered';
}
