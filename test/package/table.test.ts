import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

import { expect, it } from 'vitest';

import { withRow } from '../compat/table';

const PAGE = 'before\n<!-- npm run compat writes from here -->\n<!-- to here -->\nafter\n';

it('puts a version of n8n in its place of the table, its last line replaced, and says what failed', () => {
	const columns = ['Send', 'Send and Wait'];
	const good = withRow(PAGE, columns, { version: '2.20.12', node: '24.1.0', cells: [{}, {}] });
	const both = withRow(good, columns, { version: '2.4.8', node: '24.1.0', cells: [{}, { problem: 'refused | why\nlog' }] });
	const again = withRow(both, columns, { version: '2.20.12', node: '24.2.0', cells: [{}, {}] });
	expect(again).toBe(
		'before\n<!-- npm run compat writes from here -->\n| n8n | Node | Send | Send and Wait |\n| --- | --- | --- | --- |\n| 2.4.8 | 24.1.0 | ✓ | refused / why |\n| 2.20.12 | 24.2.0 | ✓ | ✓ |\n<!-- to here -->\nafter\n',
	);
	const wider = withRow(again, ['Send', 'POP Fetch'], { version: '2.4.8', node: '24.2.0', cells: [{}, {}] });
	expect(wider, 'a column that is new, and one that is gone').toContain(
		'| n8n | Node | Send | POP Fetch |\n| --- | --- | --- | --- |\n| 2.4.8 | 24.2.0 | ✓ | ✓ |\n| 2.20.12 | 24.2.0 | ✓ | not tried |\n<!--',
	);
	expect(() => withRow('nothing', columns, { version: '1.0.0', node: '', cells: [] })).toThrow('README.md has no');
});

it('finds its place in README.md', () => {
	const page = readFileSync(resolve(__dirname, '..', '..', 'README.md'), 'utf8');
	expect(withRow(page, ['x'], { version: '9.9.9', node: '24.0.0', cells: [{}] })).toContain('| 9.9.9 | 24.0.0 | ✓ |');
});
