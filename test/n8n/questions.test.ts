import { afterAll, beforeAll, describe } from 'vitest';

import { answered } from './questionsAnswered';
import { QuestionsRig } from './questionsRig';
import { waiting } from './questionsWaiting';

/** One n8n and one browser for all parts, since starting them takes longer than a test. */
let rig: QuestionsRig;
beforeAll(async () => void (rig = await QuestionsRig.start()));
afterAll(async () => await rig?.stop());

describe('a question in n8n', () => answered(() => rig));
describe('a question that waits in n8n', () => waiting(() => rig));
