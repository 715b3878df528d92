import type { INodeProperties, INodePropertyCollection, INodePropertyOptions } from 'n8n-workflow';

import { MicrosoftMailOAuth2Api } from '../../credentials/MicrosoftMailOAuth2Api.credentials';
import { MicrosoftMailServiceAccountApi } from '../../credentials/MicrosoftMailServiceAccountApi.credentials';
import { ImapMailbox } from '../../nodes/ImapMailbox/ImapMailbox.node';
import { ImapTrigger } from '../../nodes/ImapTrigger/ImapTrigger.node';
import { Office365SmtpSend } from '../../nodes/Office365SmtpSend/Office365SmtpSend.node';
import { PopFetch } from '../../nodes/PopFetch/PopFetch.node';
import { PopTrigger } from '../../nodes/PopTrigger/PopTrigger.node';

export const NODES = [new Office365SmtpSend(), new ImapTrigger(), new ImapMailbox(), new PopFetch(), new PopTrigger()];
const CREDENTIALS = [new MicrosoftMailOAuth2Api(), new MicrosoftMailServiceAccountApi()];

/** Everything that a person can read as a name in the five nodes and the two credentials: of nodes, fields, options and choices. */
export function shownNames(): Set<string> {
	const names = [...NODES.map(({ description }) => description.displayName), ...CREDENTIALS.map(({ displayName }) => displayName)];
	const properties = [...NODES.flatMap(({ description }) => description.properties), ...CREDENTIALS.flatMap((one) => one.properties)];
	return new Set([...names, ...properties.flatMap(namesOf)]);
}

function namesOf(property: INodeProperties | INodePropertyCollection | INodePropertyOptions): string[] {
	const own = 'displayName' in property ? [property.displayName] : [property.name];
	const below = [...('options' in property ? (property.options ?? []) : []), ...('values' in property ? property.values : [])];
	return [...own, ...below.flatMap(namesOf)];
}
