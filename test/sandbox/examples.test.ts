import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';

import { describe, expect, it } from 'vitest';

import { bindExample, exampleFile, EXAMPLES, readExample } from '../../sandbox/examples';
import { NODES } from '../package/names';

const FOLDER = resolve(__dirname, '..', '..', 'examples');

it('there is an example for each folder of examples/', () => {
	const folders = readdirSync(FOLDER, { withFileTypes: true }).filter((entry) => entry.isDirectory());
	expect(folders.map(({ name }) => name).sort()).toEqual([...EXAMPLES].sort());
});

describe.each(EXAMPLES)('%s', (name) => {
	const text = readFileSync(exampleFile(name), 'utf8');
	const workflow = readExample(name);

	it('carries no credentials, no address but of example.com, and no path but that of the Docker image', () => {
		expect(workflow.nodes.filter((node) => 'credentials' in node)).toEqual([]);
		expect(
			(text.match(/[\w.$-]+@[\w.-]*\w/g) ?? []).filter((address) => !address.endsWith('@example.com') && !address.startsWith('@')),
		).toEqual([]);
		expect(
			(text.match(/(?<![\w.:/<}*])\/(?:home|tmp|root|work|var|opt|Users)\/[\w./-]*/g) ?? []).filter(
				(path) => !path.startsWith('/home/node/.n8n-files'),
			),
		).toEqual([]);
	});

	it('has a note, and connections between nodes that are there', () => {
		expect(workflow.nodes.some(({ type }) => type === 'n8n-nodes-base.stickyNote')).toBe(true);
		const names = workflow.nodes.map((node) => node.name);
		expect(new Set(names).size).toBe(names.length);
		const ends = Object.entries(workflow.connections).flatMap(([from, kinds]: [string, Record<string, Array<Array<{ node: string }>>>]) => [
			from,
			...Object.values(kinds).flatMap((outputs) => outputs.flatMap((output) => output.map(({ node }) => node))),
		]);
		expect(ends.filter((end) => !names.includes(end))).toEqual([]);
	});

	it('sets only fields and options that the nodes have', () => {
		for (const node of workflow.nodes) {
			const type = node.type.replace(/^n8n-nodes-office365-mail\./, '').replace(/Tool$/, '');
			const description = NODES.map((one) => one.description).find(
				(one) => node.type.startsWith('n8n-nodes-office365-mail.') && one.name === type,
			);
			if (description === undefined) continue;
			const known = (field: string): string[] =>
				description.properties.filter((one) => one.name === field).flatMap((one) => (one.options ?? []).map((option) => option.name));
			const fields = new Set([...description.properties.map((one) => one.name), 'toolDescription', 'descriptionType']);
			expect(Object.keys(node.parameters).filter((field) => !fields.has(field))).toEqual([]);
			for (const collection of ['options', 'filters'])
				expect(known(collection)).toEqual(expect.arrayContaining(Object.keys(Object(node.parameters[collection]))));
		}
	});

	it('becomes a workflow with credentials, addresses and folders of its place', () => {
		const bound = bindExample(name, { files: 'C:\\files', credential: (type) => ({ id: type, name: type }) });
		expect(JSON.stringify(bound.nodes.filter(({ type }) => type !== 'n8n-nodes-base.stickyNote'))).not.toMatch(/@example\.com|\.n8n-files/);
		const ours = bound.nodes.filter(({ type }) => type.startsWith('n8n-nodes-office365-mail.'));
		expect(ours.filter((node) => !('credentials' in node))).toEqual([]);
		expect(ours.length).toBeGreaterThan(0);
	});
});
