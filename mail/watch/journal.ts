import { JournalFile } from '../journal';
import { readMemory, type WatchMemory } from './memory';

/** The newest copy of a watch's memory. */
export class Journal extends JournalFile<WatchMemory> {
	constructor(folder: string, key: string, onUnusable?: (reason: string) => void) {
		super(folder, key, readMemory, onUnusable);
	}
}
