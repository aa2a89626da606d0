/**
 * A request that a fake server got.
 * @public
 */
export interface FakeRequest {
  /** `GET`, `POST`, ... */
  readonly method: string;
  /** Path as it came, without the query. */
  readonly path: string;
  /** The query with its `?`, or an empty text. */
  readonly query: string;
  /** Headers, names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** The body: parsed where it is JSON, else as text; `undefined` where there is none. */
  readonly body: unknown;
  /** The model that the body names. */
  readonly model: string | undefined;
  /** Whether the client left before the reply was complete. */
  readonly cancelled: boolean;
}
