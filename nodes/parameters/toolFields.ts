import type { INodeProperties } from 'n8n-workflow';

type Show = NonNullable<NonNullable<INodeProperties['displayOptions']>['show']>;

/** Stands in the form of the node as the tool of an AI agent, and nowhere else. */
function toolNotice(name: string, displayName: string, show: Show): INodeProperties {
	return { displayName, name, type: 'notice', default: '', displayOptions: { show: { '@tool': [true], ...show } } };
}

/**
 * Below a field that takes an email: n8n gives a tool what the model says as `$json`.
 * @param expression gives a value that the field accepts
 */
export function whichEmail(field: string, show: Show, expression = "$('IMAP Trigger').item.json"): INodeProperties {
	return toolNotice(
		'whichEmailNotice',
		`As a tool, {{ $json }} is not an email. Let the model define ${field}, or name one email: {{ ${expression} }}.`,
		show,
	);
}

/** Below *Only New*. */
export function eachOnce(show: Show): INodeProperties {
	return toolNotice(
		'eachOnceNotice',
		'With Only New, an agent gets each email once. Turn it off, so that the agent can read an email again.',
		{ onlyNew: [true], ...show },
	);
}
