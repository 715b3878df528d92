import type { ILoadOptionsFunctions, INodeListSearchResult, INodePropertyOptions } from 'n8n-workflow';

/** The editor's lists of folders. What they need is loaded when somebody opens one. */
export async function searchFolders(this: ILoadOptionsFunctions, filter?: string): Promise<INodeListSearchResult> {
	const { loadFolderLists } = await import('../loadedInParts.js');
	const lists = await loadFolderLists();
	return await lists.searchFolders.call(this, filter);
}

export async function loadFolders(this: ILoadOptionsFunctions): Promise<INodePropertyOptions[]> {
	const { loadFolderLists } = await import('../loadedInParts.js');
	const lists = await loadFolderLists();
	return await lists.loadFolders.call(this);
}
