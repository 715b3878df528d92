/** Adds a value to the list of a key. A list that is copied for each value would take squared time. */
export function addTo<Key, Value>(groups: Map<Key, Value[]>, key: Key, value: Value): void {
	const group = groups.get(key);
	if (group === undefined) groups.set(key, [value]);
	else group.push(value);
}
