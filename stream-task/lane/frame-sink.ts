/** What a {@link FrameReader} tells, and the limits it holds a client to. */

/** Codes of the faults that a reader finds (RFC 6455 §7.4.1). */
export type FaultCode = 1002 | 1007 | 1008 | 1009;

export interface FrameSink {
  /**
   * A whole message: `length` bytes of `from`, from `at` on, each to be XORed with its byte of `mask` (the first byte of
   * the mask is in the low 8 bits; 0: they are not masked). They are there during the call only. Whether a text is UTF-8
   * has not been looked at. False: read no further now.
   */
  message(from: Buffer, at: number, length: number, mask: number, binary: boolean): boolean;
  /** A continuation frame began. False: read no further now. */
  fragment(): boolean;
  /** `data` is the sink's, unmasked. False: read no further now. */
  ping(data: Buffer): boolean;
  /** Payload of `length` bytes. False: read no further now. */
  pong(length: number): boolean;
  /** The peer's close frame; `code` is 1005 if it has none. Nothing is read after it. */
  close(code: number, reason: Buffer): void;
  /**
   * 1002 protocol error, 1007 a close reason that is not UTF-8, 1008 too many fragments or pieces, 1009 too large. Nothing
   * is read after it.
   */
  fault(code: FaultCode): void;
}

export interface ReaderLimits {
  /** Bytes of a message at most, over all its fragments; 1 or more. */
  max_message_bytes: number;
  /** Frames of a message at most, 1 or more. */
  max_fragments: number;
  /** Reads that the payload of one frame may take at most, 1 or more. */
  max_pieces: number;
}
