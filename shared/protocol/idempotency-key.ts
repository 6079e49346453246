/**
 * The header of create-room and join-room that makes a repetition of the request safe. It carries at least 128 random
 * bits: 22 characters of base64url, 32 of hexadecimal.
 */
export const IDEMPOTENCY_KEY_HEADER = 'Idempotency-Key';
export const IDEMPOTENCY_KEY = /^[A-Za-z0-9_-]{22,128}$/;
