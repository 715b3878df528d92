import { randomBytes } from 'node:crypto';

import { WAIT_INDEFINITELY, type IDataObject } from 'n8n-workflow';

import type { Mailbox } from '../../../mail/compose/addresses';
import type { Rule } from '../../../mail/questions/deciding';
import type { SendingService } from '../../../mail/smtp/sendingService';
import type { AccountChoice } from '../../signIn/credentialAccount';
import type { FollowUps } from './followUps';
import type { People, Question } from './question';

/** A person with a personal link. */
export interface Person {
	/** Random; it is part of the link and contains no information. */
	id: string;
	address: string;
}

/** The people whose answer counts now. */
export function answerers({ people, escalateAt, escalation }: Pick<Asked, 'people' | 'escalateAt' | 'escalation'>): Person[] {
	return escalateAt !== '' && Date.parse(escalateAt) <= Date.now() ? [...people, ...escalation] : people;
}

/** How emails about the question are sent while the execution waits. */
export interface Sending extends AccountChoice {
	service: SendingService;
	from: Mailbox[];
	/** Empty if From is the sender. */
	sender: string;
	replyTo: Mailbox[];
	/** The people who are reminded if all have the same link; empty if all were asked in BCC. */
	to: string[];
}

/** A question that was asked, as n8n stores it with the execution. */
export interface Asked {
	/**
	 * Random. It distinguishes the links of this question from those of another one in the same execution, such as an agent's earlier
	 * question.
	 */
	id: string;
	question: Question;
	recipients: string[];
	/** Empty if everybody has the same link. */
	people: Person[];
	rule: Rule;
	count: number;
	/** ISO 8601. */
	askedAt: string;
	/** When the execution goes on without an answer, and when the links expire; ISO 8601, or empty. */
	until: string;
	linksUntil: string;
	messageIds: string[];
	/** The person has to enter a code that is sent by email. */
	confirm: boolean;
	/** ISO 8601, or empty. */
	remindAt: string;
	escalateAt: string;
	/** The people who are asked at `escalateAt`. From then on, they decide. */
	escalation: Person[];
	sending: Sending;
	/** Fields of the items that go on if nobody answers in time. */
	atTheEnd: IDataObject;
}

/** The input of {@link newQuestion}. */
export interface Plan {
	question: Question;
	recipients: string[];
	approvers: People | undefined;
	until: Date;
	/** In ms; 0 = as long as the execution waits. */
	linksValidFor: number;
	followUps: FollowUps;
	sending: Sending;
}

/** Creates a question that is about to be asked. */
/** Returns the time, in ISO 8601, since when the question can no longer be answered; undefined if it still can. */
export function endOfAnswers({ linksUntil, until }: Pick<Asked, 'linksUntil' | 'until'>): string | undefined {
	return [linksUntil, until].find(isPast);
}

/** @param time ISO 8601, or empty */
export function isPast(time: string): boolean {
	return time !== '' && Date.parse(time) <= Date.now();
}

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
