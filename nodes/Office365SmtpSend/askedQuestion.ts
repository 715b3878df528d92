import { randomBytes } from 'node:crypto';

import { WAIT_INDEFINITELY, type IDataObject } from 'n8n-workflow';

import type { Mailbox } from '../../mail/compose/addresses';
import type { Rule } from '../../mail/questions/deciding';
import type { SendingService } from '../../mail/smtp/sendingService';
import type { AccountChoice } from '../credentialAccount';
import type { FollowUps } from './followUps';
import type { People, Question } from './question';

/** Somebody with a link of their own. */
export interface Person {
	/** Random: it stands in the link, and says nothing. */
	id: string;
	address: string;
}

/** How emails about the question are sent while the execution waits. */
export interface Sending extends AccountChoice {
	service: SendingService;
	from: Mailbox[];
	/** Empty where From stands for itself. */
	sender: string;
	replyTo: Mailbox[];
	/** Who is reminded where all have the same link. */
	to: string[];
}

/** A question that was asked, as n8n keeps it with the execution. */
export interface Asked {
	/** Random; links to another question of the same execution, such as an agent's earlier one, are known by it. */
	id: string;
	question: Question;
	recipients: string[];
	/** Empty where everybody has the same link. */
	people: Person[];
	rule: Rule;
	count: number;
	/** ISO 8601. */
	askedAt: string;
	/** When the execution goes on without an answer, and when the links end; ISO 8601, or empty. */
	until: string;
	linksUntil: string;
	messageIds: string[];
	/** A code that is mailed to the person has to be entered. */
	confirm: boolean;
	/** ISO 8601, or empty. */
	remindAt: string;
	escalateAt: string;
	/** Who is asked at `escalateAt`, and decides then. */
	escalation: Person[];
	sending: Sending;
	/** What the items say that go on where nobody answers in time. */
	atTheEnd: IDataObject;
}

/** What {@link newQuestion} is made of. */
export interface Plan {
	question: Question;
	recipients: string[];
	approvers: People | undefined;
	until: Date;
	/** ms; 0 = as long as the execution waits. */
	linksValidFor: number;
	followUps: FollowUps;
	sending: Sending;
}

/** A question that is about to be asked. */
export function newQuestion({ question, recipients, approvers, until, linksValidFor, followUps, sending }: Plan): Asked {
	const now = Date.now();
	const at = (afterMs: number): string => (afterMs > 0 ? new Date(now + afterMs).toISOString() : '');
	return {
		id: newId(),
		question,
		recipients,
		people: (approvers?.mailboxes ?? []).map(personOf),
		rule: approvers?.rule ?? 'first',
		count: approvers?.count ?? 1,
		askedAt: new Date(now).toISOString(),
		until: until.getTime() === WAIT_INDEFINITELY.getTime() ? '' : until.toISOString(),
		linksUntil: at(linksValidFor),
		messageIds: [],
		confirm: followUps.confirm,
		remindAt: at(followUps.remindAfter),
		escalateAt: at(followUps.escalateAfter),
		escalation: followUps.escalateTo.map(personOf),
		sending,
		atTheEnd: {},
	};
}

function personOf({ address }: Mailbox): Person {
	return { id: newId(), address };
}

function newId(): string {
	return randomBytes(12).toString('hex');
}
