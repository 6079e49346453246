/** The router secret: it signs tickets and the tokens between router and tasks. */
export interface RouterSecret {
  /** What new signatures use. */
  current: string;
  /** Still accepted, while a rotation reaches everyone. */
  previous?: string | undefined;
}

export interface SecretSource {
  /** The secret, cached. `fresh` asks anew (at most every few seconds): a token may be signed with a newer version. */
  get(options?: { fresh?: boolean }): Promise<RouterSecret>;
}
