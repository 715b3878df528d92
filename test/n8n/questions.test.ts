import { afterAll, beforeAll, describe } from 'vitest';

import { answered } from './questionsAnswered';
import { model, modelCredential, reviewed } from './questionsReviewed';
import { QuestionsRig } from './questionsRig';
import { waiting } from './questionsWaiting';

/** One n8n and one browser for all parts, since starting them takes longer than a test. */
let rig: QuestionsRig;
beforeAll(async () => {
	await model.start();
	rig = await QuestionsRig.start([modelCredential()]);
});
afterAll(async () => {
	await rig?.stop();
	await model.stop();
});

describe('a question in n8n', () => answered(() => rig));
describe('a question that waits in n8n', () => waiting(() => rig));
describe('a tool of an agent', () => reviewed(() => rig));
