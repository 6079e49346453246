/** A random room id of `digits` decimal digits, leading zeros included. `random` gives an integer in [0, below). */
export function randomRoomId(digits: number, randomInt: (below: number) => number): string {
  return String(randomInt(10 ** digits)).padStart(digits, '0');
}
