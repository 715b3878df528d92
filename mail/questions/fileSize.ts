/** The largest file that a form takes where its author names no size, in MB. In a file of its own, since n8n loads it with the forms. */
export const DEFAULT_LARGEST = 10;
