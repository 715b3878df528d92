import { afterAll, beforeAll, describe } from 'vitest';

import { connectButton } from './editorConnect';
import { hints } from './editorHints';
import { newcomer } from './editorNewcomer';
import { EditorRig } from './editorRig';
import { rows } from './editorRows';

/** Starting n8n and a browser takes longer than a test, so all parts share them. */
let rig: EditorRig;
beforeAll(async () => {
	rig = await EditorRig.start();
});
afterAll(async () => await rig?.stop());

describe('a newcomer', () => newcomer(() => rig));
describe('what newcomers tripped over', () => rows(() => rig));
describe('a hint', () => hints(() => rig));
describe('the Connect button, pressed in a browser', () => connectButton(() => rig));
