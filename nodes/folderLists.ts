import type { ILoadOptionsFunctions, INodeListSearchResult, INodePropertyOptions } from 'n8n-workflow';

/** The editor's lists of folders. What they need is loaded when somebody opens one. */
export async function searchFolders(this: ILoadOptionsFunctions, filter?: string): Promise<INodeListSearchResult> {
	const lists = await import('./serverFolders.js');
	return await lists.searchFolders.call(this, filter);
}

export async function loadFolders(this: ILoadOptionsFunctions): Promise<INodePropertyOptions[]> {
	const lists = await import('./serverFolders.js');
	return await lists.loadFolders.call(this);
}
