/** Makes one request and resolves with its reply. */
export type Requester = (payload: Uint8Array) => Promise<Uint8Array>;

/** How the programs of a system's users ask and answer: the part of requester and responder that differs. */
export interface RequestDriver {
  /** Answers every request with its payload, until the process ends. Resolves with where requesters connect. */
  serve(url: string): Promise<string>;
  connect(url: string): Promise<Requester>;
}

/** The one subject of the request cases. */
export const REQUEST_SUBJECT = 'models.echo';
