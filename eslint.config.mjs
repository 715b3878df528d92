import { n8nCommunityNodesPlugin } from '@n8n/eslint-plugin-community-nodes';
import * as regexp from 'eslint-plugin-regexp';
import * as jsonParser from 'jsonc-eslint-parser';
import tseslint from 'typescript-eslint';

/** Whoever publishes sets the repository first, see docs/publishing.md. A warning, so that all else can be checked before. */
const repository = {
	rules: {
		'is-set': {
			create: (context) => ({
				JSONLiteral(node) {
					if (typeof node.value === 'string' && node.value.includes('github.com/OWNER/'))
						context.report({ node, message: 'OWNER is a placeholder: npm run repository -- <owner>/<name>, see docs/publishing.md.' });
				},
			}),
		},
	},
};

export default tseslint.config(
	{ ignores: ['dist/**', 'node_modules/**', 'sandbox/n8n/package-lock.json', 'gulpfile.js', '**/*.mjs'] },
	// oxlint looks at the types and has the rules that need them: .oxlintrc.json.
	{ files: ['mail/**/*.ts', 'nodes/**/*.ts', 'credentials/**/*.ts'], extends: [tseslint.configs.base] },
	{
		files: ['nodes/**/*.ts', 'credentials/**/*.ts'],
		extends: [n8nCommunityNodesPlugin.configs.recommendedWithoutN8nCloudSupport],
	},
	{
		// What comes from servers, mails and fields may be made to stall n8n: no expression may take longer than in proportion to
		// the text. `no-super-linear-move` tells too of those that begin anew at each character and read on to the end each time.
		files: ['mail/**/*.ts', 'nodes/**/*.ts', 'credentials/**/*.ts'],
		plugins: { regexp },
		rules: {
			'regexp/no-super-linear-backtracking': ['error', { report: 'potential' }],
			'regexp/no-super-linear-move': ['error', { report: 'potential' }],
		},
	},
	{
		// The formatter breaks code at 140 columns, but neither strings nor comments. A function longer than this hides its parts, and
		// so does a file. The limit of files is what the longest has, without comments: it may become lower, never higher.
		files: ['mail/**/*.ts', 'nodes/**/*.ts', 'credentials/**/*.ts'],
		rules: {
			'max-len': ['error', { code: 140, tabWidth: 2, ignoreUrls: true, ignoreRegExpLiterals: true }],
			'max-lines-per-function': ['error', { max: 55, skipComments: true, skipBlankLines: true }],
			'max-lines': ['error', { max: 285, skipComments: true, skipBlankLines: true }],
		},
	},
	{
		// Tables, of which no line depends on another, so that a reader never has to read more than one row.
		files: ['mail/causes/identity.ts', 'mail/item/newText/words.ts', 'nodes/Office365SmtpSend/fields/optionFields.ts'],
		rules: { 'max-lines': 'off' },
	},
	{
		files: ['package.json'],
		extends: [n8nCommunityNodesPlugin.configs.recommendedWithoutN8nCloudSupport],
		languageOptions: { parser: jsonParser },
		plugins: { repository },
		rules: {
			'repository/is-set': 'warn',
			// Mail protocols need libraries; without n8n's "verified" programme plain dependencies are allowed.
			'@n8n/community-nodes/no-runtime-dependencies': 'off',
			// Overrides pin what the development machine's registry has; npm ignores them in an installed package.
			'@n8n/community-nodes/no-overrides-field': 'off',
		},
	},
);
