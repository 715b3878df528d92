import type { INodeProperties } from 'n8n-workflow';

import { DEFAULT_LARGEST } from '../../../mail/questions/fileSize';

const only = (...types: string[]): INodeProperties['displayOptions'] => ({ show: { fieldType: types } });

const initial = (types: string[], more: Partial<INodeProperties> = {}): INodeProperties => ({
	displayName: 'Default Value',
	name: 'defaultValue',
	type: 'string',
	default: '',
	description: 'Initial value of the field',
	displayOptions: only(...types),
	...more,
});

const choices = (displayName: string, placeholder: string, type: string): INodeProperties => ({
	displayName,
	name: 'fieldOptions',
	type: 'fixedCollection',
	placeholder,
	default: { values: [{ option: '' }] },
	required: true,
	typeOptions: { multipleValues: true, sortable: true },
	options: [{ displayName: 'Values', name: 'values', values: [{ displayName: 'Option', name: 'option', type: 'string', default: '' }] }],
	displayOptions: only(type),
});

const selections = (displayName: string, name: string, byDefault: number, kind: string): INodeProperties => ({
	displayName,
	name,
	type: 'number',
	typeOptions: { minValue: 0, numberPrecision: 0 },
	default: byDefault,
	displayOptions: { show: { fieldType: ['checkbox'], limitSelection: [kind] } },
});

const element: INodeProperties[] = [
	{
		displayName: 'Label',
		name: 'fieldLabel',
		type: 'string',
		default: '',
		placeholder: 'e.g. What is your name?',
		description: 'Label above the field; also its name in the output unless Custom Field Name is set',
		displayOptions: { hide: { fieldType: ['hiddenField'] } },
	},
	{
		displayName: 'Element Type',
		name: 'fieldType',
		type: 'options',
		default: 'text',
		options: [
			{ name: 'Checkboxes', value: 'checkbox' },
			{ name: 'Date', value: 'date' },
			{ name: 'Dropdown', value: 'dropdown' },
			{ name: 'Email', value: 'email' },
			{ name: 'File', value: 'file' },
			{ name: 'Hidden Field', value: 'hiddenField', description: 'A value for the output that is not on the page' },
			{ name: 'Number', value: 'number' },
			{ name: 'Password', value: 'password', description: 'Hidden while it is typed. The output contains it as plain text.' },
			{ name: 'Radio Buttons', value: 'radio' },
			{ name: 'Text Input', value: 'text' },
			{ name: 'Textarea', value: 'textarea' },
		],
	},
	{
		displayName: 'Custom Field Name',
		name: 'fieldName',
		type: 'string',
		default: '',
		description: 'Name of the field in the output, instead of the label',
	},
	{
		displayName: 'Placeholder',
		name: 'placeholder',
		type: 'string',
		default: '',
		description: 'Sample text inside the empty field',
		displayOptions: only('email', 'number', 'password', 'text', 'textarea'),
	},
	initial(['text', 'number', 'email', 'textarea']),
	initial(['date'], {
		type: 'dateTime',
		typeOptions: { dateOnly: true },
		description: 'Initial date of the field, as YYYY-MM-DD',
	}),
	initial(['dropdown', 'radio'], { description: 'The option that is selected initially, exactly as written in the options' }),
	initial(['checkbox'], { description: 'The options that are ticked initially, separated by commas' }),
	{
		displayName: 'Field Value',
		name: 'fieldValue',
		type: 'string',
		default: '',
		description: 'Value of the field in the output',
		displayOptions: only('hiddenField'),
	},
	choices('Field Options', 'Add Field Option', 'dropdown'),
	choices('Radio Buttons', 'Add Radio Button', 'radio'),
	choices('Checkboxes', 'Add Checkbox', 'checkbox'),
	{
		displayName: 'Multiple Choice',
		name: 'multiselect',
		type: 'boolean',
		default: false,
		description: 'Whether several options can be chosen',
		displayOptions: only('dropdown'),
	},
	{
		displayName: 'Limit Selection',
		name: 'limitSelection',
		type: 'options',
		default: 'unlimited',
		options: [
			{ name: 'Exact Number', value: 'exact' },
			{ name: 'Range', value: 'range' },
			{ name: 'Unlimited', value: 'unlimited' },
		],
		displayOptions: only('checkbox'),
	},
	selections('Number of Selections', 'numberOfSelections', 1, 'exact'),
	selections('Minimum Selections', 'minSelections', 0, 'range'),
	selections('Maximum Selections', 'maxSelections', 1, 'range'),
	{
		displayName: 'Multiple Files',
		name: 'multipleFiles',
		type: 'boolean',
		default: true,
		description: 'Whether several files can be chosen',
		displayOptions: only('file'),
	},
	{
		displayName: 'Accepted File Types',
		name: 'acceptFileTypes',
		type: 'string',
		default: '',
		placeholder: 'e.g. .jpg, .png, application/pdf',
		description: 'File extensions or types, separated by commas. Leave it empty to accept all files.',
		displayOptions: only('file'),
	},
	{
		displayName: 'Largest File (MB)',
		name: 'maxFileSize',
		type: 'number',
		typeOptions: { minValue: 0, numberPrecision: 2 },
		default: DEFAULT_LARGEST,
		description: 'Maximum size of each file. n8n also has a limit for the whole form, by default 200 MB.',
		displayOptions: only('file'),
	},
	{
		displayName: 'Required Field',
		name: 'requiredField',
		type: 'boolean',
		default: false,
		description: 'Whether the person has to fill in this field',
		displayOptions: { hide: { fieldType: ['hiddenField'] } },
	},
];

const show = (defineForm?: string): INodeProperties['displayOptions'] => ({
	show: { operation: ['sendAndWait'], responseType: ['customForm'], ...(defineForm !== undefined && { defineForm: [defineForm] }) },
});

/** The form of a question, with the names of the built-in Send Email. */
export const formProperties: INodeProperties[] = [
	{
		displayName: 'Define Form',
		name: 'defineForm',
		type: 'options',
		noDataExpression: true,
		default: 'fields',
		description: 'Whether to define the form with the fields below or as JSON',
		options: [
			{ name: 'Using Fields Below', value: 'fields' },
			{ name: 'Using JSON', value: 'json' },
		],
		displayOptions: show(),
	},
	{
		displayName: 'Form Fields',
		name: 'jsonOutput',
		type: 'json',
		typeOptions: { rows: 5 },
		default:
			'[\n  { "fieldLabel": "Name", "fieldType": "text", "requiredField": ' +
			'true },\n  { "fieldLabel": "Size", "fieldType": "dropdown", "fieldOptions": ' +
			'{ "values": [{ "option": "Small" }, { "option": "Large" }] } }\n]',
		description: "List of form elements, with the names that the form elements have in the workflow's JSON",
		displayOptions: show('json'),
	},
	{
		displayName: 'Form Elements',
		name: 'formFields',
		type: 'fixedCollection',
		placeholder: 'Add Form Element',
		default: {},
		description: 'The fields of the form, in this order',
		typeOptions: { multipleValues: true, sortable: true },
		options: [{ displayName: 'Values', name: 'values', values: element }],
		displayOptions: show('fields'),
	},
];
