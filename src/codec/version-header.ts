/** Header of a request: the range of versions that it asks for, as npm writes them. */
export const VERSION_HEADER = 'modwire-version';
