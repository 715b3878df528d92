import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

/** Folders of `examples/`, in the order in which people are shown them. */
export const EXAMPLES = [
	'send-an-email',
	'start-on-new-email',
	'collect-over-pop',
	'shared-inbox-tickets',
	'invoices-to-disk',
	'daily-report',
	'approval-with-form',
	'newsletter',
	'bounce-handling',
	'pop-archive',
	'clean-up-folder',
	'sign-in-alert',
	'ai-drafts',
] as const;

export type ExampleName = (typeof EXAMPLES)[number];

export interface ExampleNode {
	name: string;
	type: string;
	parameters: Record<string, unknown>;
	position: [x: number, y: number];
	[field: string]: unknown;
}

/** As it is written in the repository, without credentials. */
export interface ExampleWorkflow {
	name: string;
	nodes: ExampleNode[];
	connections: object;
	settings: object;
}

/** What an example needs to run somewhere. */
export interface Place {
	/** The folder that n8n may write files to. */
	files: string;
	/** Which credential of a type a node gets; undefined leaves the choice to the user. */
	credential: (type: string, node: string) => { id: string; name: string } | undefined;
}

export function exampleFile(name: ExampleName): string {
	return resolve(__dirname, '..', 'examples', name, 'workflow.json');
}

/** The workflow as users import it. */
export function readExample(name: ExampleName): ExampleWorkflow {
	const workflow: ExampleWorkflow = JSON.parse(readFileSync(exampleFile(name), 'utf8'));
	return workflow;
}

/**
 * The same with what a user fills in after the import: credentials, addresses that the sandbox knows, the folder for
 * files. @returns a workflow as n8n imports it
 */
export function bindExample(name: ExampleName, place: Place): ExampleWorkflow & { id: string; active: boolean } {
	const workflow = readExample(name);
	const filledIn = (node: ExampleNode): ExampleNode => {
		const text = JSON.stringify(node)
			.replaceAll('@example.com', '@example.test')
			.replaceAll('/home/node/.n8n-files', JSON.stringify(place.files).slice(1, -1));
		// A note says what users find in the repository.
		return node.type === 'n8n-nodes-base.stickyNote' ? node : JSON.parse(text);
	};
	const nodes = workflow.nodes.map(filledIn).map((node) => {
		const type = credentialTypeOf(node);
		const credential = type === undefined ? undefined : place.credential(type, node.name);
		return type === undefined || credential === undefined
			? node
			: { ...node, credentials: { [type]: { id: credential.id, name: credential.name } } };
	});
	return { ...workflow, nodes, id: exampleId(name), active: false };
}

/** The id under which the sandbox's n8n has an example. */
export function exampleId(name: ExampleName): string {
	return `example-${name}`;
}

function credentialTypeOf({ type, parameters }: ExampleNode): string | undefined {
	if (type.startsWith('n8n-nodes-office365-mail.'))
		return parameters.authentication === 'serviceAccount' ? 'microsoftMailServiceAccountApi' : 'microsoftMailOAuth2Api';
	if (type === '@n8n/n8n-nodes-langchain.lmChatOpenAi') return 'openAiApi';
	return parameters.authentication === 'basicAuth' ? 'httpBasicAuth' : undefined;
}
