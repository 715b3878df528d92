/** Default for the largest file of a form, in MB. It has its own file, because n8n loads it with the forms. */
export const DEFAULT_LARGEST = 10;
