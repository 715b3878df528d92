import { afterEach } from 'vitest';

const before = new Map<string, string | undefined>();

/** Sets environment variables until the end of the test; undefined removes one. */
export function withEnvironment(values: Record<string, string | undefined>): void {
	for (const [name, value] of Object.entries(values)) {
		if (!before.has(name)) before.set(name, process.env[name]);
		put(name, value);
	}
}

function put(name: string, value: string | undefined): void {
	if (value === undefined) delete process.env[name];
	else process.env[name] = value;
}

afterEach(() => {
	for (const [name, value] of before) put(name, value);
	before.clear();
});
