/** A JSON schema as n8n's editor reads it to show fields before the first run. */
export interface Schema {
	type?: string;
	properties?: Record<string, Schema>;
	items?: Schema;
}

/** Describes a value; of a list every element counts, so that a field that only some have is there too. */
export function schemaOf(value: unknown): Schema {
	if (value === null || value === undefined) return {};
	if (Array.isArray(value)) {
		const items = value.map(schemaOf).reduce(merge, {});
		return { type: 'array', ...(items.type !== undefined && { items }) };
	}
	if (typeof value === 'object') {
		return { type: 'object', properties: Object.fromEntries(Object.entries(value).map(([name, field]) => [name, schemaOf(field)])) };
	}
	if (typeof value === 'number') return { type: Number.isInteger(value) ? 'integer' : 'number' };
	return { type: typeof value };
}

function merge(one: Schema, other: Schema): Schema {
	const items = merged(one.items, other.items);
	const properties: Record<string, Schema> = { ...one.properties };
	for (const [name, field] of Object.entries(other.properties ?? {})) properties[name] = merge(properties[name] ?? {}, field);
	return {
		type: one.type ?? other.type,
		...(Object.keys(properties).length > 0 && { properties }),
		...(items !== undefined && { items }),
	};
}

function merged(one: Schema | undefined, other: Schema | undefined): Schema | undefined {
	return one !== undefined && other !== undefined ? merge(one, other) : (one ?? other);
}
