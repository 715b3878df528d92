/** What is read of an email to see whether it reports on another one. */
export interface ReportSource {
	/** A header of the email, decoded; empty where there is none. */
	readonly header: (name: string) => string;
	/** Whether there is such a header, if only an empty one. */
	readonly has: (name: string) => boolean;
	/** The body as text. */
	text: string;
	/** Contents of the parts message/delivery-status and message/disposition-notification, as text. */
	deliveryStatus?: string;
	disposition?: string;
	/** The email that is reported on, or its headers, as text. */
	original?: string;
	/** Decodes encoded words (RFC 2047). */
	readonly decode: (value: string) => string;
}

/** Longer reports, in characters, are not read to their end. */
export const LONGEST_REPORT = 500_000;
const LONGEST_VALUE = 2_000;

export type Fields = ReadonlyMap<string, string>;

/** A second one of these belongs to another recipient, also where the blank line is missing. */
const NEXT_RECIPIENT = new Set(['original-recipient', 'final-recipient']);

/** Groups of header-like fields with blank lines between them (RFC 3464, section 2.1). The first of a name counts. */
export function fieldGroups(text: string, most = 500): Fields[] {
	const groups: Array<Map<string, string>> = [];
	let group = new Map<string, string>();
	let last = '';
	for (const line of `${text.slice(0, LONGEST_REPORT)}\n\n`.split(/\r\n|\n|\r/)) {
		if (line.trim() === '') {
			if (group.size > 0) groups.push(group);
			if (groups.length >= most) break;
			group = new Map();
			last = '';
			continue;
		}
		const continued = /^[ \t]/.test(line) ? group.get(last) : undefined;
		if (continued !== undefined) {
			if (continued.length < LONGEST_VALUE) group.set(last, `${continued} ${line.trim()}`.slice(0, LONGEST_VALUE));
			continue;
		}
		const [, name, value = ''] = /^([\w-]{1,100})[ \t]{0,20}:(.*)$/s.exec(line) ?? [];
		last = '';
		if (name === undefined) continue;
		if (group.has(name.toLowerCase())) {
			if (!NEXT_RECIPIENT.has(name.toLowerCase())) continue;
			groups.push(group);
			if (groups.length >= most) break;
			group = new Map();
		}
		last = name.toLowerCase();
		group.set(last, value.trim().slice(0, LONGEST_VALUE));
	}
	return groups;
}

export interface Original {
	/** With angle brackets, as in `messageId` of items; empty where it is not known. */
	originalMessageId: string;
	originalSubject: string;
	originalTo: string;
}

/** @param headers of the email that came back, else of the report */
export function originalOf(headers: Fields | undefined, decode: (value: string) => string): Original {
	return {
		originalMessageId: messageId(headers?.get('message-id') ?? ''),
		originalSubject: decode(headers?.get('subject') ?? ''),
		originalTo: decode(headers?.get('to') ?? ''),
	};
}

/** With the angle brackets that some programs leave out. */
export function messageId(value: string): string {
	const text = value.slice(0, LONGEST_VALUE).trim();
	return /<[^<>\s]{1,998}>/.exec(text)?.[0] ?? (/^[^\s<>@]{1,500}@[^\s<>@]{1,500}$/.test(text) ? `<${text}>` : '');
}

/** `rfc822; ada@example.com` (RFC 3464, section 2.1.2), with or without brackets, and without a comment behind it. */
export function typedAddress(value: string | undefined): string {
	const text = (value ?? '').slice(0, 1_000);
	return text
		.replace(/^[\w-]{1,40}[ \t]{0,10};/, '')
		.trim()
		.replace(/\s{1,9}\([^()]{0,200}\)$/, '')
		.replace(/^<|>$/g, '');
}

/** One recipient of a report on delivery (RFC 3464, section 2.3). */
export interface BouncedRecipient {
	address: string;
	/** As the sender wrote it, where it was forwarded to another one. */
	originalRecipient?: string;
	/** `relayed` and `expanded` (to the members of a list) are no failures, but the last that will be heard. */
	action: 'failed' | 'delayed' | 'delivered' | 'relayed' | 'expanded';
	/** RFC 3463, such as 5.1.1; empty where none is told. */
	status: string;
	/** What the server said. */
	reason: string;
	/** The server that said it; empty where it is not told. */
	remoteServer: string;
}
