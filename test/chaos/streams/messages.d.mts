/** The last of a publisher's subjects are those that all publishers have. */
export function subjectsOf(publisher: number): string[];
export const STREAM: string;
export const FILTER: string;
