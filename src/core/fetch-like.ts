/**
 * The one shape of network access: whatever takes a request and gives a response.
 * @public
 */
export type FetchLike = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;
